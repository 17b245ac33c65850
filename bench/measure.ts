// The measuring itself, on the benchmark's machine (bench/machine.ts): one contestant after the other at each step, so that whatever
// else the real machine does hurts all alike. Takes the plan as JSON, and prints the results as JSON.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { projectRoot } from "../scripts/lib/environment";
import { say } from "../scripts/toolchain/progress";
import { resourcesFile, warmUp } from "./contest";
import { describeMachine } from "./description";
import { podsLab, servicesLab, writeLab } from "./lab";
import { mininetVersion, whyNoMininet } from "./mininet";
import { type Stacks, labFolder, measurePods } from "./pods";
import { Stack, withProgram } from "./pulumi";
import { type Plan, type PodsResult, type Results, type ServicesResult, modes } from "./results";
import { measureServices } from "./services";

/** Mininet takes so long for more that it has to be asked for. */
const mostHosts = 100;

async function measure({ pods, services, runs, all }: Plan): Promise<Results> {
  const absent = whyNoMininet();
  const machine = await describeMachine();
  if (absent === undefined) machine.Mininet = await mininetVersion();
  const name = `bench-${randomBytes(4).toString("hex")}`;
  const stacks: Stacks = {
    name,
    podnet: await Stack.create(projectRoot, name, { "podnet:lab": labFolder }, withProgram),
    floor: await Stack.create(join(projectRoot, "bench", "floor"), name, { "floor:resources": resourcesFile }),
  };
  await warmUpAll(stacks, services.length > 0);
  const podsResults: PodsResult[] = [];
  for (const size of pods) {
    const withMininet = absent === undefined && (size <= mostHosts || all);
    podsResults.push(await measurePods(size, stacks, { runs, withMininet }));
  }
  const servicesResults: ServicesResult[] = [];
  for (const size of services)
    for (const mode of modes) servicesResults.push(await measureServices(size, mode, stacks, runs));
  const skipped = pods.some((size) => size > mostHosts) && !all;
  const tooLarge = `Mininet is left out above ${mostHosts} pods, where it takes long; --all lets it take part.`;
  const notes = pods.length === 0 ? [] : [absent, skipped && !absent ? tooLarge : undefined].filter(isText);
  return { machine, runs, pods: podsResults, services: servicesResults, notes };
}

const isText = (text: string | undefined): text is string => text !== undefined;

/** A mode for which the machine lacks something fails now, and not after half an hour. */
async function warmUpAll({ name, podnet, floor }: Stacks, withServices: boolean): Promise<void> {
  say("warming up ...");
  const labs = withServices ? modes.map((mode) => servicesLab(name, { nodes: 1, services: 1, mode })) : [];
  for (const text of [podsLab(name, 1, 1), ...labs]) {
    writeLab(labFolder, text);
    await warmUp(podnet, floor);
  }
}

void measure(JSON.parse(process.argv[2] ?? "") as Plan).then(
  (results) => process.stdout.write(JSON.stringify(results)),
  (error: Error) => {
    say(error.message);
    process.exitCode = 1;
  },
);
