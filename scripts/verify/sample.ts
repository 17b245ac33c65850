// Which pairs to measure. Up to a limit all of them; above it a part that is the same at every run, where each row and each
// column has about as many pairs as any other, and each pair of groups (of nodes, for instance) has at least one.

export interface Pairs<R, C> {
  readonly pairs: readonly (readonly [R, C])[];
  /** How many there would be. */
  readonly all: number;
}

export interface SampleOptions<R, C> {
  readonly most: number;
  /** Pairs that are always taken, over the limit too. */
  readonly always?: (row: R, column: C) => boolean;
  readonly groups?: { readonly row: (row: R) => string; readonly column: (column: C) => string };
}

export function samplePairs<R, C>(
  rows: readonly R[],
  columns: readonly C[],
  options: SampleOptions<R, C>,
): Pairs<R, C> {
  const all = rows.length * columns.length;
  const { most, always = () => false, groups } = options;
  if (all <= most) return { all, pairs: rows.flatMap((row) => columns.map((column) => [row, column] as const)) };
  const perRow = Math.max(1, Math.floor(most / rows.length));
  const pairs: (readonly [R, C])[] = [];
  const covered = new Set<string>();
  const group = (row: R, column: C): string => (groups ? `${groups.row(row)} ${groups.column(column)}` : "");
  const take = (row: R, column: C): void => {
    pairs.push([row, column]);
    covered.add(group(row, column));
  };
  for (const [r, row] of rows.entries()) {
    const chosen = new Set(chosenColumns(r, rows.length, columns.length, perRow));
    for (const [c, column] of columns.entries()) if (chosen.has(c) || always(row, column)) take(row, column);
  }
  for (const row of rows) for (const column of columns) if (!covered.has(group(row, column))) take(row, column);
  return { all, pairs };
}

/** Columns at even distances, which start further right in each row, by a step that spreads (the golden ratio's). */
function chosenColumns(row: number, rows: number, columns: number, count: number): number[] {
  const start = (row * columns) / rows + (((row * 0.618034) % 1) * columns) / count;
  return Array.from(
    { length: Math.min(count, columns) },
    (_, k) => Math.floor(start + (k * columns) / count) % columns,
  );
}
