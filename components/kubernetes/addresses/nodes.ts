// The nodes' own addresses and podCIDRs. What the author wrote wins; then what a node holds; the rest is given in order.

import { type Lab, type Node, type Service, internalIPOf, podCIDROf } from "../manifests/types";
import { type Cidr, cidr, formatAddress, freeBlocks, holds, overlap, parseAddress, parseCidr, within } from "./cidr";
import { heldNode } from "./held";
import { nodeAddresses, poolOf, usable } from "./ranges";
import type { Held } from "./types";

export function allocateInternalIPs(lab: Lab, held: Held): ReadonlyMap<string, string> {
  const network = cidr(lab.spec.nodeCIDR);
  const fits = (text: string | undefined): bigint | undefined => {
    const address = text === undefined ? undefined : parseAddress(text);
    return address?.family === network.family && usable(network, address.value) ? address.value : undefined;
  };
  const given = new Map<string, string>();
  // A Service's author may want the address that a node has got.
  const taken = new Set(lab.services.flatMap(({ status }) => addressesIn(status)));
  const give = (node: Node, address: bigint | undefined): void => {
    if (address === undefined || given.has(node.metadata.name) || taken.has(address)) return;
    given.set(node.metadata.name, formatAddress(network.family, address));
    taken.add(address);
  };
  for (const node of lab.nodes) give(node, fits(internalIPOf(node)));
  for (const node of lab.nodes) give(node, fits(heldNode(held, node.metadata.name).internalIP));
  const pool = poolOf(lab.spec);
  const free = nodeAddresses(network);
  for (const node of lab.nodes) {
    while (!given.has(node.metadata.name)) {
      const { value } = free.next();
      if (value === undefined)
        throw new Error(`nodeCIDR ${lab.spec.nodeCIDR} has no address left for ${node.metadata.name}`);
      if (!pool.some((range) => holds(range, value))) give(node, value);
    }
  }
  return given;
}

const addressesIn = ({ loadBalancer: { ingress = [] } }: Service["status"]): bigint[] =>
  ingress.flatMap(({ ip = "" }) => parseAddress(ip)?.value ?? []);

export function allocatePodCIDRs(lab: Lab, held: Held): ReadonlyMap<string, Cidr> {
  const cluster = cidr(lab.spec.clusterCIDR);
  const size = lab.spec.nodeCIDRMaskSize;
  const given = new Map<string, Cidr>();
  const give = (node: Node, range: Cidr | undefined): void => {
    if (range === undefined || given.has(node.metadata.name)) return;
    if (![...given.values()].some((other) => overlap(other, range))) given.set(node.metadata.name, range);
  };
  for (const node of lab.nodes) give(node, explicitPodCIDR(node));
  for (const node of lab.nodes) {
    // Another size than the lab's now says comes from another nodeCIDRMaskSize, or from a podCIDR that was withdrawn.
    const range = parseCidr(heldNode(held, node.metadata.name).podCIDR ?? "")?.cidr;
    if (range !== undefined && range.prefix === size && within(range, cluster)) give(node, range);
  }
  const free = freeBlocks(cluster, size, [...given.values()]);
  for (const node of lab.nodes) {
    if (given.has(node.metadata.name)) continue;
    const { value } = free.next();
    if (value === undefined)
      throw new Error(`clusterCIDR ${lab.spec.clusterCIDR} has no /${size} left for ${node.metadata.name}`);
    give(node, value);
  }
  return given;
}

function explicitPodCIDR(node: Node): Cidr | undefined {
  const text = podCIDROf(node);
  return text === undefined ? undefined : cidr(text);
}
