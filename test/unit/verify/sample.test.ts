// Which pairs are taken of many: always the same, evenly, and none that matters is left out.
import fc from "fast-check";
import { samplePairs } from "../../../scripts/verify/sample";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const count = (values: readonly number[]): number[] => {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()];
};

test("all of few", () => {
  expect(samplePairs(["a", "b"], [1, 2], { most: 4 })).toEqual({
    all: 4,
    pairs: [
      ["a", 1],
      ["a", 2],
      ["b", 1],
      ["b", 2],
    ],
  });
});

test("of 1,000 pods on 100 nodes: each as often as any other, from each node to each, and each to itself", () => {
  const tenth = (n: number): string => String(Math.floor(n / 10));
  const pods = numbers(1000);
  const options = { most: 22_500, always: (a: number, b: number) => a === b, groups: { row: tenth, column: tenth } };
  const { pairs, all } = samplePairs(pods, pods, options);
  expect(all).toBe(1_000_000);
  expect(pairs.length).toBeLessThan(30_000);
  const targets = count(pairs.map(([, to]) => to));
  expect(targets).toHaveLength(1000);
  expect(Math.min(...targets)).toBeGreaterThan(15);
  expect(Math.max(...targets)).toBeLessThan(35);
  expect(pairs.filter(([from, to]) => from === to)).toHaveLength(1000);
  expect(new Set(pairs.map(([from, to]) => `${tenth(from)} ${tenth(to)}`)).size).toBe(100 * 100);
  expect(samplePairs(pods, pods, options)).toEqual({ pairs, all });
});

test("never a pair twice, never one that is not there, and what must be taken is", () => {
  const sizes = fc.integer({ min: 0, max: 60 });
  fc.assert(
    fc.property(sizes, sizes, fc.integer({ min: 1, max: 500 }), (rows, columns, most) => {
      const always = (r: number, c: number): boolean => (r + c) % 7 === 0;
      const { pairs } = samplePairs(numbers(rows), numbers(columns), { most, always });
      const keys = new Set(pairs.map(([r, c]) => `${r} ${c}`));
      expect(keys.size).toBe(pairs.length);
      expect(pairs.every(([r, c]) => r < rows && c < columns)).toBe(true);
      for (const r of numbers(rows))
        for (const c of numbers(columns)) if (always(r, c)) expect(keys).toContain(`${r} ${c}`);
    }),
  );
});
