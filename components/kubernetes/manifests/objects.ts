// Sorts what a lab consists of by kind.

import type { TSchema } from "@sinclair/typebox";
import { kubernetesKinds, kubernetesType } from "./kubernetes-schema";
import { LabObject } from "./lab-schema";
import type { Place } from "./problem";
import { checkShape } from "./shape";
import type { Path, Source } from "./source";
import { listed, nearest, quoted } from "./suggest";
import type { EndpointSlice, Endpoints, Lab, Namespace, Node, Pod, Problem, Workload, WrittenService } from "./types";

/** What may be missing in an object that has problems: everything. */
export type Partly<T> = T extends readonly (infer Item)[]
  ? readonly Partly<Item>[]
  : T extends object
    ? { readonly [K in keyof T]?: Partly<T[K]> }
    : T;

/** An object of the lab as far as its shape is right, and where it was written. */
export interface Entry<T> {
  readonly value: Partly<T>;
  readonly source: Source;
  /** Whether the value at a path, or what holds it, was wrong and is missing here for that reason. */
  isBroken(path: Path): boolean;
  /** Whether something below the value at a path was wrong and is missing. */
  isPartial(path: Path): boolean;
}

export type LabEntry = Entry<{ metadata: { name: string }; spec: Lab["spec"] }>;

export interface Objects {
  readonly labs: LabEntry[];
  readonly nodes: Entry<Node>[];
  readonly pods: Entry<Pod>[];
  readonly workloads: Entry<Workload>[];
  readonly services: Entry<WrittenService>[];
  readonly endpointSlices: Entry<EndpointSlice>[];
  readonly endpoints: Entry<Endpoints>[];
  readonly namespaces: Entry<Namespace>[];
  readonly problems: Problem[];
  /** Where something could not be told what it is: then nothing can be said to be missing. */
  incomplete: boolean;
}

export const noObjects = (): Objects => ({
  labs: [],
  nodes: [],
  pods: [],
  workloads: [],
  services: [],
  endpointSlices: [],
  endpoints: [],
  namespaces: [],
  problems: [],
  incomplete: false,
});

interface Kind {
  readonly apiVersion: string;
  readonly type: () => TSchema;
  add(objects: Objects, entry: Entry<never>): void;
}

type List = keyof Omit<Objects, "problems" | "incomplete">;

/** @param name of the type in Kubernetes' schema */
const kubernetes = (apiVersion: string, name: string, list: List): Kind => ({
  apiVersion,
  type: () => kubernetesType(name),
  add: (objects, entry) => objects[list].push(entry),
});

/** What podnet builds. */
const kinds: Readonly<Record<string, Kind>> = {
  Lab: { apiVersion: "podnet.dev/v1", type: () => LabObject, add: ({ labs }, entry) => labs.push(entry) },
  Namespace: kubernetes("v1", "core.v1.Namespace", "namespaces"),
  Node: kubernetes("v1", "core.v1.Node", "nodes"),
  Pod: kubernetes("v1", "core.v1.Pod", "pods"),
  Deployment: kubernetes("apps/v1", "apps.v1.Deployment", "workloads"),
  ReplicaSet: kubernetes("apps/v1", "apps.v1.ReplicaSet", "workloads"),
  StatefulSet: kubernetes("apps/v1", "apps.v1.StatefulSet", "workloads"),
  DaemonSet: kubernetes("apps/v1", "apps.v1.DaemonSet", "workloads"),
  Service: kubernetes("v1", "core.v1.Service", "services"),
  EndpointSlice: kubernetes("discovery.k8s.io/v1", "discovery.v1.EndpointSlice", "endpointSlices"),
  Endpoints: kubernetes("v1", "core.v1.Endpoints", "endpoints"),
};

/** For objects written in TypeScript, whose list says their kind. */
export const apiVersionOf = (kind: string): string | undefined => kinds[kind]?.apiVersion;

const builds = listed(Object.keys(kinds));

/** Adds one document of a file: an object, or a List of them. */
export function addDocument(objects: Objects, value: unknown, source: Source): void {
  const refuse = (path: Path, message: string): void => {
    objects.problems.push({ ...source.place(path), message });
    objects.incomplete = true;
  };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const found = Array.isArray(value) ? "a list" : quoted(String(value));
    return refuse(
      [],
      `a Kubernetes object is a mapping with apiVersion, kind and metadata, but this is ${found}; write one object per document, with "---" between them`,
    );
  }
  const { apiVersion, kind } = value as { apiVersion?: unknown; kind?: unknown };
  if (kind === "List") {
    const items = (value as { items?: unknown }).items ?? [];
    if (!Array.isArray(items)) return refuse(["items"], 'items must be a list; begin each object with "- "');
    for (const [index, item] of items.entries()) addDocument(objects, item, sourceBelow(source, ["items", index]));
    return;
  }
  if (typeof kind !== "string" || kind === "")
    return refuse(["kind"], `this object does not say what it is; add "kind:" (podnet builds ${builds})`);
  const built = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (built === undefined) return refuse(["kind"], unknownKind(kind));
  if (apiVersion !== built.apiVersion) return refuse(["apiVersion"], wrongVersion(kind, apiVersion, built.apiVersion));
  addObject(objects, kind, value, source);
}

export function addObject(objects: Objects, kind: string, value: unknown, source: Source): void {
  const known = kinds[kind];
  if (known === undefined) throw new Error(`podnet builds no ${kind}`);
  const shaped = checkShape(known.type(), value, source);
  objects.problems.push(...shaped.problems);
  const entry = {
    value: (shaped.value ?? {}) as Entry<never>["value"],
    source,
    isBroken: (path: Path) => shaped.wrong.some((wrong) => beginsWith(path, wrong)),
    isPartial: (path: Path) => shaped.wrong.some((wrong) => beginsWith(wrong, path)),
  };
  known.add(objects, entry);
}

const beginsWith = (path: Path, start: Path): boolean => start.every((key, index) => key === path[index]);

function unknownKind(kind: string): string {
  const kubernetes = kubernetesKinds();
  if (Object.hasOwn(kubernetes, kind))
    return `podnet builds ${builds}; ${kind} is not built; remove this object from the lab`;
  const meant = nearest(kind, [...Object.keys(kinds), "List", ...Object.keys(kubernetes)]);
  return `unknown kind ${quoted(kind)}; ${meant === undefined ? `podnet builds ${builds}` : `did you mean "${meant}"?`}`;
}

function wrongVersion(kind: string, apiVersion: unknown, right: string): string {
  const write = `write "apiVersion: ${right}"`;
  if (apiVersion === undefined || apiVersion === null) return `this ${kind} has no apiVersion; ${write}`;
  const text = typeof apiVersion === "string" ? quoted(apiVersion) : String(JSON.stringify(apiVersion));
  return `${kind} is in apiVersion "${right}", not ${text}; ${write}`;
}

function sourceBelow(source: Source, base: Path): Source {
  return {
    place: (path, part): Place => source.place([...base, ...path], part),
    has: (path) => source.has([...base, ...path]),
    text: (path) => source.text([...base, ...path]),
  };
}
