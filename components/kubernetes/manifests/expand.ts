// Deployments and their like become pods before anything is checked, so that every check of a pod holds for theirs.

import { mostReplicas, podOf, podsOf } from "../workloads";
import { dnsSubdomain, nameFault } from "./names";
import type { Entry, Objects } from "./objects";
import type { Path, Source } from "./source";
import { type Pod, type Workload, defaultNamespace } from "./types";

export interface Expanded {
  /** All pods of the lab. */
  readonly pods: readonly Entry<Pod>[];
  /** Every description of pods once: each pod that is written, and each workload's template. */
  readonly templates: readonly Entry<Pod>[];
}

export function expand({ pods, workloads, nodes }: Objects): Expanded {
  const names = nodes.flatMap(({ value }) => value.metadata?.name ?? []);
  const seen = new Set<string>();
  const yielded = workloads.map((workload) => {
    const { kind, metadata } = workload.value;
    const key = [kind, metadata?.namespace, metadata?.name].join("/");
    // Of two with the same name, which the check of workloads reports, the pods would have the same names, too.
    const pods = seen.has(key) ? [] : entriesOf(workload, names);
    seen.add(key);
    return { workload, pods };
  });
  return {
    pods: [...pods, ...yielded.flatMap(({ pods }) => pods)],
    // A DaemonSet's pods know their nodes; its template does not.
    templates: [...pods, ...yielded.flatMap(({ workload, pods: [first] }) => first ?? templateEntries(workload))],
  };
}

function entriesOf(entry: Entry<Workload>, nodes: readonly string[]): Entry<Pod>[] {
  const { name } = entry.value.metadata ?? {};
  if (name === undefined || nameFault("name", name, dnsSubdomain) !== undefined) return []; // has been reported
  if (entry.value.spec?.template?.spec === undefined) return [];
  return podsOf(complete(entry, name), nodes).map((pod) => belowTemplate(entry, pod));
}

function templateEntries(entry: Entry<Workload>): Entry<Pod>[] {
  if (entry.value.spec === undefined) return [];
  const name = entry.value.metadata?.name ?? "template";
  return [belowTemplate(entry, podOf(complete(entry, name), name))];
}

/** With what making pods needs; what is wrong with the numbers is reported by the check of workloads. */
function complete({ value }: Entry<Workload>, name: string): Workload {
  const { metadata, spec } = value as Workload;
  const wanted = spec.replicas ?? 1;
  const replicas = wanted >= 0 && wanted <= mostReplicas ? wanted : 0;
  return {
    ...(value as Workload),
    metadata: { ...metadata, name, namespace: metadata?.namespace ?? defaultNamespace },
    spec: { ...spec, replicas, template: spec.template ?? {} },
  };
}

/** A pod that was written as a template: its own name is the workload's. */
function belowTemplate(entry: Entry<Workload>, pod: Pod): Entry<Pod> {
  const written = (path: Path): Path => {
    const own = path[0] === "metadata" && (path[1] === "name" || path[1] === "namespace");
    return own ? path : ["spec", "template", ...path];
  };
  const source: Source = {
    place: (path, part) => entry.source.place(written(path), part),
    has: (path) => entry.source.has(written(path)),
    text: (path) => entry.source.text(written(path)),
  };
  return {
    value: pod,
    source,
    isBroken: (path) => entry.isBroken(written(path)),
    isPartial: (path) => entry.isPartial(written(path)),
  };
}
