// What is wrong with the shape of an object, in words.

import type { TObject, TSchema } from "@sinclair/typebox";
import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { mostReplicas } from "../workloads";
import { type Path, valueAt } from "./source";
import { listed, nearest, quoted } from "./suggest";
import { typeName, variantsOf } from "./variants";

export interface Difference extends ValueError {
  /** The type of the object that the value is a field of. */
  readonly owner: TSchema | undefined;
}

export interface Told {
  readonly message: string;
  readonly part?: "key" | "value";
  /** Where the problem is shown, if not at the value itself. */
  readonly at?: Path;
  /** Where the author probably meant an unknown field to be. */
  readonly meant?: Path;
}

/** @param text what the author wrote in YAML, which may have read it as something else */
export function tell({ type, schema, value, owner }: Difference, path: Path, text: string | undefined): Told {
  const name = nameOf(path);
  switch (type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return unknownField(path, schema as TObject);
    case ValueErrorType.ObjectRequiredProperty:
      return { message: `${owner?.title ?? "this mapping"} needs the field "${name}"; add it` };
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.IntegerMaximum:
      return { message: `${name} ${text ?? String(value)} is out of range; write ${rangeOf(name, schema)}` };
    case ValueErrorType.StringMinLength:
      return { message: `${name} is empty; write a value or leave the field out` };
    case ValueErrorType.StringFormat:
      return { message: misformed(name, String(value), String(schema["format"])) };
    case ValueErrorType.Literal:
      return { message: notOneOf(name, value, [String(schema["const"])]) };
    case ValueErrorType.Union:
      return noneOf(path, value, schema);
    default:
      return { message: illTyped(name, value, schema, text) };
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

/** Kubernetes' schema says of a number that it is an int32, and no more. */
function rangeOf(name: string, schema: TSchema): string {
  if (/port$/i.test(name)) return "1 to 65535";
  if (name === "replicas") return `0 to ${mostReplicas}`;
  return `${name === "start" ? 0 : schema["minimum"]} to ${schema["maximum"]}`;
}

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

function illTyped(name: string, value: unknown, schema: TSchema, text: string | undefined): string {
  const wanted = wantedType(schema);
  if (schema["type"] === "string" && text !== undefined && (typeof value === "number" || typeof value === "boolean"))
    return `${name} must be ${wanted}, but YAML reads ${text} as a ${typeof value}; put it in quotes: "${text}"`;
  if (typeof value === "string" && /^(integer|number|boolean)$/.test(String(schema["type"]))) {
    const bare = schema["type"] === "boolean" ? /^(true|false)$/.exec(value)?.[0] : decimal(value);
    const quotes = bare === value.trim() ? " without quotes" : "";
    return `${name} must be ${wanted}, not ${quoted(value)}${bare === undefined ? "" : `; write ${bare}${quotes}`}`;
  }
  if (schema["type"] === "array")
    return `${name} must be a list, not ${describe(value)}; begin each of its items with "- "`;
  return `${name} must be ${wanted}, not ${describe(value)}`;
}

/** A number in digits alone: YAML reads 0O17 as text, and 017 as octal. */
const decimal = (text: string): string | undefined =>
  text.trim() !== "" && Number.isFinite(Number(text)) ? String(Number(text)) : undefined;

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
