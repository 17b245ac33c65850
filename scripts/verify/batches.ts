// Cuts the checks into batches, because the kernel's table of neighbours (arp(7)) is one for all namespaces of a host and small:
// 1,024 entries (net.ipv4.neigh.default.gc_thresh3). Two pods of one node know each other in it, so 50 pods on one node fill it,
// and then everybody on that host, the lab and the host itself, loses packets. Between batches verify forgets whom it has met.
import type { Place, Pod } from "./places";
import type { Check } from "./check";

/** Half of the kernel's default: others want to talk too. */
const mostNeighbours = 512;

/** Pods that meet as one block, so that cross traffic between two blocks fits: each pod and its node know each other. */
const podsPerBlock = 100;

export function batchesOf(checks: readonly Check[], most = mostNeighbours): Check[][] {
  const all = new Set(checks.flatMap(neighbours));
  if (all.size <= most) return [[...checks]];
  const batches: Check[][] = [];
  let batch: Check[] = [];
  let met = new Set<string>();
  for (const check of inBlocks(checks)) {
    const met2 = neighbours(check).filter((entry) => !met.has(entry));
    if (met.size + met2.length > most) {
      batches.push(batch);
      [batch, met] = [[], new Set()];
    }
    batch.push(check);
    for (const entry of neighbours(check)) met.add(entry);
  }
  return [...batches, batch];
}

/** Who gets to know whom on the way and back: one entry at each end of each cable that a packet takes. */
export function neighbours({ from, to }: Check): string[] {
  const [a, b] = [cables(from), cables(to)];
  const shared = b.find((place) => a.includes(place));
  const hops =
    shared === undefined
      ? [...a, ...[...b].reverse()]
      : [...a.slice(0, a.indexOf(shared) + 1), ...[...b.slice(0, b.indexOf(shared))].reverse()];
  const direct = isOnBridge(from) && isOnBridge(to) && from.node === to.node ? [from.name, to.name] : hops;
  return direct
    .slice(1)
    .flatMap((place, i) => (place === direct[i] ? [] : [`${direct[i]} ${place}`, `${place} ${direct[i]}`]));
}

const isOnBridge = (place: Place): place is Pod => place.kind === "pod" && !(place as Pod).hostNetwork;

/** From a place up to the node network. */
function cables(place: Place): string[] {
  if (place.kind === "client") return [place.name, "router"];
  if (place.kind === "node") return [place.name];
  const { name, node, hostNetwork } = place as Pod;
  return hostNetwork ? [node] : [name, node];
}

/** In an order in which few places meet at a time: block by block, and in it pair by pair, there and back. */
function inBlocks(checks: readonly Check[]): Check[] {
  const order = new Map<string, number>();
  const rank = ({ name }: Place): number => order.get(name) ?? (order.set(name, order.size), order.size - 1);
  for (const { from, to } of checks) for (const place of [from, to]) if (place.kind === "pod") rank(place);
  const keyed = checks.map((check) => {
    const ranks = [check.from, check.to].map((place) => (place.kind === "pod" ? rank(place) : undefined));
    const [x = 0, y = 0] = ranks.map((own, i) => own ?? ranks[1 - i] ?? 0).sort((a, b) => a - b);
    const sameBridge = isOnBridge(check.from) && isOnBridge(check.to) && check.from.node === check.to.node;
    return { check, key: [Math.floor(x / podsPerBlock), Math.floor(y / podsPerBlock), sameBridge ? 0 : 1, x, y] };
  });
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ check }) => check);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((value, i) => value !== b[i]);
  return differs < 0 ? 0 : (a[differs] ?? 0) - (b[differs] ?? 0);
}
