// Medians, ratios and tables out of the measurements: the same ones for a terminal and for the documentation.
import { aligned } from "../scripts/docs/markdown";
import { newTable } from "../scripts/verify/truthTable";
import { type Contestant, type Results, type SizeResult, type Step, contestants, steps } from "./results";

export interface Section {
  readonly title: string;
  /** The first is the head. */
  readonly rows: readonly (readonly string[])[];
  readonly sentences: readonly string[];
}

/** Of an odd number of values. */
export function median(values: readonly number[]): number {
  const middle = [...values].sort((a, b) => a - b)[(values.length - 1) / 2];
  if (middle === undefined) throw new Error(`${values.length} values have none in their middle`);
  return middle;
}

/** The whole life of a lab. */
const life = "up + destroy";
const rowNames = [...steps, life] as const;
type Row = (typeof rowNames)[number];

/** One for each round. */
function samples({ times }: SizeResult, contestant: Contestant, row: Row): number[] | undefined {
  const of = (step: Step): number[] | undefined => times[contestant]?.[step];
  if (row !== life) return of(row);
  const destroy = of("destroy");
  return destroy && of("up")?.map((seconds, round) => seconds + (destroy[round] as number));
}

/** Seconds; undefined for what was not measured. */
export function medianOf(size: SizeResult, contestant: Contestant, row: Row): number | undefined {
  const measured = samples(size, contestant, row);
  return measured && median(measured);
}

/** What podnet adds to what Pulumi itself takes, as a part of the latter. */
export function added(size: SizeResult, row: Row): number | undefined {
  return quotient(size, ["podnet", row], ["Pulumi alone", row], (podnet, pulumi) => (podnet - pulumi) / pulumi);
}

type Measured = readonly [contestant: Contestant, row: Row];

function quotient(
  size: SizeResult,
  a: Measured,
  b: Measured,
  divide: (a: number, b: number) => number = (a, b) => a / b,
): number | undefined {
  const [above, below] = [medianOf(size, ...a), medianOf(size, ...b)];
  return above === undefined || below === undefined ? undefined : divide(above, below);
}

const nothing = "";
const seconds = (value: number | undefined): string =>
  value === undefined ? nothing : value.toFixed(value < 10 ? 2 : 1);
const ratio = (value: number | undefined): string => (value === undefined ? nothing : value.toFixed(2));
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2);

export const sectionsOf = ({ sizes, runs }: Results): Section[] => [
  ...sizes.map((size) => sizeSection(size, runs)),
  perPodSection(sizes),
  memorySection(sizes),
];

function sizeSection(size: SizeResult, runs: number): Section {
  const { pods, nodes, resources, times } = size;
  const present = contestants.filter((contestant) => times[contestant] !== undefined);
  return {
    title: `${pods} pods on ${nodes} nodes, ${resources} resources: seconds, median of ${runs}`,
    rows: [
      ["", ...present, "podnet adds"],
      ...rowNames.map((row) => [
        row,
        ...present.map((contestant) => seconds(medianOf(size, contestant, row))),
        ratio(added(size, row)),
      ]),
    ],
    sentences: [
      sentence(
        quotient(size, ["podnet", "one pod added"], ["podnet", "second up"]),
        (times) => `One pod added takes podnet ${times} times a second up.`,
      ),
      sentence(
        quotient(size, ["podnet", life], ["Mininet", life]),
        (times) => `Up and destroy take podnet ${times} times what they take Mininet.`,
      ),
    ].flat(),
  };
}

const sentence = (value: number | undefined, say: (text: string) => string): string[] =>
  value === undefined ? [] : [say(ratio(value))];

/** The same number at each size is linear growth. */
function perPodSection(sizes: readonly SizeResult[]): Section {
  const columns = (["podnet", "Pulumi alone"] as const).flatMap((contestant) =>
    sizes.map((size) => ({ contestant, size })),
  );
  const cell = (size: SizeResult, contestant: Contestant, row: Row): string => {
    const value = medianOf(size, contestant, row);
    return value === undefined ? nothing : ((value * 1000) / size.pods).toFixed(1);
  };
  return {
    title: "Milliseconds per pod",
    rows: [
      ["", ...columns.map(({ contestant, size }) => `${contestant}, ${size.pods} pods`)],
      ...rowNames.map((row) => [row, ...columns.map(({ contestant, size }) => cell(size, contestant, row))]),
    ],
    sentences: [],
  };
}

function memorySection(sizes: readonly SizeResult[]): Section {
  return {
    title: "Memory on the host per pod, in MB",
    rows: [
      ["", "pause process", "its container's server", "both"],
      ...sizes.map(({ pods, memory }) => {
        const pause = median(memory.map((pod) => pod.pause));
        const server = median(memory.map((pod) => pod.server));
        return [`${pods} pods`, ...[pause, server, pause + server].map(megabytes)];
      }),
    ],
    sentences: [],
  };
}

export const toText = (results: Results): string =>
  [
    machineLines(results).join("\n"),
    ...sectionsOf(results).map(({ title, rows, sentences }) => [title, textTable(rows), ...sentences].join("\n")),
    ...results.notes,
  ].join("\n\n");

function textTable([head = [], ...body]: Section["rows"]): string {
  const table = newTable([...head]);
  for (const [name, ...cells] of body)
    table.push([name, ...cells.map((content) => ({ content, hAlign: "right" as const }))]);
  return table.toString();
}

const machineLines = ({ machine }: Results): string[] =>
  Object.entries(machine).map(([topic, words]) => `${topic}: ${words}`);

/** For programs: medians beside what they are of. */
export function toJson(results: Results): unknown {
  const sizes = results.sizes.map((size) => ({
    ...size,
    medians: Object.fromEntries(
      contestants
        .filter((contestant) => size.times[contestant])
        .map((contestant) => [
          contestant,
          Object.fromEntries(rowNames.map((row) => [row, medianOf(size, contestant, row)])),
        ]),
    ),
    added: Object.fromEntries(rowNames.map((row) => [row, added(size, row)])),
  }));
  return { ...results, sizes };
}

export const toMarkdown = (results: Results): string =>
  [
    `## The machine\n\n${machineLines(results)
      .map((line) => `- ${line}\n`)
      .join("")}`,
    ...sectionsOf(results).map(({ title, rows, sentences }) =>
      [`## ${title}\n`, aligned(rows), ...(sentences.length > 0 ? [`${sentences.join(" ")}\n`] : [])].join("\n"),
    ),
    ...results.notes.map((note) => `${note}\n`),
  ].join("\n");
