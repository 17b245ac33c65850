// Runs a program of the tool chain and keeps what it says for the error message.
import { spawn } from "node:child_process";

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of standard error while the program runs. */
  readonly onLine?: (line: string) => void;
}

const linesShown = 30;

/** @returns standard output */
export function run(argv: readonly [string, ...string[]], { cwd, env, onLine }: RunOptions = {}): Promise<string> {
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const output: string[] = [];
    const said: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.push(text);
      if (onLine) text.split("\n").filter(Boolean).forEach(onLine);
    });
    child.on("error", (error) => reject(new Error(`cannot run ${argv.join(" ")}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(output.join(""));
      const last = (said.join("") || output.join("")).trimEnd().split("\n").slice(-linesShown);
      reject(new Error(`${argv.join(" ")} ended with ${signal ?? `exit code ${code}`}:\n  ${last.join("\n  ")}`));
    });
  });
}
