/** What an operation of Pulumi did, from its events (`--json`). */
import type { Result } from "./machine";

export interface Change {
  /** create, update, delete, replace, refresh, ... */
  readonly op: string;
  readonly urn: string;
  /** As the program calls it: the last part of the URN. */
  readonly name: string;
  /** Without package: Veth. */
  readonly type: string;
  /** Property paths that differ, sorted. */
  readonly differs: readonly string[];
}

export interface Operation {
  readonly code: number;
  /** Every resource that was touched, in order; those that stay as they are do not count. */
  readonly changes: readonly Change[];
  /** How many resources did what, as in Pulumi's summary. */
  readonly summary: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** Everything that it printed, for the message of a failed test. */
  readonly text: string;
}

export interface PreviewStep {
  readonly op: string;
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  readonly differs: readonly string[];
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface Preview {
  readonly changes: readonly PreviewStep[];
  readonly steps: readonly PreviewStep[];
  readonly text: string;
}

interface Metadata {
  op: string;
  urn: string;
  type: string;
  detailedDiff?: Record<string, unknown> | null;
}

interface Event {
  resourcePreEvent?: { metadata: Metadata };
  resOutputsEvent?: { metadata: Metadata };
  resOpFailedEvent?: { metadata: Metadata };
  diagnosticEvent?: { message: string; severity: string };
  summaryEvent?: { resourceChanges: Record<string, number> };
}

/** Paths of what differs; the commands that lead there are derived. */
const differing = (diff: Record<string, unknown> | null | undefined): string[] =>
  Object.keys(diff ?? {})
    .filter((path) => path !== "commands")
    .sort();

const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");
const typeOf = (type: string): string => type.split(":").at(-1) ?? type;

export function operationOf({ code, stdout, stderr }: Result): Operation {
  const events = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Event);
  const said = (severity: string): string[] =>
    events.flatMap(({ diagnosticEvent: it }) => (it?.severity === severity ? [it.message.trim()] : []));
  const done = events.flatMap(
    ({ resOutputsEvent, resOpFailedEvent }) => resOutputsEvent?.metadata ?? resOpFailedEvent?.metadata ?? [],
  );
  const changes = done
    .filter(
      ({ op, detailedDiff }) => op !== "same" && !(op === "refresh" && Object.keys(detailedDiff ?? {}).length === 0),
    )
    .map(({ op, urn, type, detailedDiff }) => ({
      op,
      urn,
      name: nameOf(urn),
      type: typeOf(type),
      differs: differing(detailedDiff),
    }));
  return {
    code,
    changes,
    summary: events.find(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {},
    errors: said("error"),
    warnings: said("warning"),
    text: `${events.flatMap(({ diagnosticEvent: it }) => (it && it.severity !== "debug" ? [it.message.trim()] : [])).join("\n")}\n${stderr}`,
  };
}

export function previewOf(stdout: string): Preview {
  const { steps } = JSON.parse(stdout) as {
    steps: (Metadata & { newState?: { type: string; inputs?: object }; oldState?: { type: string } })[];
  };
  const all = steps.map(({ op, urn, detailedDiff, newState, oldState }) => ({
    ...{ op, urn, name: nameOf(urn), type: typeOf(newState?.type ?? oldState?.type ?? "") },
    differs: differing(detailedDiff),
    inputs: (newState?.inputs ?? {}) as Record<string, unknown>,
  }));
  const isChange = ({ op, differs }: PreviewStep): boolean => op !== "same" && (op !== "refresh" || differs.length > 0);
  return { steps: all, changes: all.filter(isChange), text: stdout };
}
