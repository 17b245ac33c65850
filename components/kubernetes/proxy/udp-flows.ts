// UDP has no connections, but connection tracking remembers where a client's packets went. kube-proxy deletes what it
// remembers of endpoints that are gone (k8s.io/kubernetes, pkg/proxy/conntrack/cleanup.go). It takes whatever was sent to a NodePort's
// number for the Service's, at whatever address, and so deletes flows of others; here only the node's own addresses count.
import { portKey, socket } from "./names";
import type { ServicePort } from "./service-ports";

export interface UdpFlows {
  /** The service port's. */
  readonly key: string;
  /** To where clients send, as 10.96.0.10:53. */
  readonly destinations: readonly string[];
  readonly servers: readonly string[];
}

/** @param nodePortAddresses where the node takes NodePort traffic */
export const udpFlowsOf = (ports: readonly ServicePort[], nodePortAddresses: readonly string[]): UdpFlows[] =>
  ports
    .filter(({ protocol }) => protocol === "udp")
    .map((port) => {
      const { clusterIP, externalIPs, loadBalancerIPs, number, nodePort, endpoints } = port;
      const addresses = [clusterIP, ...externalIPs, ...loadBalancerIPs];
      return {
        key: portKey(port),
        destinations: [
          ...addresses.map((address) => `${address}:${number}`),
          ...(nodePort === undefined ? [] : nodePortAddresses.map((address) => `${address}:${nodePort}`)),
        ],
        servers: endpoints.serving.map(socket),
      };
    });
