// What a run of the benchmark brings home: every single measurement; medians and ratios are for whoever shows them.

/** What a person does to a lab, in this order. */
export const steps = ["up", "second up", "preview", "refresh", "one pod added", "destroy"] as const;
export type Step = (typeof steps)[number];

/** Who does it. */
export const contestants = ["podnet", "Pulumi alone", "kernel alone", "Mininet"] as const;
export type Contestant = (typeof contestants)[number];

/** Seconds, one number for each round; nothing of a step that a contestant does not know. */
export type Times = Partial<Record<Step, number[]>>;

export interface SizeResult {
  readonly pods: number;
  readonly nodes: number;
  /** In podnet's state, groups and Pulumi's own too. */
  readonly resources: number;
  /** Nothing of a contestant that did not take part. */
  readonly times: Partial<Record<Contestant, Times>>;
  readonly memory: readonly PodMemory[];
}

/** Bytes of one pod, on average over all: its processes' proportional set size (proc_pid_smaps(5)). */
export interface PodMemory {
  readonly pause: number;
  readonly server: number;
}

export interface Results {
  /** By topic: processor, kernel, versions, ... */
  readonly machine: Readonly<Record<string, string>>;
  readonly runs: number;
  readonly sizes: readonly SizeResult[];
  /** Why something is missing. */
  readonly notes: readonly string[];
}

export interface Plan {
  /** How many pods the labs have. */
  readonly sizes: readonly number[];
  readonly runs: number;
  /** Mininet takes part in every size. */
  readonly all: boolean;
}
