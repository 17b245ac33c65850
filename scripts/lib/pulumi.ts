// Runs the Pulumi CLI in podnet's environment.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { projectRoot, pulumiEnvironment } from "./environment";
import { liftStaleLocks, stateFolder } from "./stateLock";

export interface PulumiOptions {
  /** On top of podnet's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** "inherit" (the default): a person sees and answers it. "capture": its output is the result. */
  readonly stdio?: "inherit" | "capture";
}

export interface PulumiResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `pulumi` in the project's folder, to its end: a signal to this process is Pulumi's to answer. A non-zero exit code is
 * the caller's to judge. */
export async function pulumi(
  args: readonly string[],
  { env = {}, stdio = "inherit" }: PulumiOptions = {},
): Promise<PulumiResult> {
  const shared = sharesTerminal();
  const environment = { ...process.env, ...pulumiEnvironment(), ...env };
  const child = spawn("pulumi", args, {
    cwd: projectRoot,
    env: environment,
    detached: !shared,
    stdio: stdio === "inherit" ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const stopRelay = relaySignals(child, shared);
  try {
    const code = await exitCode(child);
    return { code, stdout: stdout(), stderr: stderr() };
  } finally {
    stopRelay();
  }
}

/** The output of `pulumi`; an error with what it said when it fails. */
export async function pulumiOutput(args: readonly string[], env?: PulumiOptions["env"]): Promise<string> {
  const { code, stdout, stderr } = await pulumi(args, { env, stdio: "capture" });
  if (code !== 0)
    throw new Error(`pulumi ${args.join(" ")} ended with exit code ${code}:\n${(stderr || stdout).trimEnd()}`);
  return stdout;
}

/** Makes the lab's stack the current one: makes it when it is not there, lifts the lock of a killed Pulumi, sets its configuration.
 * @param config by key, for instance { "podnet:lab": "labs/demo.yaml" } */
export async function ensureStack(name: string, config: Readonly<Record<string, string>> = {}): Promise<void> {
  const secrets = fileBackend() ? ["--secrets-provider", "passphrase"] : [];
  liftLocks(name);
  await pulumiOutput(["stack", "select", name, "--create", ...secrets]);
  const present = stackConfig(name);
  const changed = Object.entries(config).filter(([key, value]) => present[key] !== value);
  if (changed.length === 0) return;
  await pulumiOutput([
    "config",
    "set-all",
    "--stack",
    name,
    ...changed.flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]),
  ]);
}

/** Lifts the locks that killed Pulumis left on a stack; other backends than the file backend see to that themselves.
 * @throws when a Pulumi that lives holds one */
export function liftLocks(stack: string): void {
  const state = fileBackend();
  if (state) liftStaleLocks(state, projectName(), stack);
}

const fileBackend = () => stateFolder(pulumiEnvironment().PULUMI_BACKEND_URL ?? "", projectRoot);

const projectName = () => (parse(readFileSync(join(projectRoot, "Pulumi.yaml"), "utf8")) as { name: string }).name;

export function stackConfig(stack: string): Record<string, unknown> {
  try {
    const file = readFileSync(join(projectRoot, `Pulumi.${stack}.yaml`), "utf8");
    return (parse(file) as { config?: Record<string, unknown> } | null)?.config ?? {};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const parts: string[] = [];
  stream?.setEncoding("utf8").on("data", (part: string) => parts.push(part));
  return () => parts.join("");
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Error(`cannot run pulumi: ${error.message}. Run: npm run setup`)));
    // As a shell says it: 128 + the signal's number.
    child.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]));
  });
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const sameMilliseconds = 500;

/** Pulumi stops cleanly at the first SIGINT or SIGTERM and at once at the second, so it must get each just once. A terminal sends
 * Ctrl-C to the whole foreground group, Pulumi included, and npm then sends it to this process again. Away from a terminal Pulumi
 * is in a group of its own, out of reach of signals to this one's group, and gets here what this process gets.
 * @returns what undoes it */
function relaySignals(child: ChildProcess, shared: boolean): () => void {
  const last = new Map<NodeJS.Signals, number>();
  const relay = (signal: NodeJS.Signals): void => {
    const fromTerminal = shared && signal !== "SIGTERM";
    const isEcho = Date.now() - (last.get(signal) ?? 0) < sameMilliseconds;
    last.set(signal, Date.now());
    if (!fromTerminal && !isEcho) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, relay);
  return () => signals.forEach((signal) => process.off(signal, relay));
}

/** Whether this process is in the foreground of a terminal: its group is the terminal's (proc(5), fields pgrp and tpgid). */
function sharesTerminal(): boolean {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const [, , pgrp, , , tpgid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return pgrp === tpgid;
}
