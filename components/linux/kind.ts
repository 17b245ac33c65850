// The contract of a kind of kernel object. Every kind file holds one kind in this order:
// args, validate, commands (create, change, delete), probe, parse. Nothing in it runs anything.
import type { Static, TObject } from "@sinclair/typebox";
import { type Command, HostError, type Output } from "../host";
import type { Fault } from "./schema";

/** What every kind's arguments have. */
export interface Args {
  readonly host: string;
}

/** What there is to know besides the arguments when commands are rendered. */
export interface Context<A = unknown> {
  /** Name of the lab whose the object is. */
  readonly lab: string;
  /**
   * Arguments from before, of which parts may be there: those of the state and, of a kind that `remembers`, those that were written
   * down, because operations that were killed may have left some.
   */
  readonly earlier?: readonly A[];
  /** All of its kind that the program has, as far as it has said so in this operation. */
  readonly declared?: () => readonly A[];
  /** What was there before the lab came, of a `permanent` object. */
  readonly before?: A;
}

/** Thrown by `parse` when the name is taken by something of another kind. */
export class WrongKind extends HostError {}

/** Plain `Kind` stands for any kind: of its arguments no more is known than what all kinds have. */
export interface Kind<S extends TObject = TObject, A extends Args = TObject extends S ? Args : Static<S> & Args> {
  /** `podnet:linux:Bridge`, as in a state file. */
  readonly token: string;
  readonly description: string;
  readonly args: S;
  /** Properties (paths as `peer.name`) that make the object this one and no other; a change of one is another object. */
  readonly identity: readonly string[];
  /** Properties that the kernel fills in by itself when nobody asks for a value: then they are not compared. */
  readonly derived?: readonly string[];

  /** Problems beyond the schema. */
  validate?(args: A): Fault[];
  /** The object's name on its host: unique among the objects of its kind, and enough to find it again. */
  id(args: A): string;
  /** What it takes that no other can have at the same time, in words for people. @default its id, of its kind */
  takes?(args: A): readonly string[];
  /** The arguments that `probe` needs, out of an id. */
  fromId(id: string): Omit<A, "host"> | Record<string, unknown>;
  /** The namespaces the object lies in; undefined stands for the host's own. An object of the host's files has none. */
  within(args: A): readonly (string | undefined)[];

  /**
   * From what is there (undefined: nothing) to what is wanted; no difference, no commands.
   * With nothing there these are the plain commands that a person would type.
   */
  commands(args: A, found: A | undefined, context: Context<A>): Command[];
  /** Bookkeeping around `commands` that no person would do by hand. */
  prepare?(args: A, context: Context<A>): Command[];
  finish?(args: A, context: Context<A>): Command[];
  /**
   * From what is there (undefined: nothing) to nothing. With nothing there, only what podnet put beside the object goes:
   * a command that deletes something may hit what only looks like it.
   */
  removal(args: A, found: A | undefined, context: Context<A>): Command[];

  /** Commands that only read. */
  probe(args: A, context: Context<A>): Command[];
  /** Many objects have the same probe, so those who wait for it share its answer. */
  readonly shared?: true;
  /** Where `commands` is one command with an input, one input for several such objects. */
  readonly merge?: (texts: readonly string[]) => string;
  /** What is there, in the words of the args; undefined when the probe says that nothing is. */
  parse(outputs: readonly Output[], args: A): A | undefined;
  /** What to remember of what was found right after `commands` ran. @default what was found */
  applied?(args: A, found: A): A;
  /** Properties of the state that no program gives. */
  readonly computed?: readonly string[];

  /** Nothing of it stays that somebody would have to remove, so it is not written down. */
  readonly transient?: true;
  /** Its parts have names that are known by the arguments alone, so former arguments are kept beside those of a change. */
  readonly remembers?: true;
  /** An object that is always there: it can be changed and put back, but not made or deleted (a sysctl). */
  readonly permanent?: true;
  /** The network namespace that the object is. */
  space?(args: A): string;
  /** What has to be done before `removal`, once for all that are removed at the same time. */
  clear?(removed: readonly { readonly args: A; readonly found: A | undefined }[], context: Context<A>): Command[];
}

/** `local,demo.node1,cbr0`: what Pulumi calls the resource's id, and what `pulumi import` takes. */
export const resourceId = (kind: Kind, args: Args): string => `${args.host},${kind.id(args)}`;

export const hostOfId = (id: string): [host: string, rest: string] => {
  const comma = id.indexOf(",");
  if (comma < 1) throw new HostError(`"${id}" is no id; write <host>,<...> as docs/import.md shows`);
  return [id.slice(0, comma), id.slice(comma + 1)];
};

/** Splits an id at its first commas; the last part keeps its own. */
export function parts(id: string, count: number): string[] {
  const all = id.split(",");
  return [...all.slice(0, count - 1), all.slice(count - 1).join(",")];
}
