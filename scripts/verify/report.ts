// Says what was measured: a table for all promises, and for those that do not hold who reaches whom, and the first failures in
// words, each with a command that shows it.
import { type Observed, sayExpected, sayObserved } from "./expectations";
import type { Measurement } from "./measure";
import { type Place, type Pod, type RunningLab, shortNames } from "./places";
import type { Check, Promised } from "./check";
import { newTable, truthTable } from "./truthTable";

/** More that was left out says nothing new. */
const mostLeft = 10;

/** More failures than these say nothing new. */
const mostSentences = 10;

/** Which lab the commands mean when none is said. */
const defaultLab = "demo";

/** Bytes of IPv4 and ICMP. */
const headers = 28;

/** What came of one promise. */
export interface Result {
  readonly promised: Promised;
  readonly measurements: readonly Measurement[];
  readonly counts: { readonly passed: number; readonly failed: number; readonly unmeasured: number };
  readonly ok: boolean;
}

export function resultsOf(promises: readonly Promised[], measurements: readonly Measurement[]): Result[] {
  const byPromise = new Map<string, Measurement[]>(promises.map(({ id }) => [id, []]));
  for (const measurement of measurements) byPromise.get(measurement.check.promise)?.push(measurement);
  return promises.map((promised) => {
    const own = byPromise.get(promised.id) ?? [];
    const count = (ok: boolean | undefined): number => own.filter((measurement) => measurement.ok === ok).length;
    const [passed, failed] = [count(true), count(false)];
    const counts = { passed, failed, unmeasured: promised.checks.length - passed - failed };
    const impossible = own.filter(({ observed }) => observed.kind === "impossible").length;
    return { promised, measurements: own, counts, ok: passed + impossible === promised.checks.length };
  });
}

export const allHold = (results: readonly Result[]): boolean => results.every(({ ok }) => ok);

export function toJson(lab: RunningLab, results: readonly Result[]): unknown {
  return {
    lab: lab.name,
    ok: allHold(results),
    promises: results.map(({ promised: { id, title, sample, left }, counts, ok }) => ({
      promise: id,
      title,
      ok,
      ...counts,
      sample,
      left,
    })),
    measurements: results.flatMap(({ measurements }) => measurements.map(measurementToJson)),
  };
}

function measurementToJson({ check, observed, ok }: Measurement): unknown {
  const { promise, from, to, way, address, port, size, expected } = check;
  return {
    ...{ promise, from: from.name, to: to.name, protocol: protocolOf(check), address, port, bytes: size },
    ...{ way, expected: sayExpected(expected), observed: sayObserved(observed), ok: ok === true },
  };
}

function protocolOf({ way }: Check): string {
  if (way === "df") return "UDP";
  return way === "health" ? "TCP" : way.replace(/^(open|ask)-/, "").toUpperCase();
}

export function toText(lab: RunningLab, results: readonly Result[]): string {
  const failed = results.filter(({ ok }) => !ok);
  const short = shortNames(lab);
  const parts = [
    summary(results),
    ...results.flatMap(({ promised: { title, sample } }) =>
      sample
        ? [`Of "${title}", ${sample.measured} of ${sample.all} pairs were measured, the same ones at every run.`]
        : [],
    ),
    notMeasured(results),
    ...failed.flatMap(({ promised, measurements }) => {
      const table = truthTable(measurements, short);
      return table ? [`${promised.title}  (. as expected, X not, ? not measured)\n${table}`] : [];
    }),
    sentences(lab, failed),
    failed.length === 0
      ? `All promises${leftOf(results).length > 0 ? " that were measured" : ""} hold in lab ${lab.name}.`
      : `Lab ${lab.name} breaks ${failed.length} of ${results.length} promises. What was mended a moment ago can go on for minutes: docs/troubleshooting.md, "While a lab runs".`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function summary(results: readonly Result[]): string {
  const table = newTable(["promise", "ok", "failed", "?", ""]);
  for (const { promised, counts, ok } of results) {
    const verdict = promised.checks.length === 0 ? "nothing to measure" : ok ? "holds" : "BROKEN";
    const numbers = [counts.passed, counts.failed, counts.unmeasured].map((content) => ({
      content,
      hAlign: "right" as const,
    }));
    table.push([promised.title, ...numbers, verdict]);
  }
  return table.toString();
}

/** What cannot be measured, and breaks no promise. */
function notMeasured(results: readonly Result[]): string {
  const reasons = results.flatMap(({ measurements }) =>
    measurements.flatMap(({ observed }) => (observed.kind === "impossible" ? [observed.reason] : [])),
  );
  const left = leftOf(results);
  const more = left.length > mostLeft ? [`... and ${left.length - mostLeft} more`] : [];
  return [...new Set(reasons), ...left.slice(0, mostLeft), ...more]
    .map((reason) => `Not measured: ${reason}.`)
    .join("\n");
}

const leftOf = (results: readonly Result[]): string[] => results.flatMap(({ promised: { left = [] } }) => left);

/** The first of each promise in turn, so that none is hidden by another's many. */
function sentences(lab: RunningLab, failed: readonly Result[]): string {
  const queues = failed.map(({ measurements }) => sentencesOf(lab, measurements));
  const total = queues.reduce((sum, { length }) => sum + length, 0);
  const inTurn = Array.from({ length: mostSentences }, (_, i) => queues.flatMap((queue) => queue[i] ?? []));
  const shown = inTurn.flat().slice(0, mostSentences);
  const more =
    total > shown.length ? [`... and ${total - shown.length} more: npm run -s verify -- ${lab.name} --json`] : [];
  return [...shown, ...more].join("\n");
}

/** One for all protocols in which the same was seen. */
function sentencesOf(lab: RunningLab, measurements: readonly Measurement[]): string[] {
  const protocols = new Map<string, string[]>();
  for (const measurement of measurements) {
    if (measurement.ok === true || measurement.observed.kind === "impossible") continue;
    const text = sentence(lab, measurement);
    protocols.set(text, [...(protocols.get(text) ?? []), protocolOf(measurement.check)]);
  }
  return [...protocols].map(([text, names]) => `${names.join(" and ")} ${text}`);
}

function sentence(lab: RunningLab, { check, observed }: Measurement): string {
  const { from, to, address, port, size, expected } = check;
  const short = shortNames(lab);
  const target = `${to === from ? "itself" : short(to)} (${address}${port === undefined ? "" : ` port ${port}`})`;
  const length = size === undefined ? "" : `, ${size} bytes`;
  const seen = `expected: ${sayExpected(expected)}; observed: ${sayObserved(observed)}`;
  return `from ${short(from)} to ${target}${length}: ${seen}\n    ${shownBy(lab, check, observed)}`;
}

/** A command that lets a person see the same. */
function shownBy(lab: RunningLab, check: Check, { kind }: Observed): string {
  const { from, to, way, address, port, size, expected, pooled: [first] = [] } = check;
  const stack = lab.name === defaultLab ? "" : `--stack ${lab.name} `;
  const exec = (place: Place, command: string): string =>
    `npm run exec -- ${stack}${shortNames(lab)(place)} ${command}`;
  const url = `http://${address}:${port}`;
  if (first)
    return exec(first.from, `sh -c 'for i in $(seq 400); do curl -s ${url}/hostname; echo; done | sort | uniq -c'`);
  if (way === "health") return exec(from, `curl -sS -m 3 ${url}/healthz`);
  if (way.startsWith("ask-")) return exec(from, `curl -sS -m 3 ${url}/hostname`);
  if (size !== undefined) return exec(from, `ping -c 1 -W 2 -M do -s ${size - headers} ${address}`);
  if (port !== undefined) return exec(from, "ss -tulpn");
  if (kind === "unmeasured") return exec(from, "ip addr");
  const isTranslated = kind === "answer" && expected.kind === "answer";
  const node = lab.nodes.find(({ name }) => name === (from as Pod).node) ?? from;
  if (isTranslated && from !== to) return exec(node, "iptables-save -t nat");
  return exec(from, `ping -c 1 -W 2 ${address}`);
}
