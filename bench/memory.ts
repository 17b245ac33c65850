// What the pods of a running lab take of the host's memory.
import { readFileSync, readdirSync } from "node:fs";
import type { PodMemory } from "./results";

/** Shared pages count in parts, so the sum over all processes is what they really take. */
export function memoryPerPod(): PodMemory {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      // Called <netns>,<namespace>/<pod>, and a container's with /<container> behind.
      const mark = environment(pid).find((variable) => variable.startsWith("PODNET_PROCESS="));
      return mark === undefined ? [] : [{ isPause: mark.split("/").length === 2, bytes: proportionalSetSize(pid) }];
    });
  const pods = processes.filter(({ isPause }) => isPause).length;
  if (pods === 0) throw new Error("no pause process runs");
  const average = (isMeant: boolean): number =>
    processes.filter(({ isPause }) => isPause === isMeant).reduce((sum, { bytes }) => sum + bytes, 0) / pods;
  return { pause: average(true), server: average(false) };
}

/** Nothing of a process that has ended meanwhile. */
function environment(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function proportionalSetSize(pid: string): number {
  const [, kibibytes] = /^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? [];
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/smaps_rollup has no line Pss`);
  return Number(kibibytes) * 1024;
}
