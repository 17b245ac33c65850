// The measuring itself, on the benchmark's machine (bench/machine.ts): one contestant after the other at each step, so that whatever
// else the real machine does hurts all alike. Takes the plan as JSON, and prints the results as JSON.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../scripts/lib/environment";
import { say } from "../scripts/toolchain/progress";
import { run } from "./command";
import { declaredBy } from "./declared";
import { describeMachine } from "./description";
import { kernelScripts } from "./kernel";
import { nodesFor, writeLab } from "./lab";
import { folder } from "./machine";
import { memoryPerPod } from "./memory";
import { mininetVersion, runMininet, whyNoMininet } from "./mininet";
import { type Resource, Stack } from "./pulumi";
import type { Contestant, Plan, PodMemory, Results, SizeResult, Step, Times } from "./results";

/** Mininet takes so long for more that it has to be asked for. */
const mostHosts = 100;

const name = `bench-${randomBytes(4).toString("hex")}`;
const labFolder = join(folder, "lab");
const resourcesFile = join(folder, "resources.json");

async function measure({ sizes, runs, all }: Plan): Promise<Results> {
  const absent = whyNoMininet();
  const machine = await describeMachine();
  if (absent === undefined) machine.Mininet = await mininetVersion();
  const podnet = await Stack.create(projectRoot, name, { "podnet:lab": labFolder });
  const floor = await Stack.create(join(projectRoot, "bench", "floor"), name, { "floor:resources": resourcesFile });
  await warmUp(podnet, floor);
  const results: SizeResult[] = [];
  for (const pods of sizes) {
    const withMininet = absent === undefined && (pods <= mostHosts || all);
    results.push(await new Size(pods, podnet, floor, withMininet).measure(runs));
  }
  const skipped = sizes.some((pods) => pods > mostHosts) && !all;
  const tooLarge = `Mininet is left out above ${mostHosts} pods, where it takes long; --all lets it take part.`;
  return { machine, runs, sizes: results, notes: [absent, skipped && !absent ? tooLarge : undefined].filter(isText) };
}

const isText = (text: string | undefined): text is string => text !== undefined;

/** What is done once only, such as making the local host's keys, is in no measurement. */
async function warmUp(podnet: Stack, floor: Stack): Promise<void> {
  say("warming up ...");
  writeLab(labFolder, name, 1, 1);
  for (const step of ["up", "destroy"] as const) {
    await podnet.do(step);
    if (step === "up") declare(await podnet.resources());
    await floor.do(step);
  }
}

const declare = (state: readonly Resource[]): void => writeFileSync(resourcesFile, JSON.stringify(declaredBy(state)));

class Size {
  private readonly nodes: number;
  private readonly times: Partial<Record<Contestant, Times>> = {};
  private readonly memory: PodMemory[] = [];
  private resources = 0;

  constructor(
    private readonly pods: number,
    private readonly podnet: Stack,
    private readonly floor: Stack,
    private readonly withMininet: boolean,
  ) {
    this.nodes = nodesFor(pods);
  }

  async measure(runs: number): Promise<SizeResult> {
    for (let round = 1; round <= runs; round++) {
      say(`${this.pods} pods on ${this.nodes} nodes, round ${round} of ${runs}`);
      await this.round();
    }
    const { pods, nodes, resources, times, memory } = this;
    return { pods, nodes, resources, times, memory };
  }

  private async round(): Promise<void> {
    this.write(this.pods);
    await this.note("podnet", "up", this.podnet.do("up"));
    const state = await this.podnet.resources();
    this.resources = state.length;
    this.memory.push(memoryPerPod());
    declare(state);
    await this.note("Pulumi alone", "up", this.floor.do("up"));
    for (const step of ["second up", "preview", "refresh"] as const) await this.both(step);

    this.write(this.pods + 1);
    await this.note("podnet", "one pod added", this.podnet.do("one pod added"));
    declare(await this.podnet.resources());
    await this.note("Pulumi alone", "one pod added", this.floor.do("one pod added"));
    await this.both("destroy");

    await this.kernel(state);
    if (this.withMininet) await this.mininet();
  }

  private async both(step: Step): Promise<void> {
    await this.note("podnet", step, this.podnet.do(step));
    if (step === "destroy") await settle();
    await this.note("Pulumi alone", step, this.floor.do(step));
  }

  private async kernel(state: readonly Resource[]): Promise<void> {
    const scripts = kernelScripts(state);
    for (const step of ["up", "destroy"] as const) {
      const file = join(folder, `kernel-${step}.sh`);
      writeFileSync(file, scripts[step]);
      await this.note(
        "kernel alone",
        step,
        run(["sh", "-e", file]).then(({ seconds }) => seconds),
      );
    }
    await settle();
  }

  private async mininet(): Promise<void> {
    const { up, destroy } = await runMininet(this.pods);
    await this.note("Mininet", "up", up);
    await this.note("Mininet", "destroy", destroy);
    await settle();
  }

  private write(pods: number): void {
    writeLab(labFolder, name, this.nodes, pods);
  }

  private async note(contestant: Contestant, step: Step, measured: number | Promise<number>): Promise<void> {
    const seconds = await measured;
    const times = (this.times[contestant] ??= {});
    (times[step] ??= []).push(seconds);
    say(`  ${step}, ${contestant}: ${seconds.toFixed(2)} s`);
  }
}

/** The kernel removes namespaces when nobody waits for it, one after the other: when the last one's link has gone, all have. */
async function settle(): Promise<void> {
  const script = [
    "ip netns add bench.last",
    "ip link add last type veth peer name eth0 netns bench.last",
    "ip netns del bench.last",
    "while [ -e /sys/class/net/last ]; do sleep 0.02; done",
  ];
  await run(["sh", "-ec", script.join("\n")]);
}

void measure(JSON.parse(process.argv[2] ?? "") as Plan).then(
  (results) => process.stdout.write(JSON.stringify(results)),
  (error: Error) => {
    say(error.message);
    process.exitCode = 1;
  },
);
