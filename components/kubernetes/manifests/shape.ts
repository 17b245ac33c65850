// Does an object have the fields that its kind has, and does each hold what it should? TypeBox finds what differs;
// this file says it in words, and takes what is wrong out of the object, so that the other checks can go on with the rest.

import { KindGuard, type TObject, type TSchema } from "@sinclair/typebox";
import { Errors, type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { type Path, type Source, pathText, valueAt } from "./source";
import { listed, nearest, quoted } from "./suggest";
import type { Problem } from "./types";
import { typeName, variantOf, variantsOf } from "./variants";

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
    return { path, missing: isMissing(difference), ...tell(difference, path, value, source) };
  });
  // What is missing here only because it stands under a wrong name or in a wrong place has been said there.
  const meant = new Set(found.map(({ meant }) => meant && pathText(meant)));
  const problems = found
    .filter(({ path, missing }) => !missing || !meant.has(pathText(path)))
    .map(({ path, at, part, message }) => ({ ...source.place(at ?? path, part), message }));
  const wrong = found.map(({ path }) => path);
  return { value: prune(value, wrong), problems, wrong };
}

/** kubectl takes an empty field for one that is not there. A copy: what the author gave stays as it is. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(kept.map(([key, field]) => [key, withoutNulls(field)]));
}

interface Difference extends ValueError {
  /** The type of the object that the value is a field of. */
  readonly owner: TSchema | undefined;
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

interface Told {
  readonly message: string;
  readonly part?: "key" | "value";
  /** Where the problem is shown, if not at the value itself. */
  readonly at?: Path;
  /** Where the author probably meant an unknown field to be. */
  readonly meant?: Path;
}

function tell({ type, schema, value, owner }: Difference, path: Path, root: unknown, source: Source): Told {
  const name = nameOf(path);
  switch (type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return unknownField(path, schema as TObject);
    case ValueErrorType.ObjectRequiredProperty:
      return { message: `${owner?.title ?? "this mapping"} needs the field "${name}"; add it` };
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.IntegerMaximum:
      return { message: `${name} ${source.text(path) ?? value} is out of range; write ${rangeOf(name, schema)}` };
    case ValueErrorType.StringMinLength:
      return { message: `${name} is empty; write a value or leave the field out` };
    case ValueErrorType.StringFormat:
      return { message: misformed(name, String(value), String(schema["format"])) };
    case ValueErrorType.Literal:
      return { message: notOneOf(name, value, [String(schema["const"])]) };
    case ValueErrorType.Union:
      return noneOf(path, value, schema);
    default:
      return { message: illTyped(name, value, schema, source.text(path)) };
  }
}

const formats: Readonly<Record<string, string>> = {
  quantity: "a quantity; write a number with a unit if need be, such as 500m or 64Mi",
  "date-time": "a time; write it as 2006-01-02T15:04:05Z",
  byte: "base64; encode it",
};

const misformed = (name: string, text: string, format: string): string =>
  `${name} ${quoted(text)} is not ${formats[format]}`;

function nameOf(path: Path): string {
  const at = path.findLastIndex((key) => typeof key === "string");
  return path.length === 0
    ? "the object"
    : path
        .slice(at)
        .map((key, i) => (i === 0 ? key : `[${key}]`))
        .join("");
}

function unknownField(path: Path, { title, properties }: TObject): Told {
  const field = String(path.at(-1));
  const parent = path.slice(0, -1);
  const known = Object.keys(properties);
  const unknown = `unknown field ${quoted(field)} in ${title}`;
  const near = nearest(field, known);
  if (near !== undefined)
    return { part: "key", message: `${unknown}; did you mean "${near}"?`, meant: [...parent, near] };
  const under = known.find((child) => child !== "status" && hasField(properties[child], field));
  if (under !== undefined)
    return { part: "key", message: `${unknown}; it belongs under "${under}"`, meant: [...parent, under, field] };
  const list = known.find((child) => hasField(properties[child]?.["items"] as TSchema | undefined, field));
  if (list !== undefined) return { part: "key", message: `${unknown}; it belongs to an item of "${list}"` };
  return { part: "key", message: known.length > 12 ? `${unknown}; remove it` : `${unknown}; it has ${listed(known)}` };
}

const hasField = (type: TSchema | undefined, field: string): boolean =>
  Object.hasOwn((type?.["properties"] ?? {}) as object, field);

/** Kubernetes' schema says of a port that it is an int32, and no more. */
const rangeOf = (name: string, schema: TSchema): string =>
  /port$/i.test(name) ? "1 to 65535" : `${schema["minimum"]} to ${schema["maximum"]}`;

function notOneOf(name: string, value: unknown, known: readonly string[]): string {
  const meant = nearest(String(value), known);
  const text = typeof value === "string" ? quoted(value) : String(JSON.stringify(value));
  return `unknown ${name} ${text}; ${meant === undefined ? `podnet has ${listed(known)}` : `did you mean "${meant}"?`}`;
}

function noneOf(path: Path, value: unknown, schema: TSchema): Told {
  const name = nameOf(path);
  const variants = variantsOf(schema);
  if (variants.length > 0) {
    const known = variants.map((variant) => String(typeName(variant)));
    const named = valueAt(value, ["type"]);
    if (named === undefined) return { message: `${name} needs the field "type"; podnet has ${listed(known)}` };
    return { message: notOneOf("type", named, known), at: [...path, "type"] };
  }
  const others = schema["anyOf"] as TSchema[];
  const literals = others.map((one) => one["const"] as unknown);
  if (literals.every((literal) => literal !== undefined))
    return { message: notOneOf(name, value, literals.map(String)) };
  const format = others.find((one) => one["format"] !== undefined)?.["format"] as string | undefined;
  if (typeof value === "string" && format !== undefined) return { message: misformed(name, value, format) };
  return { message: `${name} must be a number or a string, not ${describe(value)}` };
}

/** @param text what the author wrote, which YAML may have read as something else */
function illTyped(name: string, value: unknown, schema: TSchema, text: string | undefined): string {
  const wanted = wantedType(schema);
  if (schema["type"] === "string" && (typeof value === "number" || typeof value === "boolean")) {
    const written = text ?? String(value);
    return `${name} must be ${wanted}, but YAML reads ${written} as a ${typeof value}; put it in quotes: "${written}"`;
  }
  if (typeof value === "string" && /^(integer|number|boolean)$/.test(String(schema["type"]))) {
    const bare =
      value.trim() !== "" &&
      (schema["type"] === "boolean" ? /^(true|false)$/.test(value) : Number.isFinite(Number(value)));
    return `${name} must be ${wanted}, not ${quoted(value)}${bare ? `; write ${value.trim()} without quotes` : ""}`;
  }
  if (schema["type"] === "array")
    return `${name} must be a list, not ${describe(value)}; begin each of its items with "- "`;
  return `${name} must be ${wanted}, not ${describe(value)}`;
}

function wantedType(schema: TSchema): string {
  const type = String(schema["type"]);
  const names: Readonly<Record<string, string>> = {
    object: "a mapping",
    array: "a list",
    integer: "a whole number",
    boolean: "true or false",
  };
  return names[type] ?? `a ${type}`;
}

function describe(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return typeof value === "string" ? quoted(value) : String(value);
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
