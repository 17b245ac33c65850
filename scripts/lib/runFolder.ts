// A folder for what one run of Pulumi keeps while it runs, such as its language host's pipes. All processes of the run have it as their
// TMPDIR: that is how those are found that a killed Pulumi leaves, each in a process group of its own.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
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
  const path = mkdtempSync(join(tmpdir(), "podnet-run-"));
  const remove = (): void => {
    if (!existsSync(path)) return;
    for (const pid of processesOf(path)) kill(pid);
    rmSync(path, { recursive: true, force: true });
  };
  return { path, remove };
}

function processesOf(folder: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => environment(pid).includes(`TMPDIR=${folder}`) && !isPlugin(pid)).map(Number);
}

/** Nothing of a process that has ended meanwhile, or is somebody else's. */
function environment(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
