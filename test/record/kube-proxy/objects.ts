// Services and EndpointSlices in a few words, as the API server would hold them.
import type { HostFeatures, ProxyNode, ProxyOptions } from "../../../components/kubernetes/proxy";
import type { Endpoint, EndpointSlice, Service, ServicePort } from "../../../components/kubernetes/services/types";

/** Something for kube-proxy to do. */
export interface ProxyCase {
  readonly name: string;
  readonly about: string;
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly options: Omit<ProxyOptions, "mode">;
}

/** The node that kube-proxy runs on, in every case. The other is called node2. */
export const node: ProxyNode = {
  name: "node1",
  address: "192.168.0.11",
  interfaceAddresses: ["127.0.0.1", "192.168.0.11", "10.244.0.1"],
};
export const podCIDR = "10.244.0.0/24";
export const serviceCIDR = "10.96.0.0/12";

/** What the host has that the record was made on. */
export const host: HostFeatures = { randomFully: true, nfacct: true };

interface PortWords extends Partial<ServicePort> {
  readonly port: number;
}

type Spec = Service["spec"];

interface ServiceWords extends Partial<Omit<Spec, "ports" | "sessionAffinity">> {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ports: readonly PortWords[];
  /** Seconds of session affinity. */
  readonly affinity?: number;
  readonly ingress?: Service["status"]["loadBalancer"]["ingress"];
}

export function service(name: string, words: ServiceWords): Service {
  const { namespace = "default", labels, ports, affinity, ingress, ...spec } = words;
  return {
    metadata: { name, namespace, ...(labels && { labels }) },
    spec: {
      type: "ClusterIP",
      clusterIP: "10.96.0.20",
      ports: ports.map((port) => ({ name: "", protocol: "TCP", targetPort: 8080, ...port })),
      sessionAffinity: affinity === undefined ? "None" : "ClientIP",
      ...(affinity !== undefined && { sessionAffinityConfig: { clientIP: { timeoutSeconds: affinity } } }),
      internalTrafficPolicy: "Cluster",
      publishNotReadyAddresses: false,
      ...(((spec.type ?? "ClusterIP") !== "ClusterIP" || spec.externalIPs) && { externalTrafficPolicy: "Cluster" }),
      ...spec,
    },
    status: { loadBalancer: { ...(ingress && { ingress }) } },
  };
}

export const conditions = {
  ready: { ready: true, serving: true, terminating: false },
  unready: { ready: false, serving: false, terminating: false },
  /** It goes away, and still answers. */
  leaving: { ready: false, serving: true, terminating: true },
  /** It goes away, and answers no more. */
  leavingUnready: { ready: false, serving: false, terminating: true },
  /** It goes away, and publishNotReadyAddresses calls it ready. */
  leavingPublished: { ready: true, serving: true, terminating: true },
} as const satisfies Record<string, Endpoint["conditions"]>;

export type Condition = keyof typeof conditions;

/** `10.244.0.2` is on node1 and `10.244.1.2` on node2, as their podCIDRs have it; any other address is on no node. */
export function endpoint(ip: string, condition: Condition = "ready"): Endpoint {
  const nodeName = ip.startsWith("10.244.0.") ? "node1" : ip.startsWith("10.244.1.") ? "node2" : undefined;
  return { addresses: [ip], conditions: conditions[condition], ...(nodeName && { nodeName }) };
}

/** A slice with the endpoints of a Service. @param ports the endpoints' own, as in `targetPort`; one per port of the Service */
export function slice(
  of: Service,
  endpoints: readonly (Endpoint | string)[],
  { suffix = "a", ports = of.spec.ports.map(({ name, protocol }) => ({ name, protocol, port: 8080 })) } = {},
): EndpointSlice {
  const { name, namespace } = of.metadata;
  return {
    metadata: { name: `${name}-${suffix}`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports,
    endpoints: endpoints.map((each) => (typeof each === "string" ? endpoint(each) : each)),
  };
}
