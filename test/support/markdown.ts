/**
 * The documentation as something that can be followed. What its code blocks are for:
 *
 *   ```sh                                       commands, run in order in a clone of the project
 *   <!-- not run: why --> before ```sh          commands that are not
 *   <!-- fails --> before ```sh                 commands the last of which fails
 *   <!-- output --> before ```text              what the commands just before print: these lines in this order, `…` for anything
 *   <!-- file: path --> before any other        the content of a file, written before the next commands
 *   <!-- file: path --> before ```diff          a change of a file; `@@` alone on a line stands for the lines in between
 *
 * All other blocks are pictures.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../scripts/lib/environment";

/** The documents that test/real/docs.test.ts follows; each ends with everything as it was before. */
export const followed = [
  "README.md",
  "docs/workshop-first-steps.md",
  "docs/services.md",
  "docs/library.md",
  "docs/adding-a-kind.md",
  ...["cluster-ip", "node-port", "session-affinity", "no-endpoints", "load-balancer", "host-port", "nftables"].map(
    (topic) => `labs/${topic}/README.md`,
  ),
];

export interface Block {
  /** Where its first line of code is. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** The comment before it, without the angle brackets. */
  readonly comment: string;
}

export type Step =
  | {
      readonly do: "run";
      readonly line: number;
      readonly text: string;
      readonly fails: boolean;
      readonly output?: string;
    }
  | { readonly do: "write" | "change"; readonly line: number; readonly text: string; readonly path: string };

export const read = (document: string): string => readFileSync(join(projectRoot, document), "utf8");

export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, fence, language = ""] = /^(`{3,})(\S*)/.exec(lines[at] ?? "") ?? [];
    if (fence === undefined) continue;
    const end = lines.indexOf(fence, at + 1);
    const before = lines.slice(0, at).findLast((line) => line !== "") ?? "";
    const comment = /^<!-- (.*) -->$/.exec(before)?.[1] ?? "";
    blocks.push({ line: at + 2, language, text: lines.slice(at + 1, end).join("\n"), comment });
    at = end;
  }
  return blocks;
}

export function stepsOf(markdown: string): Step[] {
  const steps: Step[] = [];
  for (const { line, language, text, comment } of blocksOf(markdown)) {
    const path = /^file: (.*)$/.exec(comment)?.[1];
    if (path !== undefined) steps.push({ do: language === "diff" ? "change" : "write", line, text, path });
    else if (language === "sh" && !comment.startsWith("not run: "))
      steps.push({ do: "run", line, text, fails: comment === "fails" });
    else if (comment === "output") steps.push({ ...lastRun(steps, line), output: text });
  }
  return steps;
}

function lastRun(steps: Step[], line: number): Step & { do: "run" } {
  const last = steps.pop();
  if (last?.do !== "run" || last.output !== undefined) throw new Error(`line ${line}: output of what?`);
  return last;
}

/** The lines of an expected output that do not come, in order, in what was printed. */
export function missingLines(expected: string, printed: string): string[] {
  const plain = (line: string): string => line.trim().replaceAll(/\s+/g, " ");
  const lines = printed.split("\n").map(plain);
  let from = 0;
  return expected.split("\n").filter((line) => {
    const words = plain(line)
      .split("…")
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const pattern = new RegExp(`^${words.join(".*")}$`);
    const at = lines.findIndex((printedLine, i) => i >= from && pattern.test(printedLine));
    if (at >= 0) from = at + 1;
    return at < 0;
  });
}

/** Applies the parts of a diff, each of which must fit in one place and no other. */
export function patched(text: string, diff: string): string {
  return diff.split(/^@@$/m).reduce((result, part) => {
    const lines = part.split("\n").filter((line) => line !== "");
    const side = (sign: string): string =>
      lines
        .filter((line) => !line.startsWith(sign))
        .map((line) => `${line.slice(1)}\n`)
        .join("");
    const [before, after] = [side("+"), side("-")];
    const places = result.split(before).length - 1;
    if (places !== 1) throw new Error(`this fits in ${places} places:\n${before}`);
    return result.replace(before, () => after);
  }, text);
}
