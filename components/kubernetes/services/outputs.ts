import { keyOf } from "../manifests/types";
import { slicesByService } from "./slices-by-service";
import type { Endpoint, EndpointSlice, Service } from "./types";

/** What a person or a script needs to know of a Service to call it, and what to expect then. What is as usual is left out. */
export interface ServiceOutput {
  readonly type?: Exclude<Service["spec"]["type"], "ClusterIP">;
  readonly clusterIP: string;
  readonly ports: readonly {
    readonly name?: string;
    readonly protocol: string;
    readonly port: number;
    readonly targetPort: number | string;
    readonly nodePort?: number;
    readonly endpoints?: readonly EndpointOutput[];
  }[];
  readonly externalName?: string;
  readonly externalIPs?: readonly string[];
  readonly loadBalancerIPs?: readonly string[];
  readonly loadBalancerSourceRanges?: readonly string[];
  readonly healthCheckNodePort?: number;
  readonly sessionAffinity?: "ClientIP";
  readonly internalTrafficPolicy?: "Local";
  readonly externalTrafficPolicy?: "Local";
}

export interface EndpointOutput {
  readonly ip: string;
  readonly port: number;
  readonly node?: string;
  /** Where it is not simply ready. */
  readonly conditions?: Endpoint["conditions"];
}

/** By `namespace/name`. */
export function serviceOutputs(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
): Record<string, ServiceOutput> {
  const slicesOf = slicesByService(slices);
  return Object.fromEntries(
    services.map((service) => [keyOf(service), outputOf(service, slicesOf.get(keyOf(service)) ?? [])]),
  );
}

function outputOf({ spec, status }: Service, slices: readonly EndpointSlice[]): ServiceOutput {
  const { type, externalName, externalIPs = [], loadBalancerSourceRanges = [] } = spec;
  const loadBalancerIPs = (status.loadBalancer.ingress ?? []).map(({ ip }) => ip);
  return {
    ...(type === "ClusterIP" ? {} : { type }),
    clusterIP: spec.clusterIP,
    ports: spec.ports.map(({ name, protocol, port, targetPort, nodePort }) => ({
      ...(name === "" ? {} : { name }),
      ...{ protocol, port, targetPort },
      ...(nodePort === undefined ? {} : { nodePort }),
      ...endpointsOf(slices, name, protocol),
    })),
    ...(type === "ExternalName" ? { externalName } : {}),
    ...(externalIPs.length === 0 ? {} : { externalIPs }),
    ...(loadBalancerIPs.length === 0 ? {} : { loadBalancerIPs }),
    ...(loadBalancerSourceRanges.length === 0 ? {} : { loadBalancerSourceRanges }),
    ...healthCheckOf(spec),
    ...(spec.sessionAffinity === "ClientIP" ? { sessionAffinity: spec.sessionAffinity } : {}),
    ...(spec.internalTrafficPolicy === "Local" ? { internalTrafficPolicy: spec.internalTrafficPolicy } : {}),
    ...(spec.externalTrafficPolicy === "Local" ? { externalTrafficPolicy: spec.externalTrafficPolicy } : {}),
  };
}

/** It counts for load balancers that want to know where endpoints are. */
const healthCheckOf = ({ type, externalTrafficPolicy, healthCheckNodePort }: Service["spec"]) =>
  type === "LoadBalancer" && externalTrafficPolicy === "Local" && healthCheckNodePort ? { healthCheckNodePort } : {};

function endpointsOf(
  slices: readonly EndpointSlice[],
  name: string,
  protocol: string,
): { readonly endpoints?: readonly EndpointOutput[] } {
  const endpoints = slices.flatMap((slice) =>
    slice.ports
      .filter((port) => port.name === name && port.protocol === protocol)
      .flatMap(({ port }) =>
        slice.endpoints.map(({ addresses: [ip = ""], nodeName, conditions }): EndpointOutput => {
          const isPlain = conditions.ready && conditions.serving && !conditions.terminating;
          return {
            ...{ ip, port },
            ...(nodeName === undefined ? {} : { node: nodeName }),
            ...(isPlain ? {} : { conditions }),
          };
        }),
      ),
  );
  return endpoints.length === 0 ? {} : { endpoints };
}
