// How many of what ran passed. The last line of a run of tests, which programs read too.

export interface Count {
  readonly passed: number;
  readonly failed: number;
}

export const add = (counts: readonly Count[]): Count => ({
  passed: counts.reduce((sum, { passed }) => sum + passed, 0),
  failed: counts.reduce((sum, { failed }) => sum + failed, 0),
});

/** Says the summary, and leaves it in the exit code. */
export function conclude({ passed, failed }: Count): void {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
