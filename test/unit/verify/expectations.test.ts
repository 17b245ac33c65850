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
  { kind: "unmeasured", reason: "no network namespace" },
];

const table: [string, Expected, string][] = [
  ["an answer, seen as itself", { kind: "answer", by: "pod1", sources: ["10.244.0.3"] }, ".XXXXXXXXX?"],
  [
    "an answer, seen as one of two",
    { kind: "answer", by: "pod1", sources: ["10.244.0.1", "192.168.0.11"] },
    "X.XXXXXXXX?",
  ],
  ["no way", { kind: "no-way" }, "XXXXXX..XX?"],
  ["a server", { kind: "open" }, "XXX..XXXXX?"],
  ["too long a packet", { kind: "too-long" }, "XXXXXXXXX.?"],
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
  expect(new Set(said).size).toBe(said.length);
  expect(said.slice(0, 1)).toEqual(["pod1 sees 10.244.0.3"]);
  expect(said.slice(3)).toEqual([
    ...["OPEN", "OPEN on another address only", "REFUSED", "UNREACHABLE", "TIMEOUT", "BLOCKED", "TOO LONG"],
    "? no network namespace",
  ]);
  expect(table.map(([, expected]) => sayExpected(expected))).toEqual([
    "pod1 sees 10.244.0.3",
    "pod1 sees 10.244.0.1 or 192.168.0.11",
    "UNREACHABLE or TIMEOUT",
    "OPEN",
    "TOO LONG",
  ]);
});
