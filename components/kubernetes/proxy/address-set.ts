// How nft prints a set of addresses in a rule: sorted, neighbours joined, and without braces where one was given.
import { bitsOf, cidr, formatAddress, rangeAround } from "../addresses/cidr";

interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/** @param ranges IPv4 CIDRs */
export function addressSet(ranges: readonly string[]): string {
  const intervals = joined(ranges.map(cidr)).map(formatInterval);
  return ranges.length === 1 ? intervals.join() : `{ ${intervals.join(", ")} }`;
}

function joined(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const next of [...intervals].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    const before = result.at(-1);
    if (before === undefined || next.first > before.last + 1n) result.push(next);
    else if (next.last > before.last) result.splice(-1, 1, { first: before.first, last: next.last });
  }
  return result;
}

function formatInterval({ first, last }: Interval): string {
  const address = formatAddress(4, first);
  if (first === last) return address;
  const prefix = bitsOf(4) - (last - first).toString(2).length;
  const block = rangeAround(4, first, prefix);
  return block.first === first && block.last === last ? `${address}/${prefix}` : `${address}-${formatAddress(4, last)}`;
}
