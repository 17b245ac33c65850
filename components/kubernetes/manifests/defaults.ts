import { KindGuard, type TSchema } from "@sinclair/typebox";
import { variantOf } from "./variants";

/**
 * A copy of a value with the defaults that its type names. A default stands for a missing value as a whole:
 * TypeBox's own Value.Default would add the default host to the hosts that an author lists.
 */
export function withDefaults(type: TSchema, value: unknown): unknown {
  const given = structuredClone(value ?? type["default"]) as unknown;
  if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
  const fieldType = fieldTypes(type, given);
  const fields = new Set([...Object.keys(fieldType), ...Object.keys(given)]);
  const filled = [...fields].map((field) => {
    const own = (given as Record<string, unknown>)[field];
    return [field, fieldType[field] === undefined ? own : withDefaults(fieldType[field], own)] as const;
  });
  return Object.fromEntries(filled.filter(([, field]) => field !== undefined));
}

function fieldTypes(type: TSchema, value: object): Record<string, TSchema> {
  if (KindGuard.IsObject(type)) return type.properties;
  if (KindGuard.IsUnion(type)) return variantOf(type, value)?.properties ?? {};
  if (!KindGuard.IsRecord(type)) return {};
  const [each] = Object.values(type.patternProperties);
  return each === undefined ? {} : Object.fromEntries(Object.keys(value).map((field) => [field, each]));
}
