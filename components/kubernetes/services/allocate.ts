import type { Allocation } from "../addresses";
import { type Lab, keyOf } from "../manifests/types";
import { allocateClusterIPs } from "./cluster-ips";
import type { HeldServices } from "./held";
import { allocateLoadBalancerIPs } from "./load-balancer-ips";
import { allocateNodePorts } from "./node-ports";
import type { Service } from "./types";

/**
 * Decides every address and node port of a lab's Services, before any host is touched: same arguments, same result.
 * What the author wrote wins; what is held is given again where it still fits; the rest follows from the Services' names.
 */
export function allocateServices(lab: Lab, { nodes }: Allocation, held: HeldServices): Service[] {
  const clusterIPs = allocateClusterIPs(lab, held);
  const ports = allocateNodePorts(lab, held);
  const internalIPs = Object.values(nodes).map(({ internalIP }) => internalIP);
  const loadBalancerIPs = allocateLoadBalancerIPs(lab, internalIPs, held);
  return lab.services.map((service) => ({
    ...service,
    spec: {
      ...service.spec,
      clusterIP: clusterIPs.get(keyOf(service)) ?? "",
      ports: service.spec.ports.map((port) => ({ ...port, nodePort: ports.nodePort(service, port) })),
      healthCheckNodePort: ports.healthCheckNodePort(service),
    },
    status: { loadBalancer: { ingress: loadBalancerIPs.get(keyOf(service)) ?? [] } },
  }));
}
