// What a person and a program are told.
import { type Observed, holds } from "../../../scripts/verify/expectations";
import type { Measurement } from "../../../scripts/verify/measure";
import type { Check } from "../../../scripts/verify/check";
import { promisesOf } from "../../../scripts/verify/promises";
import { allHold, resultsOf, toJson, toText } from "../../../scripts/verify/report";
import { labOf } from "./labs";

const lab = { ...labOf(2, 1), name: "demo" };
const promises = promisesOf(lab);

/** What is seen when all is well. */
function well({ expected }: Check): Observed {
  if (expected.kind === "answer") return { kind: "answer", by: expected.by, source: expected.sources[0] ?? "" };
  if (expected.kind === "no-way") return { kind: "unreachable" };
  if (expected.kind === "served")
    return {
      kind: "served",
      answers: expected.servers.map(({ by, sources }) => ({ by, source: sources[0] ?? "" })),
    };
  if (expected.kind === "even") return { kind: "tally", counts: new Map(expected.among.map((by) => [by, 100])) };
  if (expected.kind === "health") return expected;
  return { kind: expected.kind };
}

const measured = (see: (check: Check) => Observed | undefined = () => undefined): Measurement[] =>
  promises
    .flatMap(({ checks }) => checks)
    .map((check) => {
      const observed = see(check) ?? well(check);
      return { check, observed, ok: holds(check.expected, observed) };
    });

const isPair = ({ promise, from, to }: Check, id: string, a: string, b: string): boolean =>
  promise === id && from.name === a && to.name === b;

test("all is well", () => {
  const results = resultsOf(promises, measured());
  expect(allHold(results)).toBe(true);
  const text = toText(lab, results);
  expect(text).toMatch(/every pod reaches every pod, without NAT +│ +8 │ +0 │ 0 │ holds/);
  expect(text).toMatch(/All promises hold in lab demo\.$/);
  expect(text).not.toContain("npm run");
});

test("a pair that fails is a cross in a table, and a sentence with a command", () => {
  const snat = (check: Check): Observed | undefined =>
    isPair(check, "pod-to-pod", "default/pod1", "default/pod2")
      ? { kind: "answer", by: "default/pod2", source: "192.168.0.11" }
      : undefined;
  const results = resultsOf(promises, measured(snat));
  expect(allHold(results)).toBe(false);
  expect(toText(lab, results).split("\n\n").slice(1)).toEqual([
    [
      "every pod reaches every pod, without NAT  (. as expected, X not, ? not measured)",
      "┌───────────┬──────┬──────┐",
      "│ from \\ to │ pod1 │ pod2 │",
      "│ pod1      │  .   │  X   │",
      "│ pod2      │  .   │  .   │",
      "└───────────┴──────┴──────┘",
    ].join("\n"),
    [
      "TCP and UDP from pod1 to pod2 (10.244.1.2): expected: default/pod2 sees 10.244.0.2; observed: default/pod2 sees 192.168.0.11",
      "    npm run exec -- node1 iptables-save -t nat",
    ].join("\n"),
    'Lab demo breaks 1 of 9 promises. What was mended a moment ago can go on for minutes: docs/troubleshooting.md, "While a lab runs".',
  ]);
});

test("what was not measured is a question mark, and no pass", () => {
  const reason = "default/pod2: no network namespace demo.default.pod2";
  const gone = (check: Check): Observed | undefined =>
    isPair(check, "node-to-pod", "node1", "default/pod2") ? { kind: "unmeasured", reason } : undefined;
  const results = resultsOf(promises, measured(gone));
  expect(allHold(results)).toBe(false);
  const text = toText(lab, results);
  expect(text).toMatch(/│ node1 +│ +\. +│ +\? +│/);
  expect(text).toContain(`observed: ? ${reason}`);
});

test("what is impossible on a host breaks no promise, and is said", () => {
  const reason = "the kernel has no SCTP";
  const none = (check: Check): Observed | undefined =>
    isPair(check, "pod-to-pod", "default/pod1", "default/pod2") ? { kind: "impossible", reason } : undefined;
  const results = resultsOf(promises, measured(none));
  expect(allHold(results)).toBe(true);
  expect(results[0]?.counts).toEqual({ passed: 6, failed: 0, unmeasured: 2 });
  const text = toText(lab, results);
  expect(text).toContain("\n\nNot measured: the kernel has no SCTP.\n\nAll promises hold");
  expect(text).not.toContain("npm run");
});

test("a check without any measurement is no pass", () => {
  const results = resultsOf(promises, measured().slice(1));
  expect(allHold(results)).toBe(false);
  expect(results[0]?.counts).toEqual({ passed: 7, failed: 0, unmeasured: 1 });
});

test("of many failures the first of each promise are told, and how many more there are", () => {
  const results = resultsOf(
    promises,
    measured(() => ({ kind: "timeout" })),
  );
  const sentences = toText(lab, results)
    .split("\n")
    .filter((line) => /expected: /.test(line));
  expect(sentences).toHaveLength(10);
  expect(new Set(sentences.map((line) => line.replace(/ from .*/, ""))).size).toBeGreaterThan(1);
  expect(toText(lab, results)).toMatch(/\.\.\. and \d+ more: npm run -s verify -- demo --json/);
});

test.each<[string, (check: Check) => boolean, Observed, string]>([
  [
    "no answer",
    (check) => isPair(check, "pod-to-pod", "default/pod1", "default/pod2"),
    { kind: "timeout" },
    "pod1 ping -c 1 -W 2 10.244.1.2",
  ],
  ["too short a way", ({ size }) => size === 1500, { kind: "timeout" }, "pod1 ping -c 1 -W 2 -M do -s 1472 10.244.1.2"],
  [
    "a way in",
    (check) => isPair(check, "outside-to-pod", "client", "default/pod1"),
    { kind: "answer", by: "default/pod1", source: "203.0.113.10" },
    "client ping -c 1 -W 2 10.244.0.2",
  ],
])("%s is shown by a command", (_, fails, observed, command) => {
  const results = resultsOf(
    promises,
    measured((check) => (fails(check) ? observed : undefined)),
  );
  expect(toText(lab, results)).toContain(`npm run exec -- ${command}`);
  expect(toText({ ...lab, name: "other" }, results)).toContain(`npm run exec -- --stack other ${command}`);
});

describe("a Service", () => {
  const serves = [{ protocol: "TCP", port: 8080, isStandIn: true } as const];
  const endpoints = ["10.244.0.2", "10.244.1.2"].map((ip, n) => ({ ip, port: 8080, node: `node${n + 1}` }));
  const running = {
    ...{ ...lab, pods: lab.pods.map((pod) => ({ ...pod, serves })) },
    services: {
      "default/web": {
        ...{ clusterIP: "10.96.0.20", healthCheckNodePort: 32000 },
        ports: [{ protocol: "TCP", port: 80, targetPort: 8080, endpoints }],
      },
    },
  };
  const all = promisesOf(running);
  const textOf = (see: (check: Check) => Observed | undefined): string => {
    const seen = all
      .flatMap(({ checks }) => checks)
      .map((check) => {
        const observed = see(check) ?? well(check);
        return { check, observed, ok: holds(check.expected, observed) };
      });
    return toText(running, resultsOf(all, seen));
  };

  test("that does not answer is named, with the place and the address", () => {
    const text = textOf(({ promise, from }) =>
      promise === "cluster-ip" && from.name === "node2" ? { kind: "timeout" } : undefined,
    );
    expect(text).toMatch(/│ node2 +│ +X +│/);
    expect(text).toMatch(/TCP from node2 to service\/default\/web \(10\.96\.0\.20 port 80\): .*; observed: TIMEOUT/);
    expect(text).toContain("npm run exec -- node2 curl -sS -m 3 http://10.96.0.20:80/hostname\n");
  });

  test("whose endpoints have uneven shares is named, with what each got", () => {
    const counts = new Map([
      ["pod1", 320],
      ["pod2", 80],
    ]);
    const text = textOf(({ pooled }) => (pooled ? { kind: "tally", counts } : undefined));
    expect(text).toContain(
      "TCP from everywhere to service/default/web (10.96.0.20 port 80): expected: as many for each of: pod1, pod2; observed: pod1 got 320 of 400, pod2 got 80 of 400\n",
    );
    expect(text).toMatch(/npm run exec -- pod1 sh -c 'for i in .*http:\/\/10\.96\.0\.20:80\/hostname.*uniq -c'/);
  });

  test("whose health check lies is named", () => {
    const text = textOf(({ way, from }) =>
      way === "health" && from.kind === "client" ? { kind: "health", code: 503, endpoints: 0 } : undefined,
    );
    expect(text).toContain(
      "TCP from client to service/default/web (192.168.0.11 port 32000): expected: 200 with 1 local endpoint; observed: 503 with 0 local endpoints\n    npm run exec -- client curl -sS -m 3 http://192.168.0.11:32000/healthz\n",
    );
  });
});

test("a program gets every measurement", () => {
  const json = toJson(lab, resultsOf(promises, measured())) as {
    ok: boolean;
    lab: string;
    promises: object[];
    measurements: object[];
  };
  expect(json).toMatchObject({ ok: true, lab: "demo" });
  expect(json.promises[0]).toMatchObject({ promise: "pod-to-pod", ok: true, passed: 8, failed: 0, unmeasured: 0 });
  expect(json.measurements).toHaveLength(promises.flatMap(({ checks }) => checks).length);
  expect(json.measurements[0]).toMatchObject({
    ...{ promise: "pod-to-pod", from: "default/pod1", to: "default/pod1", protocol: "TCP" },
    ...{ expected: "default/pod1 sees 10.244.0.2", observed: "default/pod1 sees 10.244.0.2", ok: true },
  });
});
