// What makes pods of a template.

import type { Namespaced } from "./metadata";
import type { Pod } from "./pod-types";

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
    readonly values?: readonly string[];
  }[];
}

export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Pod["spec"];
}

export type WorkloadKind = "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet";

export interface Workload {
  readonly kind: WorkloadKind;
  readonly metadata: Namespaced;
  readonly spec: {
    /** One where the file says nothing; a DaemonSet has one on each node. */
    readonly replicas?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    /** The number of a StatefulSet's first pod, 0 where the file says nothing. */
    readonly ordinals?: { readonly start?: number };
  };
}
