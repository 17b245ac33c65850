// Runs the Pulumi CLI in podnet's environment.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { parse } from "yaml";
import { say } from "../toolchain/progress";
import { brief } from "./brief";
import { projectRoot, pulumiEnvironment } from "./environment";
import { runFolder } from "./runFolder";
import { type StackFiles, mend, removeStackFiles, tornFiles, whyNoRoom } from "./stateFiles";
import { liftStaleLocks, stateFolder } from "./stateLock";

export interface PulumiOptions {
  /** On top of podnet's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** "inherit" (the default): a person sees and answers it. "brief": the same in a terminal; elsewhere not every step of each
   * resource is shown. "capture": its output is the result. */
  readonly stdio?: "inherit" | "brief" | "capture";
  /** What it reads, when its output is captured. */
  readonly input?: string;
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
  { env = {}, stdio = "inherit", input = "" }: PulumiOptions = {},
): Promise<PulumiResult> {
  const shared = sharesTerminal();
  const isCaptured = stdio === "capture";
  const isBrief = stdio === "brief" && !process.stdout.isTTY;
  const folder = runFolder();
  const environment = { ...process.env, ...pulumiEnvironment(), TMPDIR: folder.path, ...env };
  const child = spawn("pulumi", isBrief ? [...args, "--suppress-progress"] : args, {
    cwd: projectRoot,
    env: environment,
    detached: !shared,
    stdio: isCaptured ? "pipe" : ["inherit", shownBy(process.stdout), shownBy(process.stderr)],
  });
  child.once("exit", folder.remove);
  child.stdin?.on("error", () => undefined).end(input); // Whoever ends early reads none of it.
  const [stdout, stderr] = [collect(isCaptured ? child.stdout : null), collect(isCaptured ? child.stderr : null)];
  if (isBrief && child.stdout) brief(child.stdout);
  else if (!isCaptured) passOn(child.stdout, process.stdout);
  if (!isCaptured) passOn(child.stderr, process.stderr);
  const stopRelay = relaySignals(child, shared);
  try {
    const code = await exitCode(child);
    return { code, stdout: stdout(), stderr: stderr() };
  } finally {
    stopRelay();
    folder.remove();
  }
}

/** The output of `pulumi`; an error with what it said when it fails. */
export async function pulumiOutput(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await pulumi(args, { stdio: "capture", input });
  if (code !== 0)
    throw new Error(`pulumi ${args.join(" ")} ended with exit code ${code}:\n${(stderr || stdout).trimEnd()}`);
  return stdout;
}

/** Makes the lab's stack the current one: makes it when it is not there, and sets its configuration.
 * @param config by key, for instance { "podnet:lab": "labs/demo.yaml" } */
export async function ensureStack(name: string, config: Readonly<Record<string, string>> = {}): Promise<void> {
  const secrets = fileBackend() ? ["--secrets-provider", "passphrase"] : [];
  prepareState(name);
  const select = ["stack", "select", name];
  await pulumiOutput([...select, "--create", ...secrets]).catch((error: Error) => {
    // Another one that began at the same moment has made it.
    if (!error.message.includes("already exists")) throw error;
    return pulumiOutput(select);
  });
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

/** Does what needs a stack, and leaves none when there was none. */
export async function withoutTrace<T>(name: string, work: () => Promise<T>): Promise<T> {
  const isNew = (await exportStack(name)) === undefined;
  const file = configFile(name);
  const config = existsSync(file) ? readFileSync(file) : undefined;
  try {
    return await work();
  } finally {
    if (isNew && (await removeEmptyStack(name)) && config) writeFileSync(file, config);
  }
}

/** Undoes what killed Pulumis did to a stack's state, before an operation that changes it: their locks, and files cut off. Other
 * backends than the file backend see to that themselves.
 * @throws when a Pulumi that lives works on the stack, or when its state could not be written */
export function prepareState(stack: string): void {
  const files = stackFiles(stack);
  if (!files) return;
  const refused = whyNoRoom(files);
  if (refused !== undefined) throw new Error(`${refused}. Nothing was changed`);
  mendState(files);
}

/** The state as JSON, with its secrets; undefined when there is no such stack. */
export async function exportStack(name: string): Promise<string | undefined> {
  expectWholeState(name);
  const args = ["stack", "export", "--show-secrets", "--stack", name];
  const { code, stdout, stderr } = await pulumi(args, { stdio: "capture" });
  if (code !== 0 && /no stack named/.test(stderr)) return undefined;
  if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with exit code ${code}:\n${stderr.trimEnd()}`);
  return stdout;
}

/** Says what may be behind a failed operation: the state cannot be written, or another Pulumi that began at the same moment holds it. */
export function explainFailure(stack: string): void {
  const files = stackFiles(stack);
  if (!files) return;
  const refused = whyNoRoom(files);
  if (refused !== undefined) say(`${refused}: what was made is written down on the lab's hosts`);
  try {
    liftStaleLocks(files.state, files.project, files.stack);
  } catch (error) {
    say(`${(error as Error).message}. \`pulumi cancel\` would let both work on it at once`);
  }
}

/** Before the state is only read. */
function expectWholeState(stack: string): void {
  const files = stackFiles(stack);
  if (files && tornFiles(files).length > 0) mendState(files);
}

function mendState(files: StackFiles): void {
  liftStaleLocks(files.state, files.project, files.stack);
  for (const line of mend(files)) say(line);
}

/** Forgets a stack that has no resources. @returns false when it has some, since somebody else brought the lab up, or is about to */
async function removeEmptyStack(name: string): Promise<boolean> {
  const { code } = await pulumi(["stack", "rm", "--yes", "--remove-backups", "--stack", name], { stdio: "capture" });
  if (code === 0) removeRemains(name);
  return code === 0;
}

/** Forgets a stack: its state, its history, its copies and its configuration. */
export async function removeStack(name: string): Promise<void> {
  await pulumiOutput(["stack", "rm", "--force", "--yes", "--remove-backups", "--stack", name]);
  removeRemains(name);
}

/** What is there of a stack that Pulumi does not know, or not any more. */
export function removeRemains(name: string): void {
  const files = stackFiles(name);
  if (files) removeStackFiles(files);
  rmSync(configFile(name), { force: true });
}

function stackFiles(stack: string): StackFiles | undefined {
  const state = fileBackend();
  return state === undefined ? undefined : { state, project: projectName(), stack };
}

const fileBackend = () => stateFolder(pulumiEnvironment().PULUMI_BACKEND_URL ?? "", projectRoot);

const projectName = () => (parse(readFileSync(join(projectRoot, "Pulumi.yaml"), "utf8")) as { name: string }).name;

/** The file that Pulumi keeps beside Pulumi.yaml for a stack. */
const configFile = (stack: string): string => join(projectRoot, `Pulumi.${stack}.yaml`);

export function stackConfig(stack: string): Record<string, unknown> {
  try {
    return (
      (parse(readFileSync(configFile(stack), "utf8")) as { config?: Record<string, unknown> } | null)?.config ?? {}
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** Only a terminal is Pulumi's own. Whoever reads from a pipe may be slow, and Pulumi loses what does not fit in, or stop, and Pulumi
 * ends in the middle of a change (SIGPIPE, pipe(7)); this process waits for the one, and survives the other (podnet.mjs). */
const shownBy = ({ isTTY }: NodeJS.WriteStream): "inherit" | "pipe" => (isTTY ? "inherit" : "pipe");

const passOn = (from: Readable | null, to: NodeJS.WriteStream): void =>
  void from?.on("data", (part: Buffer) => to.write(part));

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
