// The defaults of objects that passed the checks, as the API server fills them in (k8s.io/kubernetes, pkg/apis/core/v1/defaults.go).

import { cidr, formatCidr } from "../addresses/cidr";
import {
  type EndpointSlice,
  type Endpoints,
  type Node,
  type Pod,
  type Service,
  type WrittenService,
  defaultNamespace,
  hostAnnotation,
} from "./types";

export function withHost(node: Node, host: string): Node {
  return {
    ...node,
    metadata: { ...node.metadata, annotations: { [hostAnnotation]: host, ...node.metadata.annotations } },
  };
}

export function completePod(pod: Pod): Pod {
  const { metadata, spec } = pod;
  const containers = spec.containers.map((container) =>
    container.ports === undefined
      ? container
      : {
          ...container,
          ports: container.ports.map((port) => ({ ...port, protocol: port.protocol ?? ("TCP" as const) })),
        },
  );
  return { ...pod, metadata: inNamespace(metadata), spec: { ...spec, containers } };
}

/** Of session affinity, in seconds: three hours. */
const affinityTimeout = 10800;

/** A field that says 0 or "" says nothing. */
const given = <T>(value: T | undefined): T | undefined => value || undefined;

export function completeService(service: WrittenService): Service {
  const { metadata, spec, status } = service;
  const { type = "ClusterIP", sessionAffinity = "None", externalIPs = [], clusterIPs: [firstClusterIP] = [] } = spec;
  const outside = type === "NodePort" || type === "LoadBalancer" || (type === "ClusterIP" && externalIPs.length > 0);
  const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? affinityTimeout;
  const asked = status?.loadBalancer?.ingress ?? [];
  const ingress = asked.length === 0 && spec.loadBalancerIP ? [{ ip: spec.loadBalancerIP }] : asked;
  return {
    ...service,
    metadata: inNamespace(metadata),
    spec: {
      ...spec,
      type,
      clusterIP: given(spec.clusterIP) ?? given(firstClusterIP),
      ports: (spec.ports ?? []).map((port) => ({
        ...port,
        name: port.name ?? "",
        protocol: port.protocol ?? "TCP",
        targetPort: given(port.targetPort) ?? port.port,
        nodePort: given(port.nodePort),
      })),
      sessionAffinity,
      sessionAffinityConfig: sessionAffinity === "ClientIP" ? { clientIP: { timeoutSeconds } } : undefined,
      internalTrafficPolicy: spec.internalTrafficPolicy ?? "Cluster",
      externalTrafficPolicy: outside ? (spec.externalTrafficPolicy ?? "Cluster") : undefined,
      loadBalancerSourceRanges: spec.loadBalancerSourceRanges?.flatMap((range) => sourceRange(range) ?? []),
      healthCheckNodePort: given(spec.healthCheckNodePort),
      publishNotReadyAddresses: spec.publishNotReadyAddresses ?? false,
    },
    status: {
      loadBalancer: {
        ingress: ingress.map((one) => (one.ip ? { ...one, ipMode: one.ipMode ?? ("VIP" as const) } : one)),
      },
    },
  };
}

/** Without what the kernel leaves out, too; nobody with an IPv6 address comes to an IPv4 Service. */
function sourceRange(text: string): string | undefined {
  const range = cidr(text.trim());
  return range.family === 4 ? formatCidr(range) : undefined;
}

export function completeSlice(slice: EndpointSlice): EndpointSlice {
  return {
    ...slice,
    metadata: inNamespace(slice.metadata),
    ports: completePorts(slice.ports),
    endpoints: slice.endpoints.map((endpoint) => ({ ...endpoint, conditions: completeConditions(endpoint) })),
  };
}

/** What is not said is well (k8s.io/kubernetes, pkg/proxy/endpointslicecache.go). */
function completeConditions({ conditions }: Partial<EndpointSlice["endpoints"][number]>) {
  const { ready = true, serving = true, terminating = false } = conditions ?? {};
  return { ready, serving, terminating };
}

export const completeEndpoints = (endpoints: Endpoints): Endpoints => ({
  ...endpoints,
  metadata: inNamespace(endpoints.metadata),
  subsets: (endpoints.subsets ?? []).map((subset) => ({ ...subset, ports: completePorts(subset.ports) })),
});

/** An EndpointSlice may have a port without a number, which means all ports, and which no proxy serves. */
const completePorts = (ports: EndpointSlice["ports"] = []): EndpointSlice["ports"] =>
  ports
    .filter(({ port }) => port !== undefined)
    .map((port) => ({ ...port, name: port.name ?? "", protocol: port.protocol ?? "TCP" }));

const inNamespace = <M extends { readonly namespace: string }>(metadata: M): M => ({
  ...metadata,
  namespace: metadata.namespace ?? defaultNamespace,
});
