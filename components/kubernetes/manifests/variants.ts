// Types of which there are several, told apart by the field `type`.

import { KindGuard, type TObject, type TSchema } from "@sinclair/typebox";
import { valueAt } from "./source";

export const variantsOf = (union: TSchema): TObject[] =>
  (union["anyOf"] as TSchema[]).filter((one) => KindGuard.IsObject(one));

export const typeName = (variant: TObject): unknown => variant.properties["type"]?.["const"];

export function variantOf(union: TSchema, value: unknown): TObject | undefined {
  const named = valueAt(value, ["type"]);
  return variantsOf(union).find((variant) => typeName(variant) === named);
}
