// Ranges of IP addresses, as numbers: bigint, so that IPv6 needs no second set of these functions.
// ip-address reads and writes the addresses; IPv6 is read too, so that a message can name it.

import { Address4, Address6 } from "ip-address";

/** Addresses that follow one another, wherever the first one is. */
export interface Range {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** The first address is the network's; the last one, in IPv4, is for broadcast. */
export interface Cidr extends Range {
  readonly prefix: number;
}

export const bitsOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/** @returns undefined for what is no IP address, also for IPv4 with leading zeros, which some programs read as octal */
export function parseAddress(text: string): { family: 4 | 6; value: bigint } | undefined {
  if (text.includes("/")) return undefined;
  if (Address4.isValid(text)) return { family: 4, value: new Address4(text).bigInt() };
  if (Address6.isValid(text) && !text.includes("%")) return { family: 6, value: new Address6(text).bigInt() };
  return undefined;
}

/** Reads `address/prefix`; host bits are the caller's to judge. @returns undefined for what is no CIDR */
export function parseCidr(text: string): { cidr: Cidr; address: bigint } | undefined {
  const [, address, digits] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const parsed = address === undefined ? undefined : parseAddress(address);
  const prefix = Number(digits);
  if (parsed === undefined || prefix > bitsOf(parsed.family)) return undefined;
  return { cidr: rangeAround(parsed.family, parsed.value, prefix), address: parsed.value };
}

/** Reads `first-last`, or a CIDR, of which the host bits do not count. @returns undefined for what is neither */
export function parseRange(text: string): Range | undefined {
  const [from, to, ...rest] = text.split("-").map((part) => part.trim());
  if (to === undefined) return parseCidr(text)?.cidr;
  const [first, last] = [parseAddress(from ?? ""), parseAddress(to)];
  if (first === undefined || last === undefined || first.family !== last.family || rest.length > 0) return undefined;
  return first.value <= last.value ? { family: first.family, first: first.value, last: last.value } : undefined;
}

/** A CIDR that is known to be good, because this program or a check wrote it. */
export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(`not a CIDR: ${text}`);
  return parsed.cidr;
}

export function rangeAround(family: 4 | 6, address: bigint, prefix: number): Cidr {
  const size = 1n << BigInt(bitsOf(family) - prefix);
  const first = address - (address % size);
  return { family, first, last: first + size - 1n, prefix };
}

export function formatAddress(family: 4 | 6, value: bigint): string {
  return family === 4 ? Address4.fromBigInt(value).correctForm() : Address6.fromBigInt(value).correctForm();
}

export const formatCidr = ({ family, first, prefix }: Cidr): string => `${formatAddress(family, first)}/${prefix}`;

export const sizeOf = ({ first, last }: Range): bigint => last - first + 1n;

export function overlap(a: Range, b: Range): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

export function within(inner: Range, outer: Range): boolean {
  return inner.family === outer.family && outer.first <= inner.first && inner.last <= outer.last;
}

export const holds = (range: Range, address: bigint): boolean => range.first <= address && address <= range.last;

/** The blocks of one size in a range, in order, that overlap nothing taken. */
export function* freeBlocks(range: Cidr, prefix: number, taken: readonly Cidr[]): Generator<Cidr, undefined> {
  if (prefix < range.prefix) return;
  for (let at = range.first; at <= range.last;) {
    const block = rangeAround(range.family, at, prefix);
    const obstacle = taken.find((other) => overlap(other, block));
    if (obstacle === undefined) yield block;
    // On after the obstacle, which may be larger than a block: a small one in a /8 must not be counted one by one.
    at = (obstacle !== undefined && obstacle.last > block.last ? obstacle.last : block.last) + 1n;
  }
}
