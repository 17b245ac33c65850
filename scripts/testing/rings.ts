// Runs jest on the rings of tests and counts.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { projectRoot } from "../lib/environment";
import { say } from "../toolchain/progress";
import type { Count } from "./count";

/** A ring of jest.config.cjs. */
export type Ring = "unit" | "fake" | "real";

/** A run that takes longer hangs, and is ended. */
const limitMinutes = 60;

/** The test files of a ring, as paths from the project's folder. @param only a part of the path */
export function filesOf(ring: Ring, only = ""): string[] {
  const folder = join(projectRoot, "test", ring);
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => relative(projectRoot, join(entry.parentPath, entry.name)))
    .filter((file) => file.includes(only))
    .sort();
}

/** @param serial one after the other in one process, each test told as it ends */
export async function runFiles(files: readonly string[], { serial = false } = {}): Promise<Count> {
  if (files.length === 0) return { passed: 0, failed: 0 };
  const folder = mkdtempSync(join(tmpdir(), "podnet-jest-"));
  const report = join(folder, "report.json");
  try {
    const code = await jest([
      ...["--runTestsByPath", ...files],
      ...["--json", "--outputFile", report],
      ...(serial ? ["--runInBand", "--reporters=default", "--reporters=./test/progress.cjs"] : ["--maxWorkers=100%"]),
    ]);
    return countOf(report, code);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function jest(args: readonly string[]): Promise<number> {
  const program = join(projectRoot, "node_modules", "jest", "bin", "jest.js");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: projectRoot,
      stdio: ["ignore", "inherit", "inherit"],
      timeout: limitMinutes * 60_000,
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal) say(`jest was ended by ${signal}; a run may take ${limitMinutes} minutes`);
      resolve(code ?? 1);
    });
  });
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Files that could not even be loaded. */
  readonly numRuntimeErrorTestSuites: number;
}

/** What did not run did not pass. */
function countOf(report: string, code: number): Count {
  const said = reportIn(report);
  if (!said) {
    say("jest ended without a report");
    return { passed: 0, failed: 1 };
  }
  const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites } = said;
  const skipped = numPendingTests + numTodoTests;
  if (skipped > 0) say(`${skipped} tests were skipped, which counts as failed`);
  const failed = numFailedTests + skipped + numRuntimeErrorTestSuites;
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed };
}

function reportIn(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return undefined;
  }
}
