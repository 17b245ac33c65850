// What a lab is once it has been read and checked. Objects keep the shape that Kubernetes gives them: the fields that
// matter to the network are typed here, the others (probes, volumes, ...) are accepted and stay in the object untyped.

import type { LabSpec } from "./lab-schema";
import type { Metadata } from "./metadata";
import type { Pod } from "./pod-types";
import type { EndpointSlice, Endpoints, Service } from "./service-types";

export type { HostSpec, LabSpec } from "./lab-schema";
export * from "./metadata";
export * from "./pod-types";
export * from "./service-types";
export type * from "./workload-types";

export interface NodeAddress {
  /** InternalIP, ExternalIP, Hostname, ... */
  readonly type: string;
  readonly address: string;
}

export interface Node {
  readonly metadata: Metadata;
  readonly spec?: { readonly podCIDR?: string; readonly podCIDRs?: readonly string[] };
  readonly status?: { readonly addresses?: readonly NodeAddress[] };
}

export interface Namespace {
  readonly metadata: Metadata;
}

/** A lab without problems: every default filled in, every reference resolved. */
export interface Lab {
  readonly name: string;
  readonly spec: LabSpec;
  /** In the order of the files, which is the order in which addresses are given. */
  readonly nodes: readonly Node[];
  /** Those that are written, then those that Deployments and their like yield. */
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly endpoints: readonly Endpoints[];
  readonly namespaces: readonly Namespace[];
  /** What will not work as the author may think, though Kubernetes takes it. */
  readonly warnings: readonly Problem[];
}

/**
 * What is wrong, and where: in a file (line and column count from 1; both are missing when the file as a whole is meant)
 * or, for a lab written in TypeScript, at a path such as `pods[1].spec.containers[0].name`.
 */
export interface Problem {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

/** The node annotation that says on which of the lab's hosts a node runs. */
export const hostAnnotation = "podnet.dev/host";

/** The host that a node of a checked lab runs on. */
export function hostOf(node: Node): string {
  const host = node.metadata.annotations?.[hostAnnotation];
  if (host === undefined) throw new Error(`node ${node.metadata.name} does not come from a checked lab`);
  return host;
}

export function internalIPOf(node: Node): string | undefined {
  return node.status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
}

/** The range that the author gave to a node, if any. Kubernetes keeps podCIDR equal to the first of podCIDRs. */
export function podCIDROf(node: Node): string | undefined {
  return node.spec?.podCIDR ?? node.spec?.podCIDRs?.[0];
}
