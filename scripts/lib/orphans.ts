// Plugins that outlive a killed Pulumi. They notice and end, in less than a second; until then they may still be at work on
// a host, and nobody else should be.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "./environment";

const plugin = join(projectRoot, "provider", "pulumi-resource-podnet");
const limit = 70_000; // What runs on a host finishes first, and may take a minute.

export async function awaitOrphans(): Promise<void> {
  const end = Date.now() + limit;
  for (let left = orphans(); left.length > 0; left = orphans()) {
    if (Date.now() > end) throw new Error(`a killed Pulumi left plugins that do not end: kill -9 ${left.join(" ")}`);
    await sleep(100);
  }
}

/** Process ids of this project's plugins whose parent is no Pulumi. */
function orphans(): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || !isPlugin(pid)) return false;
    const parent = /^PPid:\s+(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1];
    return parent !== undefined && read(`/proc/${parent}/comm`).trim() !== "pulumi";
  });
}

/** Whether a process is this project's plugin. */
export const isPlugin = (pid: string): boolean => read(`/proc/${pid}/cmdline`).split("\0").includes(plugin);

/** Nothing of a process that has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
