// Services in words, in the order and the notation of `kubectl get services`.
import type { EndpointOutput, ServiceOutput } from "./stack";

/** What is said where there is nothing. */
const none = "none";

export const typeOf = ({ type = "ClusterIP" }: ServiceOutput): string => type;

/** "None" is Kubernetes' own word for that of a headless Service. */
export const clusterIPOf = ({ clusterIP }: ServiceOutput): string => clusterIP || none;

/** Whatever leads to a Service from outside, beside NodePorts. */
export function externalIPsOf({ type, externalName, externalIPs = [], loadBalancerIPs = [] }: ServiceOutput): string[] {
  if (externalName !== undefined) return [externalName];
  const isPending = type === "LoadBalancer" && loadBalancerIPs.length === 0;
  const all = [...(isPending ? ["pending"] : loadBalancerIPs), ...externalIPs];
  return all.length > 0 ? all : [none];
}

type Port = ServiceOutput["ports"][number];

/** `http 80:30080/TCP`: its name if it has one, its number, the NodePort if there is one, and the protocol. */
export function portText({ name, port, nodePort, protocol }: Port): string {
  const numbers = nodePort === undefined ? `${port}` : `${port}:${nodePort}`;
  return `${name === undefined ? "" : `${name} `}${numbers}/${protocol}`;
}

export const portsOf = ({ ports }: ServiceOutput): string[] => (ports.length > 0 ? ports.map(portText) : [none]);

/** @param most more of them are only counted */
export function endpointsOf({ endpoints = [] }: Port, most: number): string[] {
  const more = endpoints.length - most;
  const shown = endpoints.slice(0, most).map(endpointText);
  return more > 0 ? [...shown, `and ${more} more`] : shown.length > 0 ? shown : [none];
}

/** Whoever gets no connections is said to. */
function endpointText({ ip, port, conditions }: EndpointOutput): string {
  const address = `${ip}:${port}`;
  if (conditions?.ready ?? true) return address;
  return `${address} ${conditions?.terminating === true ? "(terminating)" : "(not ready)"}`;
}
