// A folder for what one run of Pulumi keeps while it runs, such as its language host's pipes. All processes of the run have it as their
// TMPDIR: that is how those are found that a killed Pulumi leaves, each in a process group of its own. Its name says whose run it is, so
// that the next run removes what is left of one that was killed itself.
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isPlugin } from "./orphans";

export interface RunFolder {
  readonly path: string;
  /** Ends what is left of the run, but for the plugin, which ends by itself when what runs on a host is done; and removes the
   * folder. */
  readonly remove: () => void;
}

export function runFolder(): RunFolder {
  // Process ids mean something in their own namespace only, and others may have the same folder /tmp.
  const ofNamespace = `podnet-run-${readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "")}-`;
  for (const path of abandoned(ofNamespace)) remove(path);
  const path = mkdtempSync(join(tmpdir(), `${ofNamespace}${process.pid}-`));
  return { path, remove: () => remove(path) };
}

function remove(path: string): void {
  if (!existsSync(path)) return;
  for (const pid of processesOf(path)) kill(pid);
  rmSync(path, { recursive: true, force: true });
}

/** Folders of runs that were killed, but for those whose Pulumi is still at work. */
function abandoned(ofNamespace: string): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(ofNamespace))
    .filter((name) => !existsSync(`/proc/${name.slice(ofNamespace.length).replace(/-.*/, "")}`))
    .map((name) => join(tmpdir(), name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.())
    .filter((path) => !processesOf(path).some(isEngine));
}

function processesOf(folder: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => environment(pid).includes(`TMPDIR=${folder}`) && !isPlugin(pid)).map(Number);
}

const isEngine = (pid: number): boolean => read(pid, "comm") === "pulumi\n";

const environment = (pid: string): string[] => read(pid, "environ").split("\0");

/** Nothing of a process that has ended meanwhile, or is somebody else's. */
function read(pid: string | number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
