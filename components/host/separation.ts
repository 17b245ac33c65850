// The folder in which sshd, run by root, locks up its unprivileged half until a login is done. Debian makes it when its ssh
// service starts; elsewhere it is made here, and goes with its last user.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A file in the folder for each user tells whose it is, so that a killed one leaves nothing that the next cannot remove. */
const prefix = ".podnet-";

let count = 0;

/** Runs something while the folder exists. Any number of runs, in this process or others, may do so at once. */
export async function withSeparationFolder<T>(work: () => Promise<T>, folder = "/run/sshd"): Promise<T> {
  if (process.getuid?.() !== 0) return work(); // Without root there is nothing to separate from.
  const mark = enter(folder);
  if (mark === undefined) return work();
  try {
    return await work();
  } finally {
    leave(folder, mark);
  }
}

/** @returns our mark in the folder; undefined when the folder is somebody else's */
function enter(folder: string): string | undefined {
  const mark = `${prefix}${process.pid}-${startOf(process.pid)}-${count++}`;
  for (;;) {
    const marks = list(folder);
    if (marks && !marks.some((name) => name.startsWith(prefix))) return undefined;
    try {
      if (marks) writeFileSync(join(folder, mark), "");
      else makeWith(folder, mark);
      return mark;
    } catch (error) {
      // Its last user left, or another run made it, between our look and our step.
      if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(codeOf(error))) throw error;
    }
  }
}

/** The folder appears with the mark in it: an empty one would pass for somebody else's. */
function makeWith(folder: string, mark: string): void {
  const draft = folder + mark;
  mkdirSync(draft, { mode: 0o755 });
  try {
    writeFileSync(join(draft, mark), "");
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

function leave(folder: string, mark: string): void {
  rmSync(join(folder, mark), { force: true });
  for (const name of list(folder) ?? []) if (isDead(name)) rmSync(join(folder, name), { force: true });
  const parent = dirname(folder);
  for (const name of list(parent) ?? [])
    if (name.startsWith(basename(folder) + prefix) && isDead(name.slice(basename(folder).length)))
      rmSync(join(parent, name), { recursive: true, force: true });
  try {
    rmdirSync(folder); // Refuses a folder that somebody still uses.
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY"].includes(codeOf(error))) throw error;
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

function list(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function isDead(mark: string): boolean {
  const [, pid, start] = /^\.podnet-(\d+)-(\d+)-\d+$/.exec(mark) ?? [];
  return pid !== undefined && start !== startOf(Number(pid));
}

/** When a process started, in clock ticks since the boot (proc(5), starttime): a process id alone comes again. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
