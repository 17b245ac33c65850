// Kernels write what they were told in a form of their own. What was said, and what came back right afterwards, are the same.

/** A line that is as the kernel gave it back after we set it is said as we said it; any other as it stands there. */
export const inOurWords = (lines: readonly string[], asked: readonly string[], saved: readonly string[]): string[] =>
  lines.map((line, i) => asked[saved[i] === line ? i : saved.indexOf(line)] ?? line);
