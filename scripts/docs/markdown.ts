/** A Markdown table as prettier formats it. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows.map((row) => row.map(escaped));
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  return [head, widths.map((width) => "-".repeat(width)), ...body].map(line).join("");
}

/** Outside of code a `<word>` would be taken for HTML. */
function escaped(cell: string): string {
  const pieces = cell.split(/(`[^`]*`)/);
  return pieces
    .map((piece, i) => (i % 2 === 0 ? piece.replaceAll("<", "\\<") : piece))
    .join("")
    .replaceAll("|", "\\|");
}
