// Kubernetes' own schema of its objects, as scripts/record/kubernetes-schema.ts cuts it out, in TypeBox's types:
// TypeBox walks a schema without compiling it, which for a Pod (180 definitions) would take longer than everything else.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FormatRegistry, type TProperties, type TSchema, Type } from "@sinclair/typebox";

export const kubernetesVersion = "v1.35";

interface JsonSchema {
  readonly $ref?: string;
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: false | JsonSchema;
  readonly items?: JsonSchema;
}

interface Recorded {
  /** The API versions of every kind that Kubernetes stores, also of those without a definition here. */
  readonly kinds: Readonly<Record<string, readonly string[]>>;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

let read: Recorded | undefined;

function recorded(): Recorded {
  return (read ??= JSON.parse(
    readFileSync(join(__dirname, `kubernetes-${kubernetesVersion}.json`), "utf8"),
  ) as Recorded);
}

export const kubernetesKinds = (): Recorded["kinds"] => recorded().kinds;

const types = new Map<string, TSchema>();

/** @param name such as `core.v1.Pod` */
export function kubernetesType(name: string): TSchema {
  const known = types.get(name);
  if (known !== undefined) return known;
  const definition = recorded().definitions[name];
  if (definition === undefined) throw new Error(`no definition of ${name} in Kubernetes ${kubernetesVersion}`);
  const type = convert(definition);
  types.set(name, type);
  return type;
}

const int32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };

// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
FormatRegistry.Set("quantity", (text) => /^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/.test(text));
FormatRegistry.Set("date-time", (text) => /^\d{4}-\d\d-\d\d[Tt]/.test(text) && !Number.isNaN(Date.parse(text)));
FormatRegistry.Set("byte", (text) => /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text));

function convert({
  $ref,
  title,
  type,
  format,
  required,
  properties,
  additionalProperties,
  items,
}: JsonSchema): TSchema {
  if ($ref !== undefined) return kubernetesType($ref.slice("#/definitions/".length));
  if (Array.isArray(type)) return Type.Union(type.map((one: string) => convert({ type: one, format })));
  if (items !== undefined) return Type.Array(convert(items));
  if (properties !== undefined)
    return Type.Object(fields(properties, required ?? []), { additionalProperties: false, title });
  if (additionalProperties) return Type.Record(Type.String(), convert(additionalProperties));
  switch (type) {
    case "string":
      return Type.String(format === undefined ? {} : { format });
    case "integer":
      return Type.Integer(format === "int32" ? int32 : {});
    case "number":
      return Type.Number();
    case "boolean":
      return Type.Boolean();
    default:
      return Type.Object({}); // managedFields: anything goes
  }
}

function fields(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]): TProperties {
  return Object.fromEntries(
    Object.entries(properties).map(([field, schema]) => {
      const type = convert(schema);
      return [field, required.includes(field) ? type : Type.Optional(type)];
    }),
  );
}
