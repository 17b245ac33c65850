// Every expectation against everything that can be observed: yes (.), no (X), or nobody knows (?).
import { type Expected, type Observed, holds, sayExpected, sayObserved } from "../../../scripts/verify/expectations";

const observations: Observed[] = [
  { kind: "answer", by: "pod1", source: "10.244.0.3" },
  { kind: "answer", by: "pod1", source: "192.168.0.11" },
  { kind: "answer", by: "pod2", source: "10.244.0.3" },
  { kind: "open" },
  { kind: "elsewhere" },
  { kind: "refused" },
  { kind: "unreachable" },
  { kind: "timeout" },
  { kind: "blocked" },
  { kind: "too-long" },
  { kind: "served", answers: [{ by: "pod1", source: "10.244.0.3" }] },
  {
    kind: "tally",
    counts: new Map([
      ["pod1", 400],
      ["pod2", 0],
    ]),
  },
  { kind: "health", code: 503, endpoints: 0 },
  { kind: "health", code: 200, endpoints: 1 },
  { kind: "unmeasured", reason: "no network namespace" },
  { kind: "impossible", reason: "the kernel has no SCTP" },
];

const table: [string, Expected, string][] = [
  ["an answer, seen as itself", { kind: "answer", by: "pod1", sources: ["10.244.0.3"] }, ".XXXXXXXXXXXXX??"],
  [
    "an answer, seen as one of two",
    { kind: "answer", by: "pod1", sources: ["10.244.0.1", "192.168.0.11"] },
    "X.XXXXXXXXXXXX??",
  ],
  ["no way", { kind: "no-way" }, "XXXXXX..XXXXXX??"],
  ["a server", { kind: "open" }, "XXX..XXXXXXXXX??"],
  ["too long a packet", { kind: "too-long" }, "XXXXXXXXX.XXXX??"],
  [
    "an endpoint",
    { kind: "served", servers: [{ by: "pod1", sources: ["10.244.0.3"] }], sticky: false },
    "XXXXXXXXXX.XXX??",
  ],
  ["its only endpoint each time", { kind: "even", among: ["pod1"] }, "XXXXXXXXXXX.XX??"],
  ["each as often", { kind: "even", among: ["pod1", "pod2"] }, "XXXXXXXXXXXXXX??"],
  ["no local endpoint", { kind: "health", code: 503, endpoints: 0 }, "XXXXXXXXXXXX.X??"],
];

test.each(table)("%s", (_, expected, row) => {
  const sign = new Map([
    [true, "."],
    [false, "X"],
    [undefined, "?"],
  ]);
  expect(observations.map((observed) => sign.get(holds(expected, observed))).join("")).toBe(row);
});

test("each is said in words of its own", () => {
  const said = observations.map(sayObserved);
  // But for answers, which are the same to whomever they are given.
  expect(new Set(said).size).toBe(said.length - 1);
  expect(said.slice(0, 1)).toEqual(["pod1 sees 10.244.0.3"]);
  expect(said.slice(3)).toEqual([
    ...["OPEN", "OPEN on another address only", "REFUSED", "UNREACHABLE", "TIMEOUT", "BLOCKED", "TOO LONG"],
    ...["pod1 sees 10.244.0.3", "pod1 got 400 of 400, pod2 got 0 of 400"],
    ...[
      "503 with 0 local endpoints",
      "200 with 1 local endpoint",
      "? no network namespace",
      "? the kernel has no SCTP",
    ],
  ]);
  expect(table.map(([, expected]) => sayExpected(expected))).toEqual([
    "pod1 sees 10.244.0.3",
    "pod1 sees 10.244.0.1 or 192.168.0.11",
    "UNREACHABLE or TIMEOUT",
    "OPEN",
    "TOO LONG",
    "pod1 sees 10.244.0.3",
    "as many for each of: pod1",
    "as many for each of: pod1, pod2",
    "503 with 0 local endpoints",
  ]);
});
