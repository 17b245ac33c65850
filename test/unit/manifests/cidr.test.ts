import fc from "fast-check";
import {
  bitsOf,
  cidr,
  formatAddress,
  formatCidr,
  freeBlocks,
  overlap,
  parseAddress,
  parseCidr,
  parseRange,
  rangeAround,
  sizeOf,
  within,
} from "../../../components/kubernetes/addresses/cidr";
import { capacityOf, nodeAddresses, podAddresses } from "../../../components/kubernetes/addresses/ranges";

const family = fc.constantFrom(4 as const, 6 as const);
const address = family.chain((family) =>
  fc.record({ family: fc.constant(family), value: fc.bigInt(0n, 2n ** BigInt(bitsOf(family)) - 1n) }),
);
const range = address.chain(({ family, value }) =>
  fc.nat(bitsOf(family)).map((prefix) => rangeAround(family, value, prefix)),
);

test("an address survives being written and read", () => {
  fc.assert(
    fc.property(address, ({ family, value }) => {
      expect(parseAddress(formatAddress(family, value))).toEqual({ family, value });
    }),
  );
});

test("a range survives being written and read", () => {
  fc.assert(
    fc.property(range, (range) => {
      expect(parseCidr(formatCidr(range))).toEqual({ cidr: range, address: range.first });
      expect(sizeOf(range)).toBe(2n ** BigInt(bitsOf(range.family) - range.prefix));
    }),
  );
});

test("a range is written by its ends, or as a CIDR", () => {
  fc.assert(
    fc.property(address, fc.nat(1000), ({ family, value }, more) => {
      const last = value + BigInt(more);
      fc.pre(last < 2n ** BigInt(bitsOf(family)));
      const text = [value, last].map((one) => formatAddress(family, one));
      expect(parseRange(text.join("-"))).toEqual({ family, first: value, last });
      expect(parseRange([...text].reverse().join(" - ")) === undefined).toBe(more > 0);
    }),
  );
  fc.assert(fc.property(range, (range) => expect(parseRange(formatCidr(range))).toEqual(range)));
  for (const wrong of ["", "-", "10.0.0.1", "10.0.0.1-", "10.0.0.1-10.0.0.2-10.0.0.3", "10.0.0.1-::2"])
    expect(parseRange(wrong)).toBeUndefined();
});

test.each([
  "",
  "10.0.0.0",
  "10.0.0.0/",
  "10.0.0.0/33",
  "10.0.0.0/08",
  "10.0.0.0/-1",
  "10.0.0/8",
  "010.0.0.0/8",
  " 10.0.0.0/8",
  "10.0.0.0/8 ",
  "10.0.0.0/8/8",
  "fe80::%eth0/64",
  "::/129",
  "x",
])("%j is no CIDR", (text) => expect(parseCidr(text)).toBeUndefined());

test("two ranges overlap when one is within the other, and only then", () => {
  fc.assert(fc.property(range, range, (a, b) => expect(overlap(a, b)).toBe(within(a, b) || within(b, a))));
});

test("free blocks are all the blocks that overlap nothing taken, in order", () => {
  const outer = cidr("10.0.0.0/20");
  const inside = fc.record({ offset: fc.bigInt(0n, 4095n), prefix: fc.integer({ min: 20, max: 30 }) });
  fc.assert(
    fc.property(fc.array(inside, { maxLength: 8 }), fc.integer({ min: 18, max: 27 }), (parts, prefix) => {
      const taken = parts.map(({ offset, prefix }) => rangeAround(4, outer.first + offset, prefix));
      const all = Array.from({ length: prefix < 20 ? 0 : 2 ** (prefix - 20) }, (_, i) =>
        rangeAround(4, outer.first + BigInt(i) * 2n ** BigInt(32 - prefix), prefix),
      );
      expect([...freeBlocks(outer, prefix, taken)]).toEqual(
        all.filter((block) => !taken.some((t) => overlap(t, block))),
      );
    }),
  );
});

test("nodes: from .11 to the end, then .2 to .10", () => {
  const last = (text: string): string[] =>
    [...nodeAddresses(cidr(text))].map((value) => formatAddress(4, value).replace(/.*\./, "."));
  expect(last("192.168.0.0/28")).toEqual([
    ".11",
    ".12",
    ".13",
    ".14",
    ".2",
    ".3",
    ".4",
    ".5",
    ".6",
    ".7",
    ".8",
    ".9",
    ".10",
  ]);
  expect(last("192.168.0.0/30")).toEqual([".2"]);
  expect(last("192.168.0.0/31")).toEqual([]);
  expect(last("192.168.0.0/32")).toEqual([]);
});

test("pods: round robin from the one after the last", () => {
  const podCIDR = cidr("10.244.0.0/29");
  const order = (lastReserved?: bigint): string[] =>
    [...podAddresses(podCIDR, lastReserved)].map((value) => formatAddress(4, value).replace(/.*\./, "."));
  expect(order()).toEqual([".2", ".3", ".4", ".5", ".6"]);
  expect(order(podCIDR.first + 4n)).toEqual([".5", ".6", ".2", ".3", ".4"]);
  expect(order(podCIDR.first + 6n)).toEqual([".2", ".3", ".4", ".5", ".6"]);
});

test.each([
  ["10.0.0.0/24", 253],
  ["10.0.0.0/30", 1],
  ["10.0.0.0/31", 0],
  ["10.0.0.0/32", 0],
])("%s has %d addresses to give", (text, capacity) => {
  expect(capacityOf(cidr(text))).toBe(capacity);
});
