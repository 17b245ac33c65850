import { placeText } from "../problem";
import { type Expanded, expand } from "../expand";
import { type Rule, dnsLabel, nameFault } from "../names";
import type { Entry, LabEntry, Objects } from "../objects";
import type { Path } from "../source";
import { listed, nearest, quoted } from "../suggest";
import { type LabSpec, type Problem, defaultNamespace } from "../types";

/** What the checks know and where they report. */
export interface Context extends Readonly<Omit<Objects, "labs" | "pods" | "problems">>, Expanded {
  readonly lab: LabEntry | undefined;
  /** With the defaults in place of what is missing or wrong. */
  readonly spec: LabSpec;
  problem(entry: Entry<unknown>, path: Path, message: string): void;
  warning(entry: Entry<unknown>, path: Path, message: string): void;
}

export function contextOf(objects: Objects, spec: LabSpec, problems: Problem[], warnings: Problem[]): Context {
  const reporter = (found: Problem[]) => (entry: Entry<unknown>, path: Path, message: string) => {
    // What somebody wrote may hold line breaks; a message has one line.
    found.push({ ...entry.source.place(path), message: message.replaceAll(/[\r\n]+/g, "\\n") });
  };
  return {
    ...objects,
    ...expand(objects),
    lab: objects.labs[0],
    spec,
    problem: reporter(problems),
    warning: reporter(warnings),
  };
}

export const namePath: Path = ["metadata", "name"];

export const nameOf = (entry: Entry<{ metadata: { name: string } }>): string | undefined => entry.value.metadata?.name;

/** For "pods.yaml:5:9 has it already". */
export const placeOf = (entry: Entry<unknown>, path: Path): string => placeText(entry.source.place(path));

/** Reports a missing name and every second use of one. @returns the first object of each name */
export function checkNames<T extends { metadata: { name: string } }>(
  context: Context,
  what: string,
  entries: readonly Entry<T>[],
  key: (entry: Entry<T>, name: string) => string = (_entry, name) => name,
): ReadonlyMap<string, Entry<T>> {
  const first = new Map<string, Entry<T>>();
  for (const entry of entries) {
    const name = nameOf(entry);
    if (name === undefined) {
      if (!entry.isBroken(namePath)) context.problem(entry, namePath, `this ${what} has no name; add metadata.name`);
      continue;
    }
    const known = first.get(key(entry, name));
    if (known === undefined) first.set(key(entry, name), entry);
    else {
      const place = placeOf(known, namePath);
      context.problem(entry, namePath, `${what} ${key(entry, name)} is already at ${place}; rename one of the two`);
    }
  }
  return first;
}

type NamespacedEntry = Entry<{ metadata: { name: string; namespace: string } }>;

export const namespaceOf = (entry: NamespacedEntry): string => entry.value.metadata?.namespace ?? defaultNamespace;

/** `default/web`, if the object has a name. */
export const keyOf = (entry: NamespacedEntry): string | undefined => {
  const name = nameOf(entry);
  return name === undefined ? undefined : `${namespaceOf(entry)}/${name}`;
};

/** Names of which there may be one in each namespace. @returns the first object of each, by `namespace/name` */
export function checkNamespaced<T extends { metadata: { name: string; namespace: string } }>(
  context: Context,
  what: string,
  entries: readonly Entry<T>[],
  rule: Rule,
): ReadonlyMap<string, Entry<T>> {
  for (const entry of entries) {
    const name = nameOf(entry);
    const fault = name === undefined ? undefined : nameFault(`${what} name`, name, rule);
    if (fault !== undefined) context.problem(entry, namePath, fault);
    const namespaceFault = nameFault("namespace", namespaceOf(entry), dnsLabel);
    if (namespaceFault !== undefined) context.problem(entry, ["metadata", "namespace"], namespaceFault);
  }
  return checkNames(context, what, entries, (entry, name) => `${namespaceOf(entry)}/${name}`);
}

/** @param so what follows from it. @returns what is wrong with the name of a node that the lab does not have */
export function unknownNode(context: Context, name: string, so = ""): string | undefined {
  const names = context.nodes.map(nameOf).filter((name) => name !== undefined);
  if (names.includes(name) || context.incomplete || context.nodes.length === 0) return undefined;
  const meant = nearest(name, names);
  const hint =
    meant === undefined
      ? `the lab has ${names.length > 8 ? `${names.length} nodes, none of that name` : listed(names)}`
      : `did you mean "${meant}"?`;
  return `unknown node ${quoted(name)}${so}; ${hint}`;
}
