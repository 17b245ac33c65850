// What differs between what is there and what is wanted, and whether the kernel can change it in place.
import { differences, at } from "../components/linux/properties";
import type { Kind } from "../components/linux/kind";
import type { Values } from "./values";

export interface Difference {
  /** The property of the resource in which it is. */
  readonly property: string;
  /** In Pulumi's notation, as `conf.ipv4["arp_notify"]`. */
  readonly path: string;
  readonly change: "add" | "delete" | "update";
  readonly replaces: boolean;
}

/** `commands` and what podnet computes are derived: alone they change nothing. */
export function diff(kind: Kind, state: Values, wanted: Values): Difference[] {
  const derived = new Set(["commands", ...(kind.computed ?? [])]);
  const unasked = new Set((kind.derived ?? []).filter((path) => at(wanted, path) === undefined));
  return differences(state, wanted)
    .filter(([first = "", ...rest]) => !derived.has(first) && !unasked.has([first, ...rest].join(".")))
    .map((keys) => {
      const path = keys.join(".");
      const has = (values: Values): boolean =>
        keys.reduce<unknown>((v, key) => (v as Values | undefined)?.[key], values) !== undefined;
      return {
        property: keys[0] ?? "",
        path: keys.map(notation).join(""),
        change: !has(state) ? "add" : !has(wanted) ? "delete" : "update",
        replaces: kind.identity.some(
          (identity) => `${path}.`.startsWith(`${identity}.`) || identity.startsWith(`${path}.`),
        ),
      };
    });
}

const notation = (key: string, index: number): string =>
  /^[A-Za-z_]\w*$/.test(key) ? `${index === 0 ? "" : "."}${key}` : `["${key.replaceAll('"', '\\"')}"]`;
