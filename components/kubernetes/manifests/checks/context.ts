import { placeText } from "../problem";
import type { Entry, LabEntry, Objects } from "../objects";
import type { Path } from "../source";
import type { LabSpec, Namespace, Node, Pod, Problem } from "../types";

/** What the checks know and where they report. */
export interface Context {
  readonly lab: LabEntry | undefined;
  readonly nodes: readonly Entry<Node>[];
  readonly pods: readonly Entry<Pod>[];
  readonly namespaces: readonly Entry<Namespace>[];
  /** Whether some object could not be told what it is: then nothing can be said to be missing. */
  readonly incomplete: boolean;
  /** With the defaults in place of what is missing or wrong. */
  readonly spec: LabSpec;
  problem(entry: Entry<unknown>, path: Path, message: string): void;
  warning(entry: Entry<unknown>, path: Path, message: string): void;
}

export function contextOf(objects: Objects, spec: LabSpec, problems: Problem[], warnings: Problem[]): Context {
  const reporter = (found: Problem[]) => (entry: Entry<unknown>, path: Path, message: string) => {
    found.push({ ...entry.source.place(path), message });
  };
  return { ...objects, lab: objects.labs[0], spec, problem: reporter(problems), warning: reporter(warnings) };
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
