// Labs of pods, from the first `up` to the end.
import { join } from "node:path";
import { say } from "../scripts/toolchain/progress";
import { Contest, runScript, settle } from "./contest";
import { kernelScripts } from "./kernel";
import { nodesForPods, podsLab, writeLab } from "./lab";
import { folder } from "./machine";
import { memoryPerPod } from "./memory";
import { runMininet } from "./mininet";
import type { Resource, Stack } from "./pulumi";
import type { PodMemory, PodsResult } from "./results";

export interface Stacks {
  /** What both are called. */
  readonly name: string;
  readonly podnet: Stack;
  readonly floor: Stack;
}

export const labFolder = join(folder, "lab");

export async function measurePods(
  pods: number,
  { name, podnet, floor }: Stacks,
  { runs, withMininet }: { readonly runs: number; readonly withMininet: boolean },
): Promise<PodsResult> {
  const nodes = nodesForPods(pods);
  const contest = new Contest(podnet, floor);
  const memory: PodMemory[] = [];
  const write = (count: number): void => writeLab(labFolder, podsLab(name, nodes, count));
  let resources = 0;
  for (let round = 1; round <= runs; round++) {
    say(`${pods} pods on ${nodes} nodes, round ${round} of ${runs}`);
    write(pods);
    const state = await contest.change("up", () => memory.push(memoryPerPod()));
    resources = state.length;
    for (const step of ["second up", "preview", "refresh"] as const) await contest.keep(step);
    write(pods + 1);
    await contest.change("one pod added");
    await contest.keep("destroy");
    await kernelAlone(contest, state);
    if (withMininet) await mininet(contest, pods);
  }
  return { pods, nodes, resources, times: contest.times, memory };
}

async function kernelAlone(contest: Contest, state: readonly Resource[]): Promise<void> {
  const scripts = kernelScripts(state);
  for (const step of ["up", "destroy"] as const)
    await contest.note("kernel alone", step, runScript(`kernel-${step}`, scripts[step]));
  await settle();
}

async function mininet(contest: Contest, pods: number): Promise<void> {
  const { up, destroy } = await runMininet(pods);
  await contest.note("Mininet", "up", up);
  await contest.note("Mininet", "destroy", destroy);
  await settle();
}
