// How Services come by what there is only so much of: cluster IPs, node ports. Whoever holds one keeps it; the others get
// one by dice that always fall alike, since nobody must be moved when another Service comes or goes.

import { createHash } from "node:crypto";

export interface Want {
  /** Whose it is, and what for. */
  readonly key: string;
  readonly held?: bigint;
}

/** From first to last, of which those before `dynamic` are given last, so that authors may ask for them. */
export interface Band {
  readonly first: bigint;
  readonly dynamic: bigint;
  readonly last: bigint;
}

/** The part that Kubernetes leaves to authors: a fraction of the range, not less than 16 and not more than `most`. */
export function band(first: bigint, last: bigint, fraction: bigint, most: bigint): Band {
  const least = 16n;
  const size = last - first + 1n;
  const part = size / fraction;
  const reserved = size < least ? 0n : part < least ? least : part > most ? most : part;
  return { first, dynamic: reserved < size ? first + reserved : first, last };
}

/** @param taken by authors; what is given is added */
export function give(wants: readonly Want[], { first, dynamic, last }: Band, taken: Set<bigint>): Map<string, bigint> {
  const given = new Map<string, bigint>();
  const take = (key: string, value: bigint): void => {
    given.set(key, value);
    taken.add(value);
  };
  for (const { key, held } of wants)
    if (held !== undefined && held >= first && held <= last && !taken.has(held)) take(key, held);
  for (const { key } of wants) {
    if (given.has(key)) continue;
    const value = free(dynamic, last, key, taken) ?? free(first, dynamic - 1n, key, taken);
    if (value === undefined) throw new Error(`nothing is left for ${key}`);
    take(key, value);
  }
  return given;
}

/** From where the key's hash says, round to before it. */
function free(first: bigint, last: bigint, key: string, taken: ReadonlySet<bigint>): bigint | undefined {
  const size = last - first + 1n;
  if (size <= 0n) return undefined;
  const start = BigInt(`0x${createHash("sha256").update(key).digest("hex")}`) % size;
  for (let step = 0n; step < size; step++) {
    const value = first + ((start + step) % size);
    if (!taken.has(value)) return value;
  }
  return undefined;
}
