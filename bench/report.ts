// Medians, ratios and tables out of the measurements: the same ones for a terminal and for the documentation.
import { aligned } from "../scripts/docs/markdown";
import { newTable } from "../scripts/verify/truthTable";
import {
  type Contestant,
  type Measured,
  type PodsResult,
  type Results,
  type ServicesResult,
  type Step,
  contestants,
  podSteps,
  serviceSteps,
} from "./results";

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
type Row = Step | typeof life;
const podRows: readonly Row[] = [...podSteps, life];
const serviceRows: readonly Row[] = [...serviceSteps, life];

/** One for each round. */
function samples({ times }: Measured, contestant: Contestant, row: Row): number[] | undefined {
  const of = (step: Step): number[] | undefined => times[contestant]?.[step];
  if (row !== life) return of(row);
  const destroy = of("destroy");
  return destroy && of("up")?.map((seconds, round) => seconds + (destroy[round] as number));
}

/** Seconds; undefined for what was not measured. */
export function medianOf(size: Measured, contestant: Contestant, row: Row): number | undefined {
  const measured = samples(size, contestant, row);
  return measured && median(measured);
}

/** What podnet adds to what Pulumi itself takes, as a part of the latter. */
export function added(size: Measured, row: Row): number | undefined {
  return quotient(size, ["podnet", row], ["Pulumi alone", row], (podnet, pulumi) => (podnet - pulumi) / pulumi);
}

/** How much of what podnet adds to `up` the kernel takes by itself. */
function kernelsPart(size: Measured): number | undefined {
  const [podnet, pulumi, kernel] = (["podnet", "Pulumi alone", "kernel alone"] as const).map((who) =>
    medianOf(size, who, "up"),
  );
  return podnet === undefined || pulumi === undefined || kernel === undefined ? undefined : kernel / (podnet - pulumi);
}

type Cell = readonly [contestant: Contestant, row: Row];

function quotient(
  size: Measured,
  a: Cell,
  b: Cell,
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

export const sectionsOf = ({ pods, services, runs }: Results): Section[] => [
  ...pods.map((size) => podsSection(size, runs)),
  ...(pods.length > 0 ? [perPodSection(pods), memorySection(pods)] : []),
  ...services.map((size) => servicesSection(size, runs)),
];

function timesSection(what: string, size: Measured, runs: number, rows: readonly Row[]): Omit<Section, "sentences"> {
  const { nodes, resources, times } = size;
  const present = contestants.filter((contestant) => times[contestant] !== undefined);
  return {
    title: `${what} on ${nodes} nodes, ${resources} resources: seconds, median of ${runs}`,
    rows: [
      ["", ...present, "podnet adds"],
      ...rows.map((row) => [
        row,
        ...present.map((contestant) => seconds(medianOf(size, contestant, row))),
        ratio(added(size, row)),
      ]),
    ],
  };
}

function servicesSection(size: ServicesResult, runs: number): Section {
  const { services, mode } = size;
  return {
    ...timesSection(`${services} Services in mode ${mode}`, size, runs, serviceRows),
    sentences: sentence(
      quotient(size, ["podnet", "one endpoint changed"], ["Pulumi alone", "second up"]),
      (times) => `One endpoint changed takes podnet ${times} times what a second up takes Pulumi alone.`,
    ),
  };
}

function podsSection(size: PodsResult, runs: number): Section {
  return {
    ...timesSection(`${size.pods} pods`, size, runs, podRows),
    sentences: [
      sentence(kernelsPart(size), (part) => `Of what podnet adds to up, the kernel alone takes ${part}.`),
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
function perPodSection(sizes: readonly PodsResult[]): Section {
  const columns = (["podnet", "Pulumi alone"] as const).flatMap((contestant) =>
    sizes.map((size) => ({ contestant, size })),
  );
  const cell = (size: PodsResult, contestant: Contestant, row: Row): string => {
    const value = medianOf(size, contestant, row);
    return value === undefined ? nothing : ((value * 1000) / size.pods).toFixed(1);
  };
  return {
    title: "Milliseconds per pod",
    rows: [
      ["", ...columns.map(({ contestant, size }) => `${contestant}, ${size.pods} pods`)],
      ...podRows.map((row) => [row, ...columns.map(({ contestant, size }) => cell(size, contestant, row))]),
    ],
    sentences: [],
  };
}

function memorySection(sizes: readonly PodsResult[]): Section {
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
  const derived = (rows: readonly Row[]) => (size: Measured) => ({
    ...size,
    medians: Object.fromEntries(
      contestants
        .filter((contestant) => size.times[contestant])
        .map((contestant) => [
          contestant,
          Object.fromEntries(rows.map((row) => [row, medianOf(size, contestant, row)])),
        ]),
    ),
    added: Object.fromEntries(rows.map((row) => [row, added(size, row)])),
  });
  return {
    ...results,
    pods: results.pods.map(derived(podRows)),
    services: results.services.map(derived(serviceRows)),
  };
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
