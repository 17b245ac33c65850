// Property paths, as `peer.mtu`.
import { isDeepStrictEqual } from "node:util";

type Bag = Record<string, unknown>;

export function at(object: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Bag | undefined)?.[key], object);
}

/** A copy without one property. */
export function without<T>(object: T, path: string): T {
  const [key = "", ...rest] = path.split(".");
  const { [key]: value, ...others } = object as Bag;
  if (rest.length === 0 || value === undefined) return (rest.length === 0 ? others : object) as T;
  return { ...others, [key]: without(value, rest.join(".")) } as T;
}

/** The paths, as lists of keys, at which two values differ; objects are compared property by property, lists as a whole. */
export function differences(a: unknown, b: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (!isBag(a) || !isBag(b)) return isDeepStrictEqual(a, b) ? [] : [path];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differences(a[key], b[key], [...path, key]));
}

const isBag = (value: unknown): value is Bag => typeof value === "object" && value !== null && !Array.isArray(value);
