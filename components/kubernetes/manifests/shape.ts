// Does an object have the fields that its kind has, and does each hold what it should? TypeBox finds what differs.
// What is wrong is taken out of the object, so that the other checks can go on with the rest.

import { KindGuard, type TSchema } from "@sinclair/typebox";
import { Errors, type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { type Path, type Source, pathText, valueAt } from "./source";
import type { Problem } from "./types";
import { variantOf } from "./variants";
import { type Difference, tell } from "./wording";

export interface Shaped {
  /** The object without what is wrong in it; undefined when nothing is left. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** The paths at which something was wrong. */
  readonly wrong: readonly Path[];
}

export function checkShape(type: TSchema, written: unknown, source: Source): Shaped {
  const value = withoutNulls(written);
  const found = [...differences(type, value)].map((difference) => {
    const path = pathOf(difference.path, value);
    return { path, missing: isMissing(difference), ...tell(difference, path, source.text(path)) };
  });
  // What is missing here only because it stands under a wrong name or in a wrong place has been said there.
  // And nobody minds what a status lacks: the API server takes none from authors.
  const meant = new Set(found.map(({ meant }) => meant && pathText(meant)));
  const problems = found
    .filter(({ path, missing }) => !missing || !(meant.has(pathText(path)) || path[0] === "status"))
    .map(({ path, at, part, message }) => ({ ...source.place(at ?? path, part), message }));
  const wrong = found.map(({ path }) => path);
  return { value: prune(value, wrong), problems, wrong };
}

/** kubectl takes an empty field for one that is not there. A copy: what the author gave stays as it is. */
function withoutNulls(value: unknown): unknown {
  // JSON has no undefined either: in a list it is null there.
  if (Array.isArray(value)) return value.map((item: unknown) => (item === undefined ? null : withoutNulls(item)));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(kept.map(([key, field]) => [key, withoutNulls(field)]));
}

function* differences(type: TSchema, value: unknown): Generator<Difference> {
  for (const error of Errors(type, [], value)) {
    // A missing field is reported as missing and as ill-typed; once is enough, and one with a default is not missing.
    if (error.value === undefined && (!isMissing(error) || error.schema["default"] !== undefined)) continue;
    const variant = error.type === ValueErrorType.Union ? variantOf(error.schema, error.value) : undefined;
    if (variant === undefined) yield { ...error, owner: typeAt(type, pathOf(error.path, value).slice(0, -1)) };
    else for (const inner of differences(variant, error.value)) yield { ...inner, path: error.path + inner.path };
  }
}

const isMissing = ({ type }: ValueError): boolean => type === ValueErrorType.ObjectRequiredProperty;

function typeAt(type: TSchema, path: Path): TSchema | undefined {
  let at: TSchema | undefined = type;
  for (const key of path) {
    if (at === undefined) return undefined;
    if (KindGuard.IsObject(at)) at = at.properties[key];
    else if (KindGuard.IsArray(at)) at = at.items;
    else at = Object.values((at["patternProperties"] ?? {}) as Record<string, TSchema>)[0];
  }
  return at;
}

/** From a JSON pointer (RFC 6901); a list's indices become numbers again. */
function pathOf(pointer: string, root: unknown): Path {
  const path: (string | number)[] = [];
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    path.push(Array.isArray(valueAt(root, path)) ? Number(key) : key);
  }
  return path;
}

/** A copy without the values at the given paths. In a list nothing may move up: a wrong item takes its list with it. */
function prune(value: unknown, paths: readonly Path[]): unknown {
  if (paths.some((path) => path.length === 0)) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item, index) => prune(item, below(paths, index)));
    return items.includes(undefined) ? undefined : items;
  }
  if (typeof value !== "object" || value === null || paths.length === 0) return value;
  const kept = Object.entries(value).map(([key, field]) => [key, prune(field, below(paths, key))] as const);
  return Object.fromEntries(kept.filter(([, field]) => field !== undefined));
}

const below = (paths: readonly Path[], key: string | number): Path[] =>
  paths.filter((path) => path[0] === key).map((path) => path.slice(1));
