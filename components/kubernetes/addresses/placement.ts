// Which node a pod runs on. Pods that name a node are there; a pod that holds an address on a node stays there;
// the others go where the fewest pods are. No node gets more pods than its podCIDR has addresses for, nor, while there is
// another, two pods that want the same hostPort.

import { type ContainerPort, type Lab, type Pod, clash, hostPortsOf, podKey } from "../manifests/types";
import { containerID } from "./container-id";
import { heldReservations } from "./held";
import type { Held } from "./types";

/** @returns the node of each pod, by `namespace/name` */
export function place(lab: Lab, held: Held, capacity: ReadonlyMap<string, number>): ReadonlyMap<string, string> {
  const nodes = lab.nodes.map(({ metadata }) => metadata.name);
  const placed = new Map<string, string>();
  const pods = new Map(nodes.map((node) => [node, 0]));
  const addresses = new Map(nodes.map((node) => [node, 0]));
  const hostPorts = new Map<string, ContainerPort[]>(nodes.map((node) => [node, []]));
  const hasRoom = (node: string): boolean => (addresses.get(node) ?? 0) < (capacity.get(node) ?? 0);
  const isFree = (node: string, wanted: readonly ContainerPort[]): boolean =>
    !wanted.some((port) => hostPorts.get(node)?.some((other) => clash(port, other)));
  const put = (pod: Pod, node: string): void => {
    hostPorts.get(node)?.push(...hostPortsOf(pod));
    placed.set(podKey(pod), node);
    pods.set(node, (pods.get(node) ?? 0) + 1);
    if (!pod.spec.hostNetwork) addresses.set(node, (addresses.get(node) ?? 0) + 1);
  };

  const homes = homesOf(nodes, held);
  const homeless: Pod[] = [];
  for (const pod of lab.pods) if (pod.spec.nodeName !== undefined) put(pod, pod.spec.nodeName);
  for (const pod of lab.pods) {
    if (pod.spec.nodeName !== undefined) continue;
    const home = homes.get(containerID(lab.name, pod));
    // With hostNetwork a pod holds no address that would say where it was; on the first node it stays without one.
    if (pod.spec.hostNetwork && nodes[0] !== undefined) put(pod, nodes[0]);
    else if (home !== undefined && hasRoom(home) && isFree(home, hostPortsOf(pod))) put(pod, home);
    else homeless.push(pod);
  }
  for (const pod of homeless) {
    const wanted = hostPortsOf(pod);
    const roomy = nodes.filter(hasRoom);
    const free = roomy.filter((node) => isFree(node, wanted));
    const [node] = (free.length > 0 ? free : roomy).sort((a, b) => (pods.get(a) ?? 0) - (pods.get(b) ?? 0)); // a stable sort
    if (node === undefined) throw new Error(`no node has an address left for pod ${podKey(pod)}`);
    put(pod, node);
  }
  return placed;
}

/** Where each container holds an address. Two nodes may, when a move was interrupted: then the first one counts. */
function homesOf(nodes: readonly string[], held: Held): ReadonlyMap<string, string> {
  const homes = new Map<string, string>();
  for (const node of [...nodes].reverse())
    for (const id of Object.values(heldReservations(held, node).ips)) homes.set(id, node);
  return homes;
}
