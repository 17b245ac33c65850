// What a hostPort promises: a port of the pod's node leads to the pod. Who asks is seen as who it is, but for those whose answers
// would not come back by the node: pods of the same bridge, and the node on its own localhost (CNI plugin portmap).
import type { Check, Promised, Way } from "./check";
import { type HostPort, type Node, type Place, type Pod, type RunningLab, addressesOf } from "./places";
import { tellsOn } from "./services";

/** More pods say nothing new. */
const most = 20;

export function hostPortPromises(lab: RunningLab): Promised[] {
  const id = "host-port";
  const all = lab.pods.filter((pod) => portsOf(pod).length > 0);
  const chosen = all.slice(0, most);
  const checks = chosen.flatMap((pod) => {
    const at = lab.nodes.find(({ name }) => name === pod.node);
    return at === undefined ? [] : portsOf(pod).flatMap((port) => checksOf(id, lab, at, pod, port));
  });
  const sample = chosen.length < all.length ? { measured: chosen.length, all: all.length } : undefined;
  const title = "a hostPort leads from its node to its pod";
  const left = lab.pods.flatMap((pod) =>
    (pod.hostPorts ?? [])
      .filter((port) => !portsOf(pod).includes(port))
      .map(
        ({ hostPort }) =>
          `hostPort ${hostPort} of ${pod.name}, because no stand-in server of podnet's is behind it to say who answers`,
      ),
  );
  if (checks.length + left.length === 0) return [];
  return [{ id, title, checks, ...(sample && { sample }), ...(left.length > 0 && { left }) }];
}

const portsOf = (pod: Pod): HostPort[] =>
  (pod.hostPorts ?? []).filter(({ protocol, containerPort }) => tellsOn(pod, protocol, containerPort));

function checksOf(promise: string, lab: RunningLab, at: Node, pod: Pod, its: HostPort): Check[] {
  const { hostPort, hostIP = "0.0.0.0", protocol } = its;
  const isOnAll = hostIP === "0.0.0.0";
  const check = (from: Place, address: string, sources: readonly string[]): Check => ({
    ...{ promise, from, to: pod, way: `ask-${protocol.toLowerCase()}` as Way, address, port: hostPort },
    expected: { kind: "served", servers: [{ by: pod.name.split("/")[1] ?? "", sources }], sticky: false },
  });
  const toNode = askers(lab, at, pod).map((from) => check(from, at.ip, sourcesOf(lab, at, from)));
  return [
    ...(isOnAll || hostIP === at.ip ? toNode : []),
    ...(isOnAll && protocol === "TCP" ? [check(at, "127.0.0.1", addressesOf(at))] : []),
  ];
}

/** The pod, its node, a neighbour on it, another node and a pod there, and the outside. */
function askers({ nodes, pods, clients }: RunningLab, at: Node, pod: Pod): Place[] {
  const elsewhere = nodes.find((node) => node !== at);
  const own = pods.filter(({ hostNetwork }) => !hostNetwork);
  const neighbour = own.find((other) => other !== pod && other.node === at.name);
  const stranger = own.find(({ node }) => node !== at.name);
  return [pod, neighbour, at, elsewhere, stranger, ...clients].filter((place) => place !== undefined);
}

function sourcesOf({ nodes }: RunningLab, at: Node, from: Place): string[] {
  if (from.kind === "node") return addressesOf(nodes.find(({ name }) => name === from.name));
  return from.kind === "pod" && (from as Pod).node === at.name ? addressesOf(at) : [from.ip];
}
