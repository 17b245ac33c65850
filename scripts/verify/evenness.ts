// Whether a choice that was made many times was even, or so uneven that chance alone would hardly ever do it.

/** An even choice is called uneven less than once in a thousand million times. */
const mostUnlikely = 1e-9;

/**
 * So many choices show nearly every time that one endpoint gets three times as much as each other one: for two of them 75:25, for
 * three 60:20:20.
 */
export const choicesNeeded = (endpoints: number): number => Math.max(400, 60 * endpoints);

/** @param among a name for each endpoint; who has two is to be chosen twice as often */
export function isEven(among: readonly string[], counts: ReadonlyMap<string, number>): boolean {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const names = [...new Set(among)];
  return names.every((name) => {
    const share = among.filter((each) => each === name).length / among.length;
    // Each of them could be the one that stands out, in two ways.
    return share === 1 || chanceOf(counts.get(name) ?? 0, all, share) * 2 * names.length >= mostUnlikely;
  });
}

/** How likely it is that so many of all choices or even fewer, or where these are many, even more, fall on somebody with this share. */
function chanceOf(count: number, all: number, share: number): number {
  if (count > all * share) return chanceOf(all - count, all, 1 - share);
  let chance = 0;
  // Of none, and from there from each number to the next: the binomial distribution, in logarithms, because it gets tiny.
  let logarithm = all * Math.log(1 - share);
  for (let number = 0; number <= count; number++) {
    chance += Math.exp(logarithm);
    logarithm += Math.log(((all - number) / (number + 1)) * (share / (1 - share)));
  }
  return chance;
}
