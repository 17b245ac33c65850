// All answers of a Service's endpoints, to all that may reach the same ones, together: so many that it shows whether each endpoint
// gets its share.
import type { Check } from "./check";
import { choicesNeeded } from "./evenness";
import type { Observed } from "./expectations";
import type { Place } from "./places";

interface Pool {
  readonly checks: readonly Check[];
  /** A name for each endpoint. */
  readonly among: readonly string[];
}

/** Who has to stay with an endpoint does not choose, and where there is one only there is no choice. */
function poolsOf(checks: readonly Check[]): Pool[] {
  const pools = new Map<string, { checks: Check[]; among: readonly string[] }>();
  for (const check of checks) {
    const { to, expected } = check;
    if (expected.kind !== "served" || expected.sticky) continue;
    const among = expected.servers.map(({ by }) => by).sort();
    if (new Set(among).size < 2) continue;
    const key = [to.name, ...among].join(" ");
    const pool = pools.get(key) ?? { checks: [], among };
    pool.checks.push(check);
    pools.set(key, pool);
  }
  return [...pools.values()];
}

export function askedEnough(checks: readonly Check[]): Check[] {
  const least = new Map<Check, number>();
  for (const pool of poolsOf(checks))
    for (const check of pool.checks) least.set(check, Math.ceil(choicesNeeded(pool.among.length) / pool.checks.length));
  return checks.map((check) => ({ ...check, times: Math.max(check.times ?? 1, least.get(check) ?? 1) }));
}

/** Checks that are about the answers to others. */
export const evenShares = (promise: string, checks: readonly Check[]): Check[] =>
  poolsOf(checks).map(({ checks: pooled, among }): Check => {
    const [{ to, way, port } = {} as Check] = pooled;
    const from: Place = { ...to, name: "everywhere", kind: "everywhere" };
    return { ...{ promise, from, to, way, port, pooled }, address: to.ip, expected: { kind: "even", among } };
  });

/** Where a question had no answer, its endpoint is not known, and the answers to the others are not all that there were. */
export function tally({ expected, pooled = [] }: Check, observed: (check: Check) => Observed | undefined): Observed {
  const among = expected.kind === "even" ? expected.among : [];
  const counts = new Map(among.map((name) => [name, 0]));
  for (const check of pooled) {
    const seen = observed(check);
    if (seen?.kind !== "served") continue;
    for (const { by } of seen.answers) if (counts.has(by)) counts.set(by, (counts.get(by) ?? 0) + 1);
  }
  const isHeard = [...counts.values()].some((count) => count > 0);
  return isHeard ? { kind: "tally", counts } : { kind: "unmeasured", reason: "nobody was answered" };
}
