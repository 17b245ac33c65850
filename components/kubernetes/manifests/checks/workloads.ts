// Deployments, ReplicaSets, StatefulSets and DaemonSets themselves; their templates are checked as pods.

import { mostReplicas } from "../../workloads";
import { selects } from "../labels";
import { dnsLabel, dnsSubdomain } from "../names";
import type { Entry, Partly } from "../objects";
import { quoted } from "../suggest";
import type { LabelSelector, Workload, WorkloadKind } from "../types";
import { type Context, checkNamespaced, keyOf, namespaceOf } from "./context";
import { checkOneOf } from "./values";

const operators = ["In", "NotIn", "Exists", "DoesNotExist"];
const kinds: readonly WorkloadKind[] = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"];

/** Where a kind says how its pods give way to new ones, and in which words. */
const strategies: Readonly<Partial<Record<WorkloadKind, readonly [field: string, types: readonly string[]]>>> = {
  Deployment: ["strategy", ["RollingUpdate", "Recreate"]],
  StatefulSet: ["updateStrategy", ["RollingUpdate", "OnDelete"]],
  DaemonSet: ["updateStrategy", ["RollingUpdate", "OnDelete"]],
};

export function checkWorkloads(context: Context): void {
  for (const kind of kinds) {
    const workloads = context.workloads.filter(({ value }) => value.kind === kind);
    // A StatefulSet's pods are called as it is, and a pod's name is its host name.
    checkNamespaced(context, kind, workloads, kind === "StatefulSet" ? dnsLabel : dnsSubdomain);
    for (const workload of workloads) {
      if (workload.value.spec === undefined && !workload.isBroken(["spec"]))
        context.problem(workload, ["spec"], `this ${kind} has no spec; add it, with selector and template`);
      checkNumbers(context, workload);
      checkStrategy(context, workload, kind);
      checkSelector(context, workload, kind);
    }
  }
  checkOwners(context);
}

interface OwnerReference {
  readonly kind?: string;
  readonly name?: string;
  readonly controller?: boolean;
}

/** What kubectl prints of a Deployment's ReplicaSet, and of its pods, would be there twice. */
function checkOwners(context: Context): void {
  const makers = new Set(context.workloads.map((workload) => `${workload.value.kind} ${keyOf(workload)}`));
  for (const made of [...context.templates, ...context.workloads]) {
    const { ownerReferences = [] } = (made.value.metadata ?? {}) as { ownerReferences?: Partly<OwnerReference>[] };
    for (const [index, owner] of ownerReferences.entries())
      if (owner?.controller && makers.has(`${owner.kind} ${namespaceOf(made)}/${owner.name}`))
        context.problem(
          made,
          ["metadata", "ownerReferences", index],
          `${owner.kind} ${owner.name} of this lab makes this object, too; remove one of the two`,
        );
  }
}

function checkNumbers(context: Context, workload: Entry<Workload>): void {
  const { replicas = 1, ordinals } = workload.value.spec ?? {};
  const within = (path: string[], number: number, most: number): void => {
    if (number < 0 || number > most)
      context.problem(workload, path, `${path.at(-1)} ${number} is out of range; write 0 to ${most}`);
  };
  within(["spec", "replicas"], replicas, mostReplicas);
  within(["spec", "ordinals", "start"], ordinals?.start ?? 0, 2 ** 31 - 1);
}

function checkStrategy(context: Context, workload: Entry<Workload>, kind: WorkloadKind): void {
  const [field, types] = strategies[kind] ?? [];
  if (field === undefined || types === undefined) return;
  const spec = workload.value.spec as Readonly<Record<string, { readonly type?: string }>> | undefined;
  // "" is what the API server takes for its default.
  checkOneOf(context, workload, ["spec", field, "type"], spec?.[field]?.type || undefined, types);
}

function checkSelector(context: Context, workload: Entry<Workload>, kind: WorkloadKind): void {
  const path = ["spec", "selector"];
  const { selector, template } = workload.value.spec ?? {};
  if (selector === undefined || workload.isPartial(path)) return;
  const { matchLabels = {}, matchExpressions = [] } = selector as LabelSelector;
  for (const [index, { operator }] of matchExpressions.entries())
    checkOneOf(context, workload, [...path, "matchExpressions", index, "operator"], operator, operators);
  if (!matchExpressions.every(({ operator }) => operators.includes(operator))) return;
  if (Object.keys(matchLabels).length + matchExpressions.length === 0)
    context.problem(workload, path, 'the selector is empty; write "matchLabels:" with labels of the template');
  else if (
    !workload.isPartial(["spec", "template", "metadata"]) &&
    !selects(selector as LabelSelector, (template?.metadata?.labels ?? {}) as Record<string, string>)
  )
    context.problem(
      workload,
      path,
      `the selector does not match the labels of the template (${labelsText(template?.metadata?.labels ?? {})}), by which a ${kind} knows its pods; write the same in both`,
    );
}

export function labelsText(labels: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? "it has none" : quoted(pairs.join(","));
}
