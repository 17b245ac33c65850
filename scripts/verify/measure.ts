// Measures checks with real packets: a prober on each host, listeners in every place, then batch by batch all questions at once.
import { batchesOf } from "./batches";
import { type Observed, holds } from "./expectations";
import { type Place, type RunningLab, placesOf } from "./places";
import { tally } from "./pools";
import { Prober, newToken } from "./prober";
import type { Check } from "./check";

export interface Measurement {
  readonly check: Check;
  readonly observed: Observed;
  /** Undefined when it could not be measured. */
  readonly ok: boolean | undefined;
}

/** Seconds until a question counts as unanswered; it is asked twice. Where silence is what should be, the shorter one will do: an
 * answer takes milliseconds, and the router's "unreachable" comes once a second only (icmp_ratelimit). */
const limits = { answer: 2, silence: 1 };

/** Questions to the lab's own servers under way: they take so many connections, not more. */
const mostAtOnce = 100;

interface Listener {
  readonly tcp: number;
  readonly udp: number;
}

/** Listeners by place, or why a place has none. */
type Listeners = ReadonlyMap<string, Listener | string>;

export async function measure(lab: RunningLab, checks: readonly Check[]): Promise<Measurement[]> {
  const probers = await startProbers(lab, checks);
  try {
    const listeners = await listen(placesOf(lab), probers);
    const sent = checks.filter(({ pooled }) => pooled === undefined);
    const toServices = sent.filter(({ to }) => to.kind === "service");
    const batches = batchesOf(sent.filter(({ to }) => to.kind !== "service"));
    if (batches.length > 1) for (const prober of probers.values()) prober.send(["remember"]);
    const measurements: Measurement[] = [];
    for (const batch of batches) {
      measurements.push(...(await ask(batch, listeners, probers)));
      if (batches.length > 1) await tidy(probers);
    }
    if (toServices.length > 0) measurements.push(...(await ask(toServices, listeners, probers, mostAtOnce)));
    return inOrderOf(checks, measurements);
  } finally {
    await eachHost(probers, (prober) => prober.close());
  }
}

async function startProbers({ hosts, ...lab }: RunningLab, checks: readonly Check[]): Promise<Map<string, Prober>> {
  const names = checks.length > 0 ? [...new Set(placesOf({ hosts, ...lab }).map(({ host }) => host))] : [];
  const token = newToken();
  const started = await Promise.allSettled(
    names.map((name) => {
      const settings = hosts[name];
      if (!settings) throw new Error(`the stack does not say how host "${name}" is reached`);
      return Prober.start(name, settings, token);
    }),
  );
  const probers = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = started.find((result) => result.status === "rejected");
  if (!failed) return new Map(probers.map((prober) => [prober.host, prober]));
  await Promise.all(probers.map((prober) => prober.close()));
  throw failed.reason;
}

async function listen(places: readonly Place[], probers: ReadonlyMap<string, Prober>): Promise<Listeners> {
  const listeners = new Map<string, Listener | string>();
  await eachHost(probers, async (prober) => {
    const here = places.filter(({ host }) => host === prober.host);
    prober.send(here.map(({ name, netns, ip }) => `listen ${name} ${netns} ${ip}`));
    for (const _ of here) {
      const [verb, name = "", ...rest] = (await prober.next()).split(" ");
      const [tcp, udp] = rest.map(Number);
      listeners.set(name, verb === "listening" ? { tcp: tcp ?? 0, udp: udp ?? 0 } : `${name}: ${rest.join(" ")}`);
    }
  });
  return listeners;
}

async function ask(
  checks: readonly Check[],
  listeners: Listeners,
  probers: ReadonlyMap<string, Prober>,
  most?: number,
): Promise<Measurement[]> {
  const observed = new Map<Check, Observed>();
  const lines = new Map<string, string[]>([...probers.keys()].map((host) => [host, []]));
  for (const [number, check] of checks.entries()) {
    const question = questionOf(check, number, listeners);
    if (typeof question === "string")
      lines.get(check.from.host)?.push(...Array<string>(check.times ?? 1).fill(question));
    else observed.set(check, question);
  }
  await eachHost(probers, async (prober) => {
    prober.send([...(lines.get(prober.host) ?? []), most === undefined ? "run" : `run ${most}`]);
    for (let said = await prober.next(); said !== "done"; said = await prober.next()) {
      const [, number, outcome = "", ...rest] = said.split(" ");
      const check = checks[Number(number)];
      if (check) observed.set(check, together(observed.get(check), observation(outcome, rest)));
    }
  });
  return checks.map((check) => {
    const seen = observed.get(check) ?? { kind: "unmeasured", reason: "it was not asked" };
    return { check, observed: seen, ok: holds(check.expected, seen) };
  });
}

/** A line for the prober, or why there is nothing to ask. */
function questionOf(check: Check, number: number, listeners: Listeners): string | Observed {
  const { from, to, way, address, size = 0, expected } = check;
  const [here, there] = [listeners.get(from.name), listeners.get(to.name)];
  const problem = [here, there].find((listener) => typeof listener === "string");
  if (typeof problem === "string") return { kind: "unmeasured", reason: problem };
  const own = way === "tcp" ? (there as Listener | undefined)?.tcp : (there as Listener | undefined)?.udp;
  const limit = expected.kind === "no-way" ? limits.silence : limits.answer;
  return ["probe", number, from.name, way, address, check.port ?? own ?? 0, size, limit].join(" ");
}

/** What was observed of a question that is asked many times: all answers, or else what was no answer. */
function together(before: Observed | undefined, now: Observed): Observed {
  if (before === undefined || before.kind !== "served") return before ?? now;
  return now.kind === "served" ? { kind: "served", answers: [...before.answers, ...now.answers] } : now;
}

const plain = ["open", "elsewhere", "refused", "unreachable", "timeout", "blocked"] as const;

function observation(outcome: string, [first = "", ...rest]: readonly string[]): Observed {
  if (outcome === "answer") return { kind: "answer", by: first, source: rest[0] ?? "" };
  if (outcome === "served") return { kind: "served", answers: [{ by: first, source: rest[0] }] };
  if (outcome === "health") return { kind: "health", code: Number(first), endpoints: Number(rest[0]) };
  if (outcome === "impossible") return { kind: "impossible", reason: [first, ...rest].join(" ") };
  if (outcome === "toolong") return { kind: "too-long" };
  const kind = plain.find((name) => name === outcome);
  return kind ? { kind } : { kind: "unmeasured", reason: [first, ...rest].join(" ") || outcome };
}

const tidy = (probers: ReadonlyMap<string, Prober>): Promise<void> =>
  eachHost(probers, async (prober) => {
    prober.send(["tidy"]);
    await prober.next();
  });

async function eachHost(probers: ReadonlyMap<string, Prober>, work: (prober: Prober) => Promise<void>): Promise<void> {
  await Promise.all([...probers.values()].map(work));
}

/** With what follows from others. */
function inOrderOf(checks: readonly Check[], measurements: readonly Measurement[]): Measurement[] {
  const byCheck = new Map(measurements.map((measurement) => [measurement.check, measurement]));
  return checks.flatMap((check) => {
    if (check.pooled === undefined) return byCheck.get(check) ?? [];
    const observed = tally(check, (each) => byCheck.get(each)?.observed);
    return { check, observed, ok: holds(check.expected, observed) };
  });
}
