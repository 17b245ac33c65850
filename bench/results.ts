// What a run of the benchmark brings home: every single measurement; medians and ratios are for whoever shows them.

/** What a person does to a lab of pods, in this order. */
export const podSteps = ["up", "second up", "preview", "refresh", "one pod added", "destroy"] as const;

/** And to one of Services. */
export const serviceSteps = ["up", "one endpoint changed", "second up", "refresh", "destroy"] as const;

export type Step = (typeof podSteps)[number] | (typeof serviceSteps)[number];

/** Who does it. */
export const contestants = ["podnet", "Pulumi alone", "kernel alone", "in one go", "Mininet"] as const;
export type Contestant = (typeof contestants)[number];

/** Seconds, one number for each round; nothing of a step that a contestant does not know. */
export type Times = Partial<Record<Step, number[]>>;

/** A lab that was measured. */
export interface Measured {
  readonly nodes: number;
  /** In podnet's state, groups and Pulumi's own too. */
  readonly resources: number;
  /** Nothing of a contestant that did not take part. */
  readonly times: Partial<Record<Contestant, Times>>;
}

export interface PodsResult extends Measured {
  readonly pods: number;
  readonly memory: readonly PodMemory[];
}

/** Bytes of one pod, on average over all: its processes' proportional set size (proc_pid_smaps(5)). */
export interface PodMemory {
  readonly pause: number;
  readonly server: number;
}

/** Of kube-proxy. */
export const modes = ["iptables", "nftables"] as const;
export type Mode = (typeof modes)[number];

export interface ServicesResult extends Measured {
  readonly services: number;
  readonly mode: Mode;
}

export interface Results {
  /** By topic: processor, kernel, versions, ... */
  readonly machine: Readonly<Record<string, string>>;
  readonly runs: number;
  readonly pods: readonly PodsResult[];
  readonly services: readonly ServicesResult[];
  /** Why something is missing. */
  readonly notes: readonly string[];
}

export interface Plan {
  /** How many pods the labs of pods have. */
  readonly pods: readonly number[];
  /** How many Services the labs of Services have. */
  readonly services: readonly number[];
  readonly runs: number;
  /** Mininet takes part in every size. */
  readonly all: boolean;
}
