// Who reaches whom, at a glance: a row for each sender, a column for each receiver.
//   .  as expected    X  not as expected    ?  not measured       (blank: nothing is promised)
import Table from "cli-table3";
import type { Measurement } from "./measure";
import type { Place } from "./places";

/** More than this in a row does not fit a screen. */
const most = 20;

/** A table without lines between its rows. */
export const newTable = (head: string[]): Table.Table => {
  const none = { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" };
  return new Table({ head, chars: none, style: { head: [], border: [] } });
};

type Cell = "." | "X" | "?" | " ";

/** The worst that was measured between two places. */
function cellOf(measurements: readonly Measurement[]): Cell {
  if (measurements.length === 0) return " ";
  if (measurements.some(({ ok }) => ok === false)) return "X";
  return measurements.some(({ ok }) => ok === undefined) ? "?" : ".";
}

const unique = (places: readonly Place[]): Place[] => [...new Set(places)];

/** @returns undefined for what is too large to be looked at */
export function truthTable(measurements: readonly Measurement[], short: (place: Place) => string): string | undefined {
  const rows = unique(measurements.map(({ check }) => check.from));
  const columns = unique(measurements.map(({ check }) => check.to));
  if (rows.length > most || columns.length > most) return undefined;
  const table = newTable(["from \\ to", ...columns.map(short)]);
  for (const row of rows) {
    const from = measurements.filter(({ check }) => check.from === row);
    const cells = columns.map((column) => cellOf(from.filter(({ check }) => check.to === column)));
    table.push([short(row), ...cells.map((content) => ({ content, hAlign: "center" as const }))]);
  }
  return table.toString();
}
