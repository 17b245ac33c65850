// A lab as its author writes it in TypeScript: the objects of the YAML files as plain values.

import type {
  Container,
  ContainerPort,
  Endpoint,
  EndpointPort,
  EndpointSlice,
  Endpoints,
  HostSpec,
  LabSpec,
  Metadata,
  Namespace,
  Node,
  Pod,
  Protocol,
  ServicePort,
  Workload,
  WrittenService,
} from "./types";

/** Every field may be left out; hosts keep the fields that their type cannot do without. */
export type LabSpecManifest = Optional<Omit<LabSpec, "hosts">> & {
  readonly hosts?: Readonly<Record<string, HostManifest>>;
};

/** Lists are given as a whole. */
type Optional<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: Optional<T[K]> }
    : T;

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
  readonly apiVersion?: string;
  readonly kind?: string;
}

type NamespacedManifest = Metadata & { readonly namespace?: string } & Untyped;

type PortManifest = Omit<ContainerPort, "protocol"> & { readonly protocol?: Protocol } & Untyped;
type ContainerManifest = Omit<Container, "ports"> & { readonly ports?: readonly PortManifest[] } & Untyped;
type PodSpecManifest = Omit<Pod["spec"], "containers"> & {
  readonly containers: readonly ContainerManifest[];
} & Untyped;

export type PodManifest = TypeMeta & {
  readonly metadata: NamespacedManifest;
  readonly spec: PodSpecManifest;
} & Untyped;

type TemplateManifest = { readonly metadata?: Partial<NamespacedManifest>; readonly spec: PodSpecManifest } & Untyped;

/** A Deployment, a ReplicaSet, a StatefulSet or a DaemonSet, as its list says. */
export type WorkloadManifest = TypeMeta & {
  readonly metadata: NamespacedManifest;
  readonly spec: Omit<Workload["spec"], "template"> & { readonly template: TemplateManifest } & Untyped;
} & Untyped;

type ServicePortManifest = Partial<ServicePort> & Pick<ServicePort, "port"> & Untyped;

export type ServiceManifest = TypeMeta & {
  readonly metadata: NamespacedManifest;
  readonly spec?: Omit<Partial<WrittenService["spec"]>, "ports"> & {
    readonly ports?: readonly ServicePortManifest[];
  } & Untyped;
  readonly status?: WrittenService["status"] & Untyped;
} & Untyped;

type EndpointPortManifest = Partial<EndpointPort> & Pick<EndpointPort, "port"> & Untyped;
type EndpointManifest = Omit<Endpoint, "conditions"> & {
  readonly conditions?: Partial<Endpoint["conditions"]>;
} & Untyped;

export type EndpointSliceManifest = TypeMeta & {
  readonly metadata: NamespacedManifest;
  readonly addressType: EndpointSlice["addressType"];
  readonly ports?: readonly EndpointPortManifest[];
  readonly endpoints: readonly EndpointManifest[];
} & Untyped;

type SubsetManifest = Omit<NonNullable<Endpoints["subsets"]>[number], "ports"> & {
  readonly ports?: readonly EndpointPortManifest[];
} & Untyped;

export type EndpointsManifest = TypeMeta & {
  readonly metadata: NamespacedManifest;
  readonly subsets?: readonly SubsetManifest[];
} & Untyped;

export type NodeManifest = TypeMeta & Node & Untyped;
export type NamespaceManifest = TypeMeta & Namespace & Untyped;

export interface LabObjects {
  readonly metadata: Metadata;
  readonly spec?: LabSpecManifest;
  readonly nodes: readonly NodeManifest[];
  readonly pods?: readonly PodManifest[];
  readonly deployments?: readonly WorkloadManifest[];
  readonly replicaSets?: readonly WorkloadManifest[];
  readonly statefulSets?: readonly WorkloadManifest[];
  readonly daemonSets?: readonly WorkloadManifest[];
  readonly services?: readonly ServiceManifest[];
  readonly endpointSlices?: readonly EndpointSliceManifest[];
  readonly endpoints?: readonly EndpointsManifest[];
  readonly namespaces?: readonly NamespaceManifest[];
}

/** What the objects of each list are, unless they say it themselves. */
export const kindsOfLists = {
  nodes: "Node",
  pods: "Pod",
  deployments: "Deployment",
  replicaSets: "ReplicaSet",
  statefulSets: "StatefulSet",
  daemonSets: "DaemonSet",
  services: "Service",
  endpointSlices: "EndpointSlice",
  endpoints: "Endpoints",
  namespaces: "Namespace",
} as const satisfies { readonly [L in keyof Omit<Required<LabObjects>, "metadata" | "spec">]: string };
