// Runs a command to its end, and says how long it took.
import { spawn } from "node:child_process";
import { line } from "../components/host";

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Hears what it prints, as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface Ran {
  readonly seconds: number;
  readonly stdout: string;
}

/** Nothing that is measured takes as long; what does hangs. */
const limit = 60 * 60 * 1000;

/** What fails says so at the end. */
const linesShown = 30;

const now = (): number => performance.now() / 1000;

/** @throws when the command fails, with what it said */
export function run(argv: readonly string[], { cwd, env, onOutput }: RunOptions = {}): Promise<Ran> {
  const [program = "", ...args] = argv;
  const start = now();
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: limit });
    const [stdout, stderr]: [string[], string[]] = [[], []];
    const hear = (parts: string[]) => (text: string) => {
      parts.push(text);
      onOutput?.(text);
    };
    child.stdout.setEncoding("utf8").on("data", hear(stdout));
    child.stderr.setEncoding("utf8").on("data", hear(stderr));
    child.on("error", failed);
    child.on("exit", (code, signal) => {
      const seconds = now() - start;
      // What it printed last may come after its end.
      child.on("close", () => {
        if (code === 0) return done({ seconds, stdout: stdout.join("") });
        const said = [...stdout, ...stderr].join("").trimEnd().split("\n").slice(-linesShown);
        failed(new Error(`${signal ?? `exit code ${code}`} of: ${line({ argv })}\n${said.join("\n")}`));
      });
    });
  });
}
