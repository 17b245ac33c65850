// What was seen of an object and of what is written down about it, and what follows from that.
import type { Args, Kind } from "./kind";
import type { OwnedRecord, Ownership } from "./owned";
import { at, differences } from "./properties";

export interface Observed {
  /** What is there, in the words of the args, with what nobody asked for and the kernel filled in. */
  readonly found: Args | undefined;
  /** Why what is there cannot be it. */
  readonly wrong: string | undefined;
  readonly ownership: Ownership;
}

/** What there is of a new object in a fresh namespace, where nothing needs to be prepared either. */
export const nothing: Observed = {
  found: undefined,
  wrong: undefined,
  ownership: { inside: true, owner: undefined, record: undefined },
};

/** What may be there of other arguments: where the state has what was written down last, of no earlier ones. */
export function formerOf(record: OwnedRecord | undefined, old: Args | undefined): OwnedRecord["args"][] {
  if (!record) return [];
  return old && isPartOf(record.args, old) ? [record.args] : [record.args, ...(record.former ?? [])];
}

/** Whether a state, in which more may stand, has these arguments. */
export const isPartOf = (args: OwnedRecord["args"], state: Args): boolean =>
  Object.entries(args).every(([key, value]) => differences(value, at(state, key)).length === 0);

export const isAbsent = ({ found, wrong }: Observed): boolean => found === undefined && wrong === undefined;

/** Whether what is there is what was asked for, or nothing is: then the rest can be made of it. */
export function isSame(kind: Kind, args: Args, { found, wrong }: Observed): boolean {
  if (wrong !== undefined) return false;
  return !found || kind.identity.every((path) => differences(at(found, path), at(args, path)).length === 0);
}

/** Whether it is there, and is not the lab's. What is always there is nobody's. */
export function isForeign(kind: Kind, { found, wrong, ownership }: Observed): boolean {
  const isThere = found !== undefined || wrong !== undefined;
  return isThere && !kind.permanent && !ownership.inside && !ownership.record;
}
