import { keyOf } from "../manifests/types";
import type { Service } from "./types";

/** What a person or a script needs to know of a Service to call it. */
export interface ServiceOutput {
  readonly clusterIP: string;
  readonly ports: readonly {
    readonly name?: string;
    readonly protocol: string;
    readonly port: number;
    readonly targetPort: number | string;
    readonly nodePort?: number;
  }[];
  readonly externalIPs?: readonly string[];
  readonly loadBalancerIPs?: readonly string[];
}

/** By `namespace/name`. */
export function serviceOutputs(services: readonly Service[]): Record<string, ServiceOutput> {
  return Object.fromEntries(services.map((service) => [keyOf(service), outputOf(service)]));
}

function outputOf({ spec, status }: Service): ServiceOutput {
  const { externalIPs = [] } = spec;
  const loadBalancerIPs = (status.loadBalancer.ingress ?? []).map(({ ip }) => ip);
  return {
    clusterIP: spec.clusterIP,
    ports: spec.ports.map(({ name, protocol, port, targetPort, nodePort }) => ({
      ...(name === "" ? {} : { name }),
      ...{ protocol, port, targetPort },
      ...(nodePort === undefined ? {} : { nodePort }),
    })),
    ...(externalIPs.length === 0 ? {} : { externalIPs }),
    ...(loadBalancerIPs.length === 0 ? {} : { loadBalancerIPs }),
  };
}
