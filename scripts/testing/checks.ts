// The checks that look at the code without running it.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../lib/environment";
import { duration, say } from "../toolchain/progress";
import type { Count } from "./count";

interface Check {
  readonly name: string;
  /** The program is one of node_modules/.bin. */
  readonly argv: readonly [string, ...string[]];
}

// The first takes longest, so it starts first.
export const checks: readonly Check[] = [
  { name: "lint", argv: ["eslint", "."] },
  { name: "types", argv: ["tsc", "--project", "."] },
  {
    name: "imports",
    argv: [
      "depcruise",
      "--config",
      ".dependency-cruiser.cjs",
      "index.ts",
      "components",
      "provider",
      "scripts",
      "test",
      "bench",
      "examples",
    ],
  },
  { name: "format", argv: ["prettier", "--check", "--log-level", "warn", "."] },
  { name: "dead code", argv: ["knip", "--no-progress"] },
];

/** Runs them side by side, says each result as it comes, and of a failed one all that it said. */
export async function runChecks(which: readonly Check[] = checks): Promise<Count> {
  const results = await Promise.all(which.map(runCheck));
  return { passed: results.filter(Boolean).length, failed: results.filter((passed) => !passed).length };
}

async function runCheck({ name, argv }: Check): Promise<boolean> {
  const start = Date.now();
  const { code, output } = await runTool(argv);
  say(`${code === 0 ? "ok    " : "FAILED"} ${name} (${argv.join(" ")}), ${duration((Date.now() - start) / 1000)}`);
  if (code !== 0) process.stderr.write(`${output.trimEnd()}\n`);
  return code === 0;
}

/** Runs a program of the npm packages in the project's folder. @param stdio whether a person sees what it says, or the result holds it */
export function runTool(
  [program, ...args]: readonly [string, ...string[]],
  stdio: "inherit" | "capture" = "capture",
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(projectRoot, "node_modules", ".bin", program), args, {
      cwd: projectRoot,
      stdio: stdio === "inherit" ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => output.push(text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output: output.join("") }));
  });
}
