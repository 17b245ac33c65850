// What a person, a program and the documentation are told of measurements.
import { document } from "../../../bench/document";
import { added, median, medianOf, sectionsOf, toJson, toMarkdown, toText } from "../../../bench/report";
import { large, results, size } from "./results";

test.each([
  [[5], 5],
  [[3, 1, 2], 2],
  [[100, 9, 10], 10],
  [[1, 1, 7, 7, 7], 7],
])("the median of %p is %d", (values, middle) => {
  expect(median(values)).toBe(middle);
});

test("the median leaves the values in their order", () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

test.each([[[]], [[1, 2]]])("%p has no median", (values) => {
  expect(() => median(values)).toThrow(`${values.length} values have none in their middle`);
});

test("a whole life is added up within each round", () => {
  const times = { podnet: { up: [1, 2, 9], destroy: [9, 2, 1] } };
  expect(medianOf({ ...size, times }, "podnet", "up + destroy")).toBe(10);
});

test("what podnet adds is a part of what Pulumi takes", () => {
  expect(added(size, "up")).toBeCloseTo(0.5);
  expect(added(size, "one pod added")).toBeCloseTo(0.5);
});

test("nothing follows from what was not measured", () => {
  expect(medianOf(size, "Mininet", "preview")).toBeUndefined();
  expect(medianOf(large, "Mininet", "up + destroy")).toBeUndefined();
  expect(added({ ...size, times: { podnet: size.times.podnet } }, "up")).toBeUndefined();
});

describe("in a terminal", () => {
  const parts = toText(results).split("\n\n");

  test("the machine comes first", () => {
    expect(parts[0]).toBe("processors: 2 x Example\nkernel: 6.1.0");
  });

  test("a size is a table with all who took part", () => {
    expect(parts[1]?.split("\n")).toEqual([
      "10 pods on 2 nodes, 113 resources: seconds, median of 3",
      "┌───────────────┬────────┬──────────────┬──────────────┬─────────┬─────────────┐",
      "│               │ podnet │ Pulumi alone │ kernel alone │ Mininet │ podnet adds │",
      "│ up            │   3.30 │         2.20 │         0.20 │    1.10 │        0.50 │",
      "│ second up     │   3.30 │         2.20 │              │         │        0.50 │",
      "│ preview       │   3.30 │         2.20 │              │         │        0.50 │",
      "│ refresh       │   3.30 │         2.20 │              │         │        0.50 │",
      "│ one pod added │   4.95 │         3.30 │              │         │        0.50 │",
      "│ destroy       │   3.30 │         2.20 │         0.02 │    0.55 │        0.50 │",
      "│ up + destroy  │   6.60 │         4.40 │         0.22 │    1.65 │        0.50 │",
      "└───────────────┴────────┴──────────────┴──────────────┴─────────┴─────────────┘",
      "Of what podnet adds to up, the kernel alone takes 0.18.",
      "One pod added takes podnet 1.50 times a second up.",
      "Up and destroy take podnet 4.00 times what they take Mininet.",
    ]);
  });

  test("who did not take part has no column", () => {
    expect(parts[2]).toContain("100 pods on 4 nodes, 1029 resources");
    expect(parts[2]).toContain("│ podnet │ Pulumi alone │ kernel alone │ podnet adds │");
    expect(parts[2]).toContain("One pod added takes podnet 1.50 times a second up.");
    expect(parts[2]).not.toContain("Mininet");
  });

  test("equal times per pod show that costs grow linearly", () => {
    expect(parts[3]).toMatch(/^Milliseconds per pod\n/);
    expect(parts[3]).toMatch(/│ up + │ +330\.0 │ +330\.0 │ +220\.0 │ +220\.0 │/);
  });

  test("memory is that of the median pod", () => {
    expect(parts[4]).toMatch(/│ 10 pods +│ +0\.20 │ +1\.10 │ +1\.30 │/);
  });

  test("Services have a table with the steps of their own", () => {
    expect(parts[5]?.split("\n")).toEqual([
      "100 Services in mode iptables on 4 nodes, 642 resources: seconds, median of 3",
      "┌──────────────────────┬────────┬──────────────┬───────────┬─────────────┐",
      "│                      │ podnet │ Pulumi alone │ in one go │ podnet adds │",
      "│ up                   │   3.30 │         2.20 │      0.22 │        0.50 │",
      "│ one endpoint changed │   2.20 │         1.10 │           │        1.00 │",
      "│ second up            │   1.60 │         1.10 │           │        0.45 │",
      "│ refresh              │   1.10 │         1.10 │           │        0.00 │",
      "│ destroy              │   3.30 │         2.20 │           │        0.50 │",
      "│ up + destroy         │   6.60 │         4.40 │           │        0.50 │",
      "└──────────────────────┴────────┴──────────────┴───────────┴─────────────┘",
      "One endpoint changed takes podnet 2.00 times what a second up takes Pulumi alone.",
    ]);
  });

  test("what is missing is said at the end", () => {
    expect(parts[6]).toBe("Mininet is left out above 10 pods.");
  });
});

test("a program gets every measurement, medians and ratios", () => {
  expect(toJson(results)).toMatchObject({
    runs: 3,
    pods: [
      {
        pods: 10,
        times: { podnet: { up: [3, 30, 3.3] } },
        medians: { podnet: { up: 3.3, "up + destroy": 6.6 }, Mininet: { up: 1.1, preview: undefined } },
        added: { up: expect.closeTo(0.5) as number },
      },
      { pods: 100, medians: { podnet: { up: 33 } } },
    ],
    services: [
      {
        ...{ services: 100, mode: "iptables" },
        medians: { podnet: { "one endpoint changed": 2.2 }, "in one go": { up: 0.22 } },
        added: { "one endpoint changed": expect.closeTo(1) as number },
      },
    ],
  });
});

test("a run of pods alone, or of Services alone, has no tables of the others", () => {
  const titles = (its: Partial<typeof results>): string[] =>
    sectionsOf({ ...results, ...its }).map(({ title }) => title);
  expect(titles({ pods: [] })).toEqual([expect.stringMatching(/^100 Services/)]);
  expect(titles({ services: [] }).filter((title) => title.includes("Services"))).toEqual([]);
});

test("the documentation has the same numbers", () => {
  const markdown = toMarkdown(results);
  expect(markdown).toContain("- processors: 2 x Example\n- kernel: 6.1.0\n");
  expect(markdown).toContain(
    [
      "## 10 pods on 2 nodes, 113 resources: seconds, median of 3",
      "",
      "|               | podnet | Pulumi alone | kernel alone | Mininet | podnet adds |",
      "| ------------- | ------ | ------------ | ------------ | ------- | ----------- |",
      "| up            | 3.30   | 2.20         | 0.20         | 1.10    | 0.50        |",
    ].join("\n"),
  );
  expect(markdown).toContain("times a second up. Up and destroy take podnet 4.00 times what they take Mininet.\n");
  expect(markdown).toContain("| one endpoint changed | 2.20   | 1.10         |           | 1.00        |\n");
  expect(document(results)).toMatch(/^# Benchmarks\n/);
  expect(document(results).endsWith(`\n${markdown}`)).toBe(true);
});
