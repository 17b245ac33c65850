// A lab as its author writes it in TypeScript: the objects of the YAML files as plain values.

import type { Container, ContainerPort, HostSpec, LabSpec, Metadata, Namespace, Node, Pod, Protocol } from "./types";

/** Every field may be left out; hosts keep the fields that their type cannot do without. */
export type LabSpecManifest = { readonly [K in Exclude<keyof LabSpec, "hosts" | "network" | "proxy">]?: LabSpec[K] } & {
  readonly network?: Partial<LabSpec["network"]>;
  readonly proxy?: Partial<LabSpec["proxy"]>;
  readonly hosts?: Readonly<Record<string, HostManifest>>;
};

type Defaulted = "port" | "user";
type HostManifest = HostSpec extends infer Host
  ? Host extends { type: "ssh" }
    ? Omit<Host, Defaulted> & Partial<Pick<Host, Defaulted & keyof Host>>
    : Host
  : never;

/** Fields that podnet has no types for, but Kubernetes has, are accepted as well. */
interface Untyped {
  readonly [field: string]: unknown;
}

interface TypeMeta {
  readonly apiVersion?: "v1";
  readonly kind?: string;
}

type PortManifest = Omit<ContainerPort, "protocol"> & { readonly protocol?: Protocol } & Untyped;
type ContainerManifest = Omit<Container, "ports"> & { readonly ports?: readonly PortManifest[] } & Untyped;

export type PodManifest = TypeMeta & {
  readonly metadata: Metadata & { readonly namespace?: string } & Untyped;
  readonly spec: Omit<Pod["spec"], "containers"> & { readonly containers: readonly ContainerManifest[] } & Untyped;
} & Untyped;

export type NodeManifest = TypeMeta & Node & Untyped;
export type NamespaceManifest = TypeMeta & Namespace & Untyped;

export interface LabObjects {
  readonly metadata: Metadata;
  readonly spec?: LabSpecManifest;
  readonly nodes: readonly NodeManifest[];
  readonly pods?: readonly PodManifest[];
  readonly namespaces?: readonly NamespaceManifest[];
}
