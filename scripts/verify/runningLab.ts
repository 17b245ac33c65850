// A running lab as its stack knows it: places from the outputs; ports, MTUs and the way to the hosts from the state.
import type { Resource, Stack } from "../lib/stack";
import type { Node, Place, Pod, Port, ProxyOptions, RunningLab } from "./places";

export function runningLab({
  outputs,
  hosts,
  resources,
}: Pick<Required<Stack>, "outputs" | "hosts" | "resources">): RunningLab {
  if (!outputs) throw new Error("the lab is not up");
  const { lab, nodes, pods, clients, services } = outputs;
  const [ports, mtus] = [portsByPod(resources), mtuByNetns(resources)];
  return {
    name: lab,
    nodes: Object.entries(nodes).map(([name, { internalIP, ...rest }]): Node => ({
      name,
      kind: "node",
      ip: internalIP,
      ...rest,
    })),
    pods: Object.entries(pods).map(([name, pod]): Pod => {
      const hostNetwork = pod.netns === nodes[pod.node]?.netns;
      const mtu = hostNetwork ? undefined : mtus.get(pod.netns);
      return { name, kind: "pod", ...pod, hostNetwork, serves: ports.get(name) ?? [], mtu };
    }),
    clients: Object.entries(clients).map(([name, client]): Place => ({ name, kind: "client", ...client })),
    services,
    proxy: proxyOptions(resources),
    entries: { ...routedTo(resources, nodes), ...announcersIn(resources, nodes) },
    hosts,
  };
}

/** The same on each node. */
const proxyOptions = (resources: readonly Resource[]): ProxyOptions =>
  resources.find(({ type }) => type === "podnet:kubernetes:ServiceProxy")?.outputs?.["options"] ?? {};

/** The router has a way to each external address, as no node has to itself. */
function routedTo(
  resources: readonly Resource[],
  nodes: Readonly<Record<string, { readonly netns: string; readonly internalIP: string }>>,
): Record<string, string> {
  const nodeAt = new Map(Object.entries(nodes).map(([name, { internalIP }]) => [internalIP, name]));
  const ofNodes = new Set(Object.values(nodes).map(({ netns }) => netns));
  return Object.fromEntries(
    resources.flatMap(({ type, inputs }) => {
      if (type !== "podnet:linux:Route" || ofNodes.has(String(inputs?.["netns"]))) return [];
      const ip = /^(.*)\/32$/.exec(String(inputs?.["destination"]))?.[1];
      const node = nodeAt.get(String(inputs?.["via"]));
      return ip === undefined || node === undefined ? [] : [[ip, node]];
    }),
  );
}

/** Who answers for an address is a process that is called after it. */
function announcersIn(
  resources: readonly Resource[],
  nodes: Readonly<Record<string, { readonly netns: string }>>,
): Record<string, string> {
  const nodeOf = new Map(Object.entries(nodes).map(([name, { netns }]) => [netns, name]));
  return Object.fromEntries(
    resources.flatMap(({ type, inputs }) => {
      const ip = type === "podnet:linux:Process" ? /^speaker (\S+)$/.exec(String(inputs?.["name"]))?.[1] : undefined;
      const node = nodeOf.get(String(inputs?.["netns"]));
      return ip === undefined || node === undefined ? [] : [[ip, node]];
    }),
  );
}

interface Container {
  readonly listens: readonly Port[];
  readonly command: readonly string[];
}

/** Containers are processes that are called <namespace>/<pod>/<container>. */
function portsByPod(resources: readonly Resource[]): Map<string, Port[]> {
  const ports = new Map<string, Port[]>();
  for (const { type, inputs } of resources) {
    if (type !== "podnet:linux:Process" || !inputs) continue;
    const { name, listens = [], command = [] } = inputs as unknown as Partial<Container> & { name: string };
    const pod = name.split("/").slice(0, 2).join("/");
    const isStandIn = command[1]?.endsWith("/.bin/agnhost") === true;
    ports.set(pod, [...(ports.get(pod) ?? []), ...listens.map((port) => ({ ...port, isStandIn }))]);
  }
  return ports;
}

function mtuByNetns(resources: readonly Resource[]): Map<string, number> {
  const cables = resources.filter(({ type, inputs }) => type === "podnet:linux:Veth" && inputs?.["name"] === "eth0");
  return new Map(cables.map(({ inputs }) => [String(inputs?.["netns"]), Number(inputs?.["mtu"])]));
}
