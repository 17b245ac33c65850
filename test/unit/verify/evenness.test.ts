// What chance does is let through, and what it hardly ever does is not.
import { choicesNeeded, isEven } from "../../../scripts/verify/evenness";

/** A generator of numbers from 0 to 1 that gives the same ones each time (Marsaglia's xorshift32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** So many choices among endpoints with these shares. */
function chosen(shares: readonly number[], times: number, random: () => number): Map<string, number> {
  const counts = shares.map(() => 0);
  for (let i = 0; i < times; i++) {
    let [left, found] = [random() - (shares[0] ?? 0), 0];
    while (left >= 0 && found + 1 < shares.length) left -= shares[++found] ?? 0;
    counts[found] = (counts[found] ?? 0) + 1;
  }
  return new Map(counts.map((count, i) => [`pod${i}`, count]));
}

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `pod${i}`);

/** In how many of so many trials it is called uneven. */
function uneven(shares: readonly number[], trials: number): number {
  const random = randomFrom(20_240_607);
  const among = names(shares.length);
  const found = Array.from({ length: trials }, () =>
    isEven(among, chosen(shares, choicesNeeded(shares.length), random)),
  );
  return found.filter((even) => !even).length;
}

test.each([
  ["coin", 2, 10_000],
  ["die", 6, 1000],
])("a fair %s passes each time", (_, sides, trials) => {
  expect(uneven(Array<number>(sides).fill(1 / sides), trials)).toBe(0);
});

test.each([
  ["80:20", [0.8, 0.2]],
  ["20:80", [0.2, 0.8]],
  ["75:25", [0.75, 0.25]],
  ["60:20:20", [0.6, 0.2, 0.2]],
  ["one of ten three times as often", [3 / 12, ...Array<number>(9).fill(1 / 12)]],
])("%s is found each time", (_, shares) => {
  expect(uneven(shares, 1000)).toBe(1000);
});

test.each([
  [[200, 200], true],
  [[230, 170], true],
  [[263, 137], false],
  [[400, 0], false],
  [[134, 133, 133], true],
  [[240, 80, 80], false],
  [[200, 200, 0], false],
])("%p", (counts, even) => {
  expect(isEven(names(counts.length), new Map(counts.map((count, i) => [`pod${i}`, count])))).toBe(even);
});

test("a thousand million times: just less is even, just more is not", () => {
  // Of 100 throws of a coin, 81 or more, or 19 or fewer: 1.35e-10 each; 80 and 20: 5.58e-10. Both counts could be the odd one out.
  const of = (count: number): Map<string, number> =>
    new Map([
      ["pod0", count],
      ["pod1", 100 - count],
    ]);
  expect([79, 80, 81].map((count) => isEven(names(2), of(count)))).toEqual([true, true, false]);
});

test("who has two endpoints gets twice as much", () => {
  const counts = new Map([
    ["pod0", 400],
    ["pod1", 200],
  ]);
  expect(isEven(["pod0", "pod1"], counts)).toBe(false);
  expect(isEven(["pod0", "pod1", "pod0"], counts)).toBe(true);
});

test("one endpoint gets all", () => {
  expect(isEven(["pod0"], new Map([["pod0", 400]]))).toBe(true);
});
