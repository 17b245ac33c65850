// Does an object have the fields that its kind has, and does each hold what it should? TypeBox finds what differs;
// this file says it in words, and takes what is wrong out of the object, so that the other checks can go on with the rest.

import { KindGuard, type TObject, type TSchema } from "@sinclair/typebox";
import { Errors, type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { type Path, type Source, valueAt } from "./source";
import { listed, nearest, quoted } from "./suggest";
import type { Problem } from "./types";

export interface Shaped {
  /** The object without what is wrong in it; undefined when nothing is left. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** The paths at which something was wrong. */
  readonly wrong: readonly Path[];
}

export function checkShape(type: TSchema, written: unknown, source: Source): Shaped {
  const value = withoutNulls(written);
  const problems: Problem[] = [];
  const wrong: Path[] = [];
  for (const difference of differences(type, value)) {
    const path = pathOf(difference.path, value);
    const told = tell(difference, path, value, source);
    problems.push({ ...source.place(path, told.part), message: told.message });
    wrong.push(path);
  }
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
    const missing = error.type === ValueErrorType.ObjectRequiredProperty;
    if (error.value === undefined && (!missing || error.schema["default"] !== undefined)) continue;
    const variant = error.type === ValueErrorType.Union ? variantOf(error) : undefined;
    if (variant === undefined) yield { ...error, owner: typeAt(type, pathOf(error.path, value).slice(0, -1)) };
    else for (const inner of differences(variant, error.value)) yield { ...inner, path: error.path + inner.path };
  }
}

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

/** Of several types of host, the one that the author names by its `type`. */
function variantOf({ schema, value }: ValueError): TSchema | undefined {
  const named = valueAt(value, ["type"]);
  return variantsOf(schema).find((variant) => variant.properties["type"]?.const === named);
}

const variantsOf = (schema: TSchema): TObject[] =>
  (schema["anyOf"] as TSchema[]).filter((one) => KindGuard.IsObject(one));

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
}

function tell({ type, schema, value, owner }: Difference, path: Path, root: unknown, source: Source): Told {
  const name = nameOf(path);
  switch (type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return { message: unknownField(String(path.at(-1)), schema as TObject), part: "key" };
    case ValueErrorType.ObjectRequiredProperty:
      return { message: `${owner?.title ?? "this mapping"} needs the field "${name}"; add it` };
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.IntegerMaximum:
      return {
        message: `${name} ${source.text(path) ?? value} is out of range; write ${schema["minimum"]} to ${schema["maximum"]}`,
      };
    case ValueErrorType.StringMinLength:
      return { message: `${name} is empty; write a value or leave the field out` };
    case ValueErrorType.StringFormat:
      return { message: `${name} ${quoted(String(value))} is not ${formats[String(schema["format"])]}` };
    case ValueErrorType.Literal:
      return { message: notOneOf(name, value, [String(schema["const"])]) };
    case ValueErrorType.Union:
      return { message: noneOf(name, value, schema) };
    default:
      return { message: illTyped(name, value, schema, source.text(path)) };
  }
}

const formats: Readonly<Record<string, string>> = {
  quantity: "a quantity; write a number with a unit if need be, such as 500m or 64Mi",
  "date-time": "a time; write it as 2006-01-02T15:04:05Z",
  byte: "base64; encode it",
};

function nameOf(path: Path): string {
  const at = path.findLastIndex((key) => typeof key === "string");
  return path.length === 0
    ? "the object"
    : path
        .slice(at)
        .map((key, i) => (i === 0 ? key : `[${key}]`))
        .join("");
}

function unknownField(field: string, { title, properties }: TObject): string {
  const known = Object.keys(properties);
  const meant = nearest(field, known);
  const unknown = `unknown field ${quoted(field)} in ${title}`;
  if (meant !== undefined) return `${unknown}; did you mean "${meant}"?`;
  const under = known.find(
    (child) => child !== "status" && Object.hasOwn(properties[child]?.["properties"] ?? {}, field),
  );
  if (under !== undefined) return `${unknown}; it belongs under "${under}"`;
  return known.length > 12 ? `${unknown}; remove it` : `${unknown}; it has ${listed(known)}`;
}

function notOneOf(name: string, value: unknown, known: readonly string[]): string {
  const meant = nearest(String(value), known);
  const text = typeof value === "string" ? quoted(value) : String(JSON.stringify(value));
  return `unknown ${name} ${text}; ${meant === undefined ? `podnet has ${listed(known)}` : `did you mean "${meant}"?`}`;
}

function noneOf(name: string, value: unknown, schema: TSchema): string {
  const variants = variantsOf(schema);
  if (variants.length > 0) {
    const known = variants.map((variant) => String(variant.properties["type"]?.const));
    const named = valueAt(value, ["type"]);
    return named === undefined
      ? `${name} needs the field "type"; podnet has ${listed(known)}`
      : notOneOf(`type of host ${name}`, named, known);
  }
  const literals = (schema["anyOf"] as TSchema[]).map((one) => one["const"] as unknown);
  if (literals.every((literal) => literal !== undefined)) return notOneOf(name, value, literals.map(String));
  return `${name} must be a number or a string, not ${describe(value)}`;
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
  return typeof value === "string" ? quoted(value) : `the ${typeof value} ${String(value)}`;
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
