// Does everything fit? So that giving addresses cannot fail once the lab is checked.

import { type Cidr, bitsOf, formatCidr, freeBlocks, rangeAround, sizeOf } from "../../addresses/cidr";
import { capacityOf } from "../../addresses/ranges";
import type { Entry } from "../objects";
import type { Path } from "../source";
import type { Node } from "../types";
import { type Context, nameOf, namePath } from "./context";
import type { Ranges } from "./ranges";

export function checkCapacity(context: Context, ranges: Ranges, podCIDRs: ReadonlyMap<Entry<Node>, Cidr>): void {
  checkNodeAddresses(context, ranges);
  checkBlocks(context, ranges, podCIDRs);
  checkPodAddresses(context, ranges, podCIDRs);
}

/** At the range when the author chose it, else at the object that is one too many. */
function reportAt(context: Context, path: Path, extra: Entry<unknown> | undefined, message: string): void {
  const { lab } = context;
  if (lab !== undefined && (lab.source.has(path) || extra === undefined)) context.problem(lab, path, message);
  else if (extra !== undefined) context.problem(extra, namePath, message);
}

function checkNodeAddresses(context: Context, { nodeCIDR, pool = [] }: Ranges): void {
  if (nodeCIDR === undefined) return;
  const pooled = pool.reduce((sum, range) => sum + Number(sizeOf(range)), 0);
  const room = capacityOf(nodeCIDR) - pooled;
  const count = context.nodes.length;
  if (count <= room) return;
  const enough = prefixFor(nodeCIDR, count + pooled);
  const others =
    pooled === 0 ? "the first is the router's" : `the first is the router's, ${pooled} are load balancers'`;
  const has = room === 0 ? "no address for a node" : `addresses for ${plural(room, "node")}`;
  reportAt(
    context,
    ["spec", "nodeCIDR"],
    context.nodes[room],
    `nodeCIDR ${formatCidr(nodeCIDR)} has ${has} (${others}), but the lab has ${count}; use a /${enough} or larger`,
  );
}

/** The longest prefix of a range around the same address with room for so many. */
function prefixFor(range: Cidr, count: number): number {
  let prefix = bitsOf(range.family);
  while (prefix > 0 && capacityOf(rangeAround(range.family, range.first, prefix)) < count) prefix--;
  return prefix;
}

function checkBlocks(
  context: Context,
  { clusterCIDR, nodeCIDRMaskSize }: Ranges,
  podCIDRs: ReadonlyMap<Entry<Node>, Cidr>,
): void {
  if (clusterCIDR === undefined || nodeCIDRMaskSize === undefined) return;
  const blocks = freeBlocks(clusterCIDR, nodeCIDRMaskSize, [...podCIDRs.values()]);
  let room = podCIDRs.size;
  for (const node of context.nodes) {
    if (podCIDRs.has(node)) continue;
    if (blocks.next().done !== true) {
      room++;
      continue;
    }
    reportAt(
      context,
      ["spec", "clusterCIDR"],
      node,
      `clusterCIDR ${formatCidr(clusterCIDR)} has room for the podCIDRs (/${nodeCIDRMaskSize}) of ${plural(room, "node")}, but the lab has ${context.nodes.length}; use a larger clusterCIDR or a longer nodeCIDRMaskSize`,
    );
    return;
  }
}

function checkPodAddresses(
  context: Context,
  { clusterCIDR, nodeCIDRMaskSize }: Ranges,
  podCIDRs: ReadonlyMap<Entry<Node>, Cidr>,
): void {
  if (clusterCIDR === undefined || nodeCIDRMaskSize === undefined) return;
  const ordinary = capacityOf(rangeAround(clusterCIDR.family, clusterCIDR.first, nodeCIDRMaskSize));
  const pods = context.pods.filter((pod) => !pod.value.spec?.hostNetwork);
  const roomOf = (node: Entry<Node>): number => {
    const range = podCIDRs.get(node);
    return range === undefined ? ordinary : capacityOf(range);
  };
  let crowded = false;
  for (const node of context.nodes) {
    const name = nameOf(node);
    const here = pods.filter((pod) => name !== undefined && pod.value.spec?.nodeName === name);
    const extra = here[roomOf(node)];
    if (extra === undefined) continue;
    crowded = true;
    const range = podCIDRs.get(node);
    const size = range === undefined ? `its podCIDR (/${nodeCIDRMaskSize})` : `its podCIDR ${formatCidr(range)}`;
    context.problem(
      extra,
      ["spec", "nodeName"],
      `node ${name} has ${plural(here.length, "pod")}, but ${size} has addresses for ${roomOf(node)}; move pods to other nodes or give the node a larger podCIDR`,
    );
  }
  const room = context.nodes.reduce((sum, node) => sum + roomOf(node), 0);
  const extra = pods[room];
  if (extra !== undefined && !crowded && !context.incomplete && context.nodes.length > 0)
    context.problem(
      extra,
      namePath,
      `the lab has ${plural(pods.length, "pod")}, but its nodes' podCIDRs have addresses for ${room}; add nodes or make the podCIDRs larger`,
    );
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
