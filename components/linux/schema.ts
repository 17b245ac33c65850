// The arguments of a kind are described once, as JSON Schema that TypeScript understands (TypeBox): types, checks, defaults,
// and the plugin's schema all come from there.
import type { Input } from "@pulumi/pulumi";
import { type Static, type TObject, type TOptional, type TSchema, Type } from "@sinclair/typebox";
import { Value, type ValueError, ValueErrorType } from "@sinclair/typebox/value";

/** A property that has a value even when nobody gives one. */
export type Defaulted<T extends TSchema> = T & { default: Static<T> };

export const withDefault = <T extends TSchema>(schema: T, value: Static<T>): Defaulted<T> => ({
  ...schema,
  default: value,
});

type May<P> = P extends { default: unknown } | TOptional<TSchema> ? true : false;

/** What a program writes for a schema: plain values or outputs of other resources; what has a default may be left out. */
export type InputsOf<S> =
  S extends TObject<infer P>
    ? { [K in keyof P as May<P[K]> extends true ? never : K]: Input<InputsOf<P[K]>> } & {
        [K in keyof P as May<P[K]> extends true ? K : never]?: Input<InputsOf<P[K]> | undefined>;
      }
    : S extends TSchema
      ? Input<Fixed<Static<S>>>
      : never;

/** Nobody changes what a program has written. */
type Fixed<T> = T extends readonly (infer E)[]
  ? readonly Fixed<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Fixed<T[K]> }
    : T;

/** One thing wrong with an argument. */
export interface Fault {
  /** Path of the property, as `peer.mtu`. */
  readonly property: string;
  /** What is wrong, and what to do. */
  readonly reason: string;
}

/** The arguments with every default filled in. */
export function fill<S extends TObject>(schema: S, args: unknown): Static<S> {
  return Value.Default(schema, Value.Clone(args)) as Static<S>;
}

export function faultsOf(schema: TObject, args: unknown): Fault[] {
  return [...Value.Errors(schema, args)]
    .filter((error, i, all) => all.findIndex(({ path }) => path === error.path) === i)
    .map((error) => ({ property: propertyAt(error.path), reason: reasonOf(error) }));
}

/** A JSON pointer (RFC 6901) as the path of a property. */
const propertyAt = (pointer: string): string =>
  pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");

function reasonOf({ message, value, schema, type }: ValueError): string {
  if (value === undefined) return "is missing";
  if (type === ValueErrorType.ObjectAdditionalProperties)
    return String(schema["errorMessage"] ?? "is no property here");
  const choices =
    type === ValueErrorType.Union ? (schema["anyOf"] as { const?: unknown }[]).map((one) => one.const) : [];
  const wanted: unknown =
    choices.length > 0 ? `write one of ${choices.join(", ")}` : (schema["errorMessage"] ?? message.toLowerCase());
  return `${JSON.stringify(value)}: ${String(wanted)}`;
}

/** Without this, TypeBox lets pass what a schema does not name. */
export const closed = { additionalProperties: false } as const;

// Properties that several kinds share, in the manual pages' words.

export const host = Type.String({
  minLength: 1,
  description: "Name of the host, as the provider's configuration gives it.",
});

export const netns = Type.Optional(
  Type.String({ minLength: 1, description: "Network namespace; without it, the host's own (ip-netns(8))." }),
);

/**
 * The kernel takes more, but `/`, white space and `%` would not be found again under the name that was asked for.
 * `all` and `default` have settings without being interfaces (ip-sysctl.rst).
 */
export const interfaceName = Type.String({
  pattern: "^(?!(all|default)$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$",
  errorMessage: 'an interface has 1-15 letters, digits, "_", "." or "-", and is not called all or default',
  description: "Interface name as `ip link` prints it, 1-15 characters.",
});

export const mtu = withDefault(
  Type.Integer({ minimum: 68, maximum: 65535, description: "Largest packet in bytes, 68-65535." }),
  1500,
);

export const macAddress = Type.String({
  pattern: "^[0-9a-f]{2}(:[0-9a-f]{2}){5}$",
  errorMessage: "write a MAC address in lower case, as 0a:58:0a:f4:00:01",
});

export const interfaceAddress = Type.String({
  pattern: "^[0-9a-f.:]+/[0-9]{1,3}$",
  errorMessage: "write an address with its prefix length, as 10.244.0.1/24",
});
