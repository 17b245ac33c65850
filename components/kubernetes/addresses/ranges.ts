// Which addresses of a range mean what: in the node network, and in a node's podCIDR as the CNI plugins see it.

import type { LabSpec } from "../manifests/types";
import { type Cidr, type Range, bitsOf, cidr, parseRange, sizeOf } from "./cidr";

/** The router's address in the node network, and the bridge's in a podCIDR. */
export const gatewayOf = (range: Cidr): bigint => range.first + 1n;

/** The last address that may be given: in IPv4 the one before broadcast, in IPv6 the last (host-local, range.go). */
export const lastUsable = (range: Cidr): bigint => (range.family === 4 ? range.last - 1n : range.last);

/** Neither the network, nor the gateway, nor broadcast. */
export const usable = (range: Cidr, address: bigint): boolean =>
  address > gatewayOf(range) && address <= lastUsable(range);

/** How many nodes or pods a range has addresses for. A /24 has 253. */
export function capacityOf(range: Cidr): number {
  const most = sizeOf(range) - (range.family === 4 ? 3n : 2n);
  return most < 0n ? 0 : Number(most);
}

/** Of ranges inside a network, what the network does not keep for itself. */
export function givable(ranges: readonly Range[], network: Cidr): Range[] {
  const [least, most] = [gatewayOf(network) + 1n, lastUsable(network)];
  return ranges
    .map(({ family, first, last }) => ({
      family,
      first: first > least ? first : least,
      last: last < most ? last : most,
    }))
    .filter(({ first, last }) => first <= last);
}

/** The addresses for load balancers, of a checked lab. */
export function poolOf({ nodeCIDR, loadBalancer }: LabSpec): Range[] {
  const ranges = loadBalancer.addresses.map((text) => {
    const range = parseRange(text);
    if (range === undefined) throw new Error(`not a range: ${text}`);
    return range;
  });
  return givable(ranges, cidr(nodeCIDR));
}

/** host-local refuses a subnet with fewer than four addresses as too small. */
export const longestPodPrefix = (family: 4 | 6): number => bitsOf(family) - 2;

/** Nodes are numbered from the eleventh address on, so that a node's number can be read off its address. */
const firstNode = 11n;

/** The addresses for nodes in the order in which they are given: .11 to the end, then .2 to .10. */
export function* nodeAddresses(range: Cidr): Generator<bigint, undefined> {
  for (let at = range.first + firstNode; usable(range, at); at++) yield at;
  for (let at = gatewayOf(range) + 1n; at < range.first + firstNode && usable(range, at); at++) yield at;
}

/** The addresses for pods in host-local's order: round robin, from the one after the address given last. */
export function* podAddresses(range: Cidr, lastReserved: bigint | undefined): Generator<bigint, undefined> {
  const first = gatewayOf(range) + 1n;
  const start = lastReserved !== undefined && usable(range, lastReserved + 1n) ? lastReserved + 1n : first;
  for (let at = start; at <= lastUsable(range); at++) yield at;
  for (let at = first; at < start; at++) yield at;
}

/** Where cluster IPs come from. The first is that of the Service default/kubernetes, in front of a cluster's API servers. */
export const clusterIPsOf = (range: Cidr): Range => ({
  family: range.family,
  first: range.first + 1n,
  last: lastUsable(range),
});

/** kube-apiserver's default for --service-node-port-range. */
export const nodePorts = { first: 30000, last: 32767 };
