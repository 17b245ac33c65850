// What kube-proxy makes of the objects before it writes any rule: the ports of each Service, and which endpoints this node
// sends their traffic to. The same in both modes.
import { type Cidr, formatCidr, parseAddress, parseCidr } from "../addresses/cidr";
import type { Service as Declared } from "../manifests/types";
import { slicesByService } from "../services/slices-by-service";
import type { EndpointSlice, Service, ServicePort as SpecPort } from "../services/types";
import type { PortName, SocketAddress } from "./names";

export interface Endpoint extends SocketAddress {
  readonly isLocal: boolean;
  readonly isReady: boolean;
  /** It goes away, but still answers: better than nothing. */
  readonly isLeaving: boolean;
}

interface ExternalAccess {
  readonly nodePort: number | undefined;
  readonly externalIPs: readonly string[];
  /** Load balancer addresses at which packets arrive as they were sent; a proxy's packets bear a NodePort instead. */
  readonly loadBalancerIPs: readonly string[];
}

export interface ServicePort extends PortName, ExternalAccess {
  readonly number: number;
  readonly clusterIP: string;
  /** Who may use the load balancer addresses; none: everybody. */
  readonly sourceRanges: readonly string[];
  readonly healthCheckNodePort: number | undefined;
  /** How long a client stays with its endpoint, in seconds. */
  readonly affinity: number | undefined;
  readonly isInternalLocal: boolean;
  readonly isExternalLocal: boolean;
  readonly endpoints: Endpoints;
}

/** In the order of the rules. */
export interface Endpoints {
  /** All that are known, usable or not. */
  readonly count: number;
  /** What traffic policy Cluster uses, if any traffic has it. */
  readonly cluster: readonly Endpoint[];
  /** What traffic policy Local uses on this node, if any traffic has it. */
  readonly local: readonly Endpoint[];
  /** What can be used, on whatever node. */
  readonly serving: readonly Endpoint[];
  /** Whether any node has one that can be used. */
  readonly exist: boolean;
}

export function servicePorts(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  nodeName: string,
): ServicePort[] {
  const slicesOf = slicesByService(slices);
  return services.filter(isProxied).flatMap((service) => {
    const { namespace, name } = service.metadata;
    const its = slicesOf.get(`${namespace}/${name}`) ?? [];
    return service.spec.ports.map((port) => servicePort(service, port, its, nodeName));
  });
}

/** The names of all ports that there are rules for; no address needs to be known for that. */
export const portNames = (services: readonly Declared[]): PortName[] =>
  services
    .filter(isProxied)
    .flatMap(({ metadata: { namespace, name }, spec: { ports } }) =>
      ports.map((port) => ({ namespace, service: name, port: port.name, protocol: port.protocol.toLowerCase() })),
    );

function isProxied({ metadata, spec }: Declared): boolean {
  const isAnothers = metadata.labels?.["service.kubernetes.io/service-proxy-name"] !== undefined;
  return !isAnothers && spec.type !== "ExternalName" && spec.clusterIP !== "None" && spec.clusterIP !== "";
}

function servicePort(
  { metadata, spec, status }: Service,
  port: SpecPort,
  slices: readonly EndpointSlice[],
  nodeName: string,
): ServicePort {
  const externalIPs = (spec.externalIPs ?? []).filter((ip) => parseAddress(ip)?.family === 4);
  const loadBalancerIPs = (status.loadBalancer.ingress ?? [])
    .filter(({ ip, ipMode = "VIP" }) => ipMode === "VIP" && parseAddress(ip)?.family === 4)
    .map(({ ip }) => ip);
  const nodePort = port.nodePort || undefined;
  const isExternal = isExternallyAccessible({ nodePort, externalIPs, loadBalancerIPs });
  const mayBeExternal = spec.type !== "ClusterIP" || (spec.externalIPs ?? []).length > 0;
  const isInternalLocal = spec.internalTrafficPolicy === "Local";
  const isExternalLocal = mayBeExternal && spec.externalTrafficPolicy === "Local";
  const known = endpointsOf(port, slices, nodeName);
  return {
    namespace: metadata.namespace,
    service: metadata.name,
    port: port.name,
    protocol: port.protocol.toLowerCase(),
    number: port.port,
    clusterIP: spec.clusterIP,
    externalIPs,
    loadBalancerIPs,
    sourceRanges: sourceRangesOf(spec.loadBalancerSourceRanges ?? []),
    nodePort,
    healthCheckNodePort: (spec.type === "LoadBalancer" && isExternalLocal && spec.healthCheckNodePort) || undefined,
    affinity: spec.sessionAffinity === "ClientIP" ? spec.sessionAffinityConfig?.clientIP.timeoutSeconds : undefined,
    isInternalLocal,
    isExternalLocal,
    endpoints: usable(known, {
      // Even with both policies Local: what a pod or the node itself sends to an external address may go anywhere.
      usesCluster: !isInternalLocal || isExternal,
      usesLocal: isInternalLocal || (isExternalLocal && isExternal),
    }),
  };
}

function sourceRangesOf(texts: readonly string[]): string[] {
  const ranges = texts
    .map((text) => parseCidr(text.trim())?.cidr)
    .filter((range): range is Cidr => range?.family === 4);
  return ranges.some(({ prefix }) => prefix === 0) ? [] : ranges.map(formatCidr);
}

/** Each address once, whatever slice it is in, sorted as text. */
function endpointsOf({ name, protocol }: SpecPort, slices: readonly EndpointSlice[], nodeName: string): Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const { ports, endpoints } of slices.filter(({ addressType }) => addressType === "IPv4"))
    for (const { port } of ports.filter((port) => port.name === name && port.protocol === protocol && port.port > 0))
      for (const endpoint of endpoints) {
        const [ip = ""] = endpoint.addresses;
        const { ready, serving, terminating } = endpoint.conditions;
        const isLocal = endpoint.nodeName === nodeName;
        const key = `${ip}:${port}`;
        if (isLocal || !found.has(key))
          found.set(key, { ip, port, isLocal, isReady: ready, isLeaving: !ready && serving && terminating });
      }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}

/** Ready ones; where there is none, those that go away but still answer: decided for each policy by itself. */
function usable(
  known: readonly Endpoint[],
  { usesCluster, usesLocal }: { readonly usesCluster: boolean; readonly usesLocal: boolean },
): Endpoints {
  const best = (endpoints: readonly Endpoint[]): readonly Endpoint[] => {
    const ready = endpoints.filter(({ isReady }) => isReady);
    return ready.length > 0 ? ready : endpoints.filter(({ isLeaving }) => isLeaving);
  };
  const serving = known.filter(({ isReady, isLeaving }) => isReady || isLeaving);
  return {
    count: known.length,
    cluster: usesCluster ? best(known) : [],
    local: usesLocal ? best(known.filter(({ isLocal }) => isLocal)) : [],
    serving,
    exist: serving.length > 0,
  };
}

/** Those that rules name on this node. */
export function reachable({ cluster, local }: Endpoints): Endpoint[] {
  return [...new Set([...cluster, ...local])];
}

/** Whether traffic of a service port finds an endpoint here. Where it finds none although there are some, it is dropped. */
export interface Reach {
  /** To the ClusterIP. */
  readonly internal: boolean;
  /** To a NodePort, external or load balancer address. */
  readonly external: boolean;
}

export const reachOf = ({ endpoints, isInternalLocal, isExternalLocal }: ServicePort): Reach => ({
  internal: endpoints.exist && !(isInternalLocal && endpoints.local.length === 0),
  external: endpoints.exist && !(isExternalLocal && endpoints.local.length === 0),
});

/** Whether it can be reached by more than its ClusterIP. */
export const isExternallyAccessible = ({ nodePort, externalIPs, loadBalancerIPs }: ExternalAccess): boolean =>
  nodePort !== undefined || externalIPs.length > 0 || loadBalancerIPs.length > 0;
