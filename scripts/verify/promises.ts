// What the model promises about a lab, and the packets that show it. Pure: a lab in, checks with expected answers out.
// The semantics stand here and nowhere else; they come from Kubernetes' network model, not from the rules that podnet writes.
import type { Check, Promised, Way } from "./check";
import type { Expected } from "./expectations";
import { type Node, type Place, type Pod, type Port, type RunningLab, addressesOf } from "./places";
import { healthCheckPromises } from "./healthChecks";
import { hostPortPromises } from "./hostPorts";
import { type Pairs, samplePairs } from "./sample";
import { servicePromises } from "./services";

/** Pairs per promise that are measured: every pod to every pod up to 150 pods. */
const mostPairs = 150 ** 2;

export function promisesOf(lab: RunningLab): Promised[] {
  const { nodes, pods, clients } = lab;
  const nodeOf = new Map(nodes.map((node) => [node.name, node]));
  const inOwnNetwork = pods.filter(({ hostNetwork }) => !hostNetwork);
  return [
    between("pod-to-pod", "every pod reaches every pod, without NAT", pairs(pods, pods, isSame), (pod) =>
      pod.hostNetwork ? addressesOf(nodeOf.get(pod.node)) : [pod.ip],
    ),
    between("node-to-pod", "every node reaches every pod", pairs(nodes, pods, isItsPod), addressesOf),
    between("pod-to-node", "every pod reaches every node, without NAT", pairs(pods, nodes, isItsNode), ({ ip }) => [
      ip,
    ]),
    between("node-to-node", "every node reaches every other", others(pairs(nodes, nodes)), ({ ip }) => [ip]),
    localhost(pods),
    between("pod-to-outside", "a pod is seen outside as its node", pairs(pods, clients), ({ node }) => [
      nodeOf.get(node)?.ip ?? "",
    ]),
    between("outside-to-pod", "no way leads from outside to a pod", pairs(clients, inOwnNetwork), () => "no-way"),
    between("outside-to-node", "the outside reaches every node", pairs(clients, nodes), ({ ip }) => [ip]),
    mtu(inOwnNetwork),
    ...servicePromises(lab),
    ...healthCheckPromises(lab),
    ...hostPortPromises(lab),
  ];
}

function pairs<R extends Place, C extends Place>(
  rows: readonly R[],
  columns: readonly C[],
  always?: (row: R, column: C) => boolean,
): Pairs<R, C> {
  return samplePairs(rows, columns, { most: mostPairs, always, groups: { row: nodeName, column: nodeName } });
}

const others = <P>({ pairs, all }: Pairs<P, P>): Pairs<P, P> => {
  const different = pairs.filter(([from, to]) => from !== to);
  return { pairs: different, all: all - (pairs.length - different.length) };
};

const nodeName = (place: Place): string => ("node" in place ? (place as Pod).node : place.name);
const isSame = (a: Place, b: Place): boolean => a === b;
const isItsPod = (node: Node, pod: Pod): boolean => pod.node === node.name;
const isItsNode = (pod: Pod, node: Node): boolean => isItsPod(node, pod);

/** @param sources the addresses as which the receiver may see the sender */
function between<F extends Place, T extends Place>(
  id: string,
  title: string,
  { pairs, all }: Pairs<F, T>,
  sources: (from: F) => readonly string[] | "no-way",
): Promised {
  const checks = pairs.flatMap(([from, to]) => {
    const seen = sources(from);
    const expected: Expected = seen === "no-way" ? { kind: "no-way" } : { kind: "answer", by: to.name, sources: seen };
    return (["tcp", "udp"] as const).map((way): Check => ({ promise: id, from, to, way, address: to.ip, expected }));
  });
  const sample = pairs.length < all ? { measured: pairs.length, all } : undefined;
  return { id, title, checks, sample };
}

/** Whatever a container serves, the others of its pod reach on localhost; that localhost works at all, verify's own listener shows. */
function localhost(pods: readonly Pod[]): Promised {
  const address = "127.0.0.1";
  const promise = "localhost";
  const checks = pods.flatMap((pod) => {
    const inside = { promise, from: pod, to: pod, address };
    const expected: Expected = { kind: "answer", by: pod.name, sources: [address] };
    const served = ({ protocol, port }: Port): Check => {
      const way = `open-${protocol.toLowerCase()}` as Way;
      return { ...inside, way, port, expected: { kind: "open" } };
    };
    const own = (["tcp", "udp"] as const).map((way): Check => ({ ...inside, way, expected }));
    return [...own, ...pod.serves.map(served)];
  });
  return { id: promise, title: "containers of a pod meet on localhost", checks };
}

/** A packet as long as a pod may send arrives in one piece at another node (or, in a lab of one node, at another pod);
 * one byte more does not even leave. */
function mtu(pods: readonly Pod[]): Promised {
  const promise = "mtu";
  const checks = partners(pods).flatMap(([from, to]) => {
    if (from.mtu === undefined) return [];
    const common = { promise, from, to, address: to.ip, way: "df" as const };
    const arrives: Expected = { kind: "answer", by: to.name, sources: [from.ip] };
    return [
      { ...common, size: from.mtu, expected: arrives },
      { ...common, size: from.mtu + 1, expected: { kind: "too-long" } as const },
    ];
  });
  return { id: promise, title: "a pod's MTU holds all the way", checks };
}

/** A pod of another node for each pod; together, the pods of a node try as many nodes as they can. */
function partners(pods: readonly Pod[]): [Pod, Pod][] {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) byNode.set(pod.node, [...(byNode.get(pod.node) ?? []), pod]);
  const groups = [...byNode.values()];
  return groups.flatMap((group, g) =>
    group.flatMap((pod, p): [Pod, Pod][] => {
      const away = [...groups.slice(g + 1), ...groups.slice(0, g)];
      const candidates = away[p % away.length] ?? group.filter((other) => other !== pod);
      const partner = candidates[p % candidates.length];
      return partner ? [[pod, partner]] : [];
    }),
  );
}
