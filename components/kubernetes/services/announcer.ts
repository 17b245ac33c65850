// Which node answers for a load balancer's address, as MetalLB chooses in layer 2 mode (speaker/layer2_controller.go).
import { createHash } from "node:crypto";
import { serviceNameLabel } from "../manifests/types";
import type { Endpoint, EndpointSlice, Service } from "./types";

/** Nodes by load balancer address; an address whose Service has no endpoint that can serve is announced by nobody. */
export function announcersOf(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  nodes: readonly string[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const service of services) {
    const serving = endpointsOf(service, slices).filter(({ conditions }) => conditions.ready || conditions.serving);
    const isLocal = service.spec.externalTrafficPolicy === "Local";
    const candidates = nodes.filter((node) => serving.some(({ nodeName }) => !isLocal || nodeName === node));
    for (const { ip, ipMode = "VIP" } of service.status.loadBalancer.ingress ?? []) {
      const [first] = [...candidates].sort((a, b) => (rank(a, ip) < rank(b, ip) ? -1 : 1));
      if (first !== undefined && ipMode === "VIP") found.set(ip, first);
    }
  }
  return found;
}

const rank = (node: string, ip: string): string => createHash("sha256").update(`${node}#${ip}`).digest("hex");

const endpointsOf = ({ metadata: { namespace, name } }: Service, slices: readonly EndpointSlice[]): Endpoint[] =>
  slices
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.[serviceNameLabel] === name)
    .flatMap(({ endpoints }) => endpoints);

/** How many endpoints of a Service a node has that are ready, each address once: what a load balancer's health check hears. */
export function localReadyEndpoints(service: Service, slices: readonly EndpointSlice[], node: string): number {
  const local = endpointsOf(service, slices).filter(
    ({ nodeName, conditions }) => nodeName === node && conditions.ready,
  );
  return new Set(local.map(({ addresses: [ip] }) => ip)).size;
}
