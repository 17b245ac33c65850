// A lab's outputs together with what really runs.
import { quote } from "../../components/host";
import { type Facts, observe } from "./observe";
import { withHost } from "./hosts";
import type { ClientOutput, NodeOutput, Outputs, PodOutput, Stack } from "./stack";

/** `incomplete`: it is there, but something in it that should run does not. */
export type State = "running" | "incomplete" | "gone";

export interface Process {
  /** The container's name, or `pause`; nothing for what podnet did not start itself. */
  readonly name?: string;
  readonly pid?: number;
  readonly command: string;
  readonly state: "running" | "ended";
}

interface Seen {
  readonly state: State;
  readonly processes: readonly Process[];
}

/** The outputs with more keys. */
export interface LiveLab extends Outputs {
  readonly nodes: Readonly<Record<string, NodeOutput & Seen>>;
  readonly pods: Readonly<Record<string, PodOutput & Seen>>;
  readonly clients: Readonly<Record<string, ClientOutput & Seen>>;
  /** The node network's switch, and the router behind which the client stands. */
  readonly underlay: Readonly<Record<string, { host: string; netns: string } & Seen>>;
}

export async function liveLab({ outputs, hosts }: Stack & { outputs: Outputs }): Promise<LiveLab> {
  const { lab, nodes, pods, clients } = outputs;
  const underlay = underlayOf(outputs);
  const places = [nodes, pods, clients, underlay].flatMap((group) =>
    Object.values<{ host: string; netns: string }>(group),
  );
  const facts: Record<string, Facts> = {};
  for (const host of new Set(places.map(({ host }) => host))) {
    const settings = hosts[host];
    if (!settings) throw new Error(`the state says nothing about how to reach host "${host}"`);
    const netns = new Set(places.filter((place) => place.host === host).map(({ netns }) => netns));
    facts[host] = await withHost(host, settings, (runner) => observe(runner, lab, [...netns]));
  }
  const factsOf = ({ host }: { host: string }): Facts => facts[host] as Facts;
  const withEach = <T extends { host: string; netns: string }>(
    group: Readonly<Record<string, T>>,
    see: (item: T, key: string) => Seen,
  ) => Object.fromEntries(Object.entries(group).map(([key, item]) => [key, { ...item, ...see(item, key) }]));
  const place = (item: { host: string; netns: string }): Seen => seePlace(factsOf(item), item.netns, Object.keys(pods));
  return {
    ...outputs,
    nodes: withEach(nodes, place),
    pods: withEach(pods, (pod, key) => seePod(factsOf(pod), pod, key, nodes[pod.node]?.netns)),
    clients: withEach(clients, place),
    underlay: withEach(underlay, place),
  };
}

/** They have no outputs of their own, and lie where the client does. */
export function underlayOf({ lab, clients }: Outputs): Record<string, { host: string; netns: string }> {
  const host = Object.values(clients)[0]?.host;
  if (host === undefined) throw new Error(`lab "${lab}" has no client`);
  return Object.fromEntries(["switch", "router"].map((name) => [name, { host, netns: `${lab}.${name}` }]));
}

/** A pod's processes are called `<namespace>/<pod>` (its pause process) and `<namespace>/<pod>/<container>`; those that answer for
 * Services on a node are called after what they do. */
const podOf = (name: string): string => name.split("/").slice(0, 2).join("/");

function seePod(facts: Facts, pod: PodOutput, key: string, nodeNetns: string | undefined): Seen {
  if (!facts.netns.has(pod.netns)) return { state: "gone", processes: [] };
  const declared = declaredIn(facts, pod.netns, (name) => {
    if (podOf(name) !== key) return undefined;
    return name === key ? "pause" : name.slice(key.length + 1);
  });
  // What else runs in a namespace that the node shares with its pods is the node's.
  const others = pod.netns === nodeNetns ? [] : othersIn(facts, pod.netns);
  const isWhole = declared.length > 0 && declared.every(({ state }) => state === "running");
  return { state: isWhole ? "running" : "incomplete", processes: [...declared, ...others] };
}

function seePlace(facts: Facts, netns: string, pods: readonly string[]): Seen {
  if (!facts.netns.has(netns)) return { state: "gone", processes: [] };
  const declared = declaredIn(facts, netns, (name) => (pods.includes(podOf(name)) ? undefined : name));
  const isWhole = declared.every(({ state }) => state === "running");
  return { state: isWhole ? "running" : "incomplete", processes: [...declared, ...othersIn(facts, netns)] };
}

/** @param called what a process is called there; undefined when it is somebody else's */
function declaredIn(facts: Facts, netns: string, called: (name: string) => string | undefined): Process[] {
  const declared = facts.declared.filter((each) => each.netns === netns);
  return declared
    .flatMap(({ pid, name, command }): Process[] => {
      const known = called(name);
      if (known === undefined) return [];
      const alive = facts.processes.some((each) => each.pid === pid && each.netns === netns);
      return [
        {
          name: known,
          ...(alive ? { pid } : {}),
          command: command.map(quote).join(" "),
          state: alive ? "running" : "ended",
        },
      ];
    })
    .sort(
      (a, b) =>
        Number(b.name === "pause") - Number(a.name === "pause") || (a.name as string).localeCompare(b.name as string),
    );
}

function othersIn(facts: Facts, netns: string): Process[] {
  const declared = new Set(facts.declared.map(({ pid }) => pid));
  const others = facts.processes.filter((each) => each.netns === netns && !declared.has(each.pid));
  return others.map(({ pid, command }) => ({ pid, command, state: "running" }));
}

/** What should run and does not: one sentence each. */
export function problemsOf({ nodes, pods, clients, underlay }: LiveLab): string[] {
  const all = Object.entries<Seen & { netns: string }>({ ...underlay, ...clients, ...nodes, ...pods });
  return all.flatMap(([name, { state, netns, processes }]) => {
    if (state === "gone") return [`${name}: its network namespace ${netns} is gone`];
    const ended = processes.filter((process) => process.state === "ended").map(({ name }) => `${name} has ended`);
    return state === "running" ? [] : [`${name}: ${ended.length > 0 ? ended.join(", ") : "nothing runs in it"}`];
  });
}
