import type { Problem } from "./types";

/** Where a problem is: everything of it but the message. */
export type Place = Omit<Problem, "message">;

/** `pods.yaml:12:7`; for a whole file, or for an object written in TypeScript, what there is of it. */
export const placeText = ({ file, line, column }: Place): string =>
  [file, line, column].filter((part) => part !== undefined).join(":");

export const problemText = (problem: Problem): string => `${placeText(problem)}: ${problem.message}`;

/** Everything that is wrong with a lab, at once. For people: shown without a stack trace. */
export class LabError extends Error {
  override readonly name = "LabError";
  /** How Pulumi knows an error of the user's, of which it shows the message without a stack (RunError.isInstance). */
  readonly __pulumiRunError = true;
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = inOrder(problems);
    super(sorted.map(problemText).join("\n"));
    this.problems = sorted;
  }
}

/** Sorted by place, each said once: what an anchor says wrong is met again at each of its aliases. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const once = new Map(problems.map((problem) => [problemText(problem), problem]));
  return [...once.values()].sort(
    (a, b) => compare(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}

/** The same in every locale; numbers in paths by value, so that pods[2] comes before pods[10]. */
function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.replace(/\d+/g, (digits) => digits.padStart(10, "0")));
  return left === right ? 0 : (left as string) < (right as string) ? -1 : 1;
}
