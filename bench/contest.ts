// The steps of a lab's life, done by podnet and by Pulumi alone in turn, and how long they took.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { say } from "../scripts/toolchain/progress";
import { run } from "./command";
import { declaredBy } from "./declared";
import { folder } from "./machine";
import type { Resource, Stack } from "./pulumi";
import type { Contestant, Step, Times } from "./results";

/** Where the floor's program reads what to declare. */
export const resourcesFile = join(folder, "resources.json");

const declare = (state: readonly Resource[]): void => writeFileSync(resourcesFile, JSON.stringify(declaredBy(state)));

export class Contest {
  readonly times: Partial<Record<Contestant, Times>> = {};

  constructor(
    private readonly podnet: Stack,
    private readonly floor: Stack,
  ) {}

  /** A step after which the lab is another one. @returns podnet's state */
  async change(step: Step, look: () => void = () => undefined): Promise<Resource[]> {
    await this.note("podnet", step, this.podnet.do(step));
    const state = await this.podnet.resources();
    look();
    declare(state);
    await this.note("Pulumi alone", step, this.floor.do(step));
    return state;
  }

  async keep(step: Step): Promise<void> {
    await this.note("podnet", step, this.podnet.do(step));
    if (step === "destroy") await settle();
    await this.note("Pulumi alone", step, this.floor.do(step));
  }

  async note(contestant: Contestant, step: Step, measured: number | Promise<number>): Promise<void> {
    const seconds = await measured;
    const times = (this.times[contestant] ??= {});
    (times[step] ??= []).push(seconds);
    say(`  ${step}, ${contestant}: ${seconds.toFixed(2)} s`);
  }
}

/** What is done once only, such as making the local host's keys, is in no measurement. */
export async function warmUp(podnet: Stack, floor: Stack): Promise<void> {
  for (const step of ["up", "destroy"] as const) {
    await podnet.do(step);
    if (step === "up") declare(await podnet.resources());
    await floor.do(step);
  }
}

/** Runs a shell script. @returns the seconds that it took */
export async function runScript(name: string, script: string): Promise<number> {
  const file = join(folder, `${name}.sh`);
  writeFileSync(file, script);
  return (await run(["sh", "-e", file])).seconds;
}

/** The kernel removes namespaces when nobody waits for it, one after the other: when the last one's link has gone, all have. */
export async function settle(): Promise<void> {
  const script = [
    "ip netns add bench.last",
    "ip link add last type veth peer name eth0 netns bench.last",
    "ip netns del bench.last",
    "while [ -e /sys/class/net/last ]; do sleep 0.02; done",
  ];
  await run(["sh", "-ec", script.join("\n")]);
}
