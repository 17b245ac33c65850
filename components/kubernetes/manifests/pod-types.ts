import { type Namespaced, type Protocol, keyOf } from "./metadata";

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  /** "TCP" where the file says nothing. */
  readonly protocol: Protocol;
  /** The port on the node that leads here. */
  readonly hostPort?: number;
  /** The one address of the node on which hostPort counts; without it, or with 0.0.0.0, all of them. */
  readonly hostIP?: string;
}

export interface EnvVar {
  readonly name: string;
  /** "" where the file says nothing, as in Kubernetes. */
  readonly value?: string;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly ports?: readonly ContainerPort[];
}

export interface Pod {
  readonly metadata: Namespaced & {
    /** The pod is being deleted: its servers still answer, but it gets no new connections while others can. */
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly hostNetwork?: boolean;
    readonly containers: readonly Container[];
    readonly readinessGates?: readonly { readonly conditionType: string }[];
  };
  /** What an author says of a pod that podnet cannot know: it probes nothing. */
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** `default/pod1` */
export const podKey = (pod: Pod): string => keyOf(pod);

const isAny = (hostIP: string | undefined): boolean => !hostIP || hostIP === "0.0.0.0";

/** Whether two pods with these ports cannot be on one node, as the scheduler sees it. */
export const clash = (a: Partial<ContainerPort>, b: Partial<ContainerPort>): boolean =>
  a.hostPort === b.hostPort &&
  (a.protocol ?? "TCP") === (b.protocol ?? "TCP") &&
  (a.hostIP === b.hostIP || isAny(a.hostIP) || isAny(b.hostIP));

/** The ports that the pod takes on its node. A hostPort of 0 is none. */
export const hostPortsOf = ({ spec }: Pod): ContainerPort[] =>
  spec.hostNetwork ? [] : spec.containers.flatMap(({ ports = [] }) => ports.filter(({ hostPort }) => hostPort));
