// The lock files of Pulumi's file backend, which a killed Pulumi leaves behind (pulumi/pkg/backend/diy/lock.go):
// <state>/.pulumi/locks/organization/<project>/<stack>/<uuid>.json holds { pid, username, hostname, timestamp }.
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

interface Process {
  readonly name: string;
  /** In milliseconds since the epoch. */
  readonly started: number;
}

/** The folder of a file backend, undefined for any other. @param url as PULUMI_BACKEND_URL has it */
export function stateFolder(url: string, cwd: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const path = url.slice("file://".length).replace(/\?.*$/, "");
  if (path.startsWith("/")) return fileURLToPath(`file://${path}`);
  return path.startsWith("~") ? join(homedir(), path.slice(1)) : resolve(cwd, path);
}

/** Removes the locks whose holder is dead; a holder that lives is an error. Removes single files, where `pulumi cancel` would
 * remove all of the stack's, also one that was made since. */
export function liftStaleLocks(state: string, project: string, stack: string): void {
  const folder = join(state, ".pulumi", "locks", "organization", project, stack);
  for (const name of entries(folder).filter((entry) => !entry.endsWith(".attrs"))) {
    const file = join(folder, name);
    const lock = readLock(file);
    if (lock === "gone") continue;
    if (lock !== "torn" && (lock.hostname !== hostname() || isHolder(findProcess(lock.pid), lock)))
      throw new Error(locked(lock, file));
    for (const path of [file, `${file}.attrs`]) rmSync(path, { force: true });
  }
}

/** A pid is used again: a process that started after the lock was made is another one. The wall clock may have been set since,
 * so a process that is called pulumi is believed to be the holder all the same. */
export function isHolder(found: Process | undefined, { timestamp }: Lock, slackMilliseconds = 2000): boolean {
  if (!found) return false;
  return found.name === "pulumi" || found.started <= Date.parse(timestamp) + slackMilliseconds;
}

function locked({ pid, username, hostname: host, timestamp }: Lock, file: string): string {
  if (host !== hostname()) {
    return (
      `the lab is locked by Pulumi on another machine: ${username}@${host}, process ${pid}, since ${timestamp}. ` +
      `Wait until it is done. If that machine or process is gone, delete ${file}`
    );
  }
  return (
    `the lab is locked: ${username} changes it since ${timestamp}, process ${pid}. ` +
    `Wait until that is done, or stop it with: kill -INT ${pid}`
  );
}

const writingMilliseconds = 1000;

/** Locks get written under a temporary name beside it and renamed. So half a file is what a kill or a full disk left, unless it is
 * very young; and it cannot stay, since Pulumi reads whatever lies there as a lock. */
function readLock(file: string): Lock | "gone" | "torn" {
  try {
    const isYoung = Date.now() - statSync(file).mtimeMs < writingMilliseconds;
    const lock = parseLock(readFileSync(file, "utf8"));
    if (lock || !isYoung) return lock ?? "torn";
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, writingMilliseconds);
    return parseLock(readFileSync(file, "utf8")) ?? "torn";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "gone";
    throw error;
  }
}

function parseLock(text: string): Lock | undefined {
  try {
    return JSON.parse(text) as Lock;
  } catch {
    return undefined;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** A process of this machine that runs, by proc(5). */
export function findProcess(pid: number): Process | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"), readFileSync("/proc/stat", "utf8"));
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

const ticksPerSecond = 100; // USER_HZ, the same on all of Linux's architectures that Node.js runs on.

/** @returns undefined for a process that has ended and was not waited for yet */
export function parseStat(processStat: string, machineStat: string): Process | undefined {
  const [, name = "", rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(processStat) ?? [];
  const fields = rest.split(" "); // from field 3, the state, on
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  const boot = Number(/^btime (\d+)$/m.exec(machineStat)?.[1]);
  return { name, started: (boot + Number(fields[19]) / ticksPerSecond) * 1000 };
}
