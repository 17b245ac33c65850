// What a Service has been given is written down on the lab's host, so that it keeps that whatever else comes and goes.

import { labFolder } from "../../linux";
import { type Service as Declared, keyOf } from "../manifests/types";
import type { Service } from "./types";

export interface HeldService {
  readonly clusterIP: string | undefined;
  /** By the name of the Service's port. */
  readonly nodePorts: ReadonlyMap<string, number>;
  readonly healthCheckNodePort: number | undefined;
  readonly loadBalancerIPs: readonly string[];
}

/** By `namespace/name`. */
export type HeldServices = ReadonlyMap<string, HeldService>;

/** A capital, because the folders beside it are named after nodes, and no node's name has one. */
const leasesFolder = (lab: string): string => `${labFolder(lab)}/Service`;

export const servicePath = (lab: string, service: Declared): string => `${leasesFolder(lab)}/${keyOf(service)}.json`;

/** Whether a Service is given anything at all. */
export const hasLease = ({ spec }: Declared): boolean => spec.type !== "ExternalName" && spec.clusterIP !== "None";

/** The part of its Service object that podnet decided. */
export function serviceLease({ metadata, spec, status }: Service): string {
  const { clusterIP, healthCheckNodePort } = spec;
  const ports = spec.ports.filter(({ nodePort }) => nodePort !== undefined);
  const object = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: metadata.namespace, name: metadata.name },
    spec: { clusterIP, ports: ports.map(({ name, nodePort }) => ({ name, nodePort })), healthCheckNodePort },
    status: { loadBalancer: { ingress: status.loadBalancer.ingress?.map(({ ip }) => ({ ip })) } },
  };
  return `${JSON.stringify(object, undefined, 2)}\n`;
}

/** @param files all files of the lab's folder on a host, by path */
export function heldServices(lab: string, files: Readonly<Record<string, string>>): HeldServices {
  const folder = `${leasesFolder(lab)}/`;
  const leases = Object.entries(files).filter(([path]) => path.startsWith(folder) && path.endsWith(".json"));
  return new Map(leases.map(([path, text]) => [path.slice(folder.length, -".json".length), leaseIn(text)] as const));
}

interface Written {
  readonly spec?: {
    readonly clusterIP?: unknown;
    readonly ports?: readonly { readonly name?: unknown; readonly nodePort?: unknown }[];
    readonly healthCheckNodePort?: unknown;
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: unknown }[] } };
}

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => Number.isInteger(value);

/** A lease that somebody spoiled is none. */
function leaseIn(text: string): HeldService {
  try {
    const { spec = {}, status } = JSON.parse(text) as Written;
    const { clusterIP, ports = [], healthCheckNodePort } = spec;
    return {
      clusterIP: isText(clusterIP) ? clusterIP : undefined,
      nodePorts: new Map(
        ports.flatMap(({ name, nodePort }) => (isText(name) && isNumber(nodePort) ? [[name, nodePort] as const] : [])),
      ),
      healthCheckNodePort: isNumber(healthCheckNodePort) ? healthCheckNodePort : undefined,
      loadBalancerIPs: (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).filter(isText),
    };
  } catch {
    return { clusterIP: undefined, nodePorts: new Map(), healthCheckNodePort: undefined, loadBalancerIPs: [] };
  }
}
