// Where the values of one object were written, so that every problem can point at its cause.

import type { Place } from "./problem";

export type Path = readonly (string | number)[];

export interface Source {
  /** The place of the value at a path, or of what is nearest to it when it is not written; or of its key. */
  place(path: Path, part?: "key" | "value"): Place;
  /** Whether the author wrote a value at a path. */
  has(path: Path): boolean;
  /** A value as the author wrote it, where that can differ from what it means: `yes`, `0644`. */
  text(path: Path): string | undefined;
}

/** `spec.containers[0].name` */
export function pathText(path: Path): string {
  return path
    .map((key) =>
      typeof key === "number" ? `[${key}]` : /^[\w$-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
    )
    .join("")
    .replace(/^\./, "");
}

/** The value at a path of a tree of plain objects and arrays. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** The source of an object written in TypeScript: places are paths, beginning with the object's own. */
export function pathSource(base: string, root: unknown): Source {
  return {
    place: (path) => ({ file: [base, pathText(path)].filter(Boolean).join(".").replaceAll(".[", "[") || "lab" }),
    has: (path) => valueAt(root, path) !== undefined,
    text: () => undefined,
  };
}
