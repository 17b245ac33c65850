// Labs of Services, in one mode of kube-proxy, from the first `up` to the end.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { say } from "../scripts/toolchain/progress";
import { Contest, runScript, settle } from "./contest";
import { nodesForServices, servicesLab, writeLab } from "./lab";
import { folder } from "./machine";
import { loaders, rulesByNode } from "./one-go";
import { type Stacks, labFolder } from "./pods";
import type { Resource } from "./pulumi";
import type { Mode, ServicesResult } from "./results";

export async function measureServices(
  services: number,
  mode: Mode,
  { name, podnet, floor }: Stacks,
  runs: number,
): Promise<ServicesResult> {
  const nodes = nodesForServices(services);
  const contest = new Contest(podnet, floor);
  const write = (isChanged: boolean): void =>
    writeLab(labFolder, servicesLab(name, { nodes, services, mode, isChanged }));
  let resources = 0;
  for (let round = 1; round <= runs; round++) {
    say(`${services} Services on ${nodes} nodes, mode ${mode}, round ${round} of ${runs}`);
    write(false);
    const state = await contest.change("up");
    resources = state.length;
    write(true);
    await contest.change("one endpoint changed");
    for (const step of ["second up", "refresh", "destroy"] as const) await contest.keep(step);
    await contest.note("in one go", "up", inOneGo(state, mode));
  }
  return { services, nodes, mode, resources, times: contest.times };
}

/** Into namespaces of which each has nothing else. @returns the seconds that all nodes together took, one after the other */
async function inOneGo(state: readonly Resource[], mode: Mode): Promise<number> {
  const nodes = rulesByNode(state, mode).map(({ text, ...node }, i) => {
    const file = join(folder, `rules-${i}`);
    writeFileSync(file, text);
    return { ...node, file };
  });
  const lines = (of: (node: (typeof nodes)[number]) => readonly string[]): string =>
    `${nodes.flatMap(of).join("\n")}\n`;
  const inside = (netns: string, command: string): string => `ip netns exec ${netns} ${command}`;
  await runScript(
    "rules-before",
    lines(({ netns, counters }) => [
      `ip netns add ${netns}`,
      ...counters.map((counter) => inside(netns, `nfacct add ${counter}`)),
    ]),
  );
  const seconds = await runScript(
    "rules",
    lines(({ netns, file }) => [inside(netns, `${loaders[mode]} <${file}`)]),
  );
  await runScript(
    "rules-after",
    lines(({ netns }) => [`ip netns del ${netns}`]),
  );
  await settle();
  return seconds;
}
