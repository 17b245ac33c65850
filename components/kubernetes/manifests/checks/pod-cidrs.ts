import { type Cidr, formatAddress, formatCidr, overlap, within } from "../../addresses/cidr";
import { longestPodPrefix } from "../../addresses/ranges";
import type { Entry } from "../objects";
import type { Path } from "../source";
import { quoted } from "../suggest";
import type { Node } from "../types";
import { type Context, nameOf, placeOf } from "./context";
import type { Ranges } from "./ranges";
import { readRange } from "./values";

interface Given {
  readonly node: Entry<Node>;
  readonly range: Cidr;
  readonly path: Path;
}

/** @returns the podCIDRs that authors gave, by node, as far as they are good */
export function checkPodCIDRs(context: Context, ranges: Ranges): ReadonlyMap<Entry<Node>, Cidr> {
  const good: Given[] = [];
  for (const node of context.nodes) {
    const written = writtenBy(context, node);
    if (written === undefined) continue;
    const range = readRange(context, node, written.path, "podCIDR", written.text);
    if (range === undefined) continue;
    const fault = faultOf(range, ranges, good);
    if (fault === undefined) good.push({ node, range, path: written.path });
    else context.problem(node, written.path, `podCIDR ${formatCidr(range)} ${fault}`);
  }
  return new Map(good.map(({ node, range }) => [node, range]));
}

function writtenBy(context: Context, node: Entry<Node>): { text: string; path: Path } | undefined {
  const { podCIDR, podCIDRs } = node.value.spec ?? {};
  const [first, second] = podCIDRs ?? [];
  const firstPath = ["spec", "podCIDRs", 0];
  if (second !== undefined) {
    const message = "a second podCIDR is for IPv6, which podnet does not build yet; leave it out";
    context.problem(node, ["spec", "podCIDRs", 1], message);
  }
  if (podCIDR === undefined) return first === undefined ? undefined : { text: first, path: firstPath };
  if (first === undefined || first === podCIDR) return { text: podCIDR, path: ["spec", "podCIDR"] };
  const differs = `podCIDRs begins with ${quoted(first)}, but podCIDR is ${quoted(podCIDR)}`;
  context.problem(node, firstPath, `${differs}; write the same, or podCIDR alone`);
  return undefined;
}

function faultOf(range: Cidr, { clusterCIDR, nodeCIDRMaskSize }: Ranges, others: readonly Given[]): string | undefined {
  if (clusterCIDR !== undefined && !within(range, clusterCIDR)) {
    const part = `${formatAddress(clusterCIDR.family, clusterCIDR.first)}/${nodeCIDRMaskSize ?? clusterCIDR.prefix}`;
    return `is outside clusterCIDR ${formatCidr(clusterCIDR)}; choose a part of it, such as ${part}`;
  }
  const longest = longestPodPrefix(range.family);
  if (range.prefix > longest) return `is too small for a bridge and a pod; write /${longest} or a shorter prefix`;
  const other = others.find((other) => overlap(other.range, range));
  if (other === undefined) return undefined;
  const whose = `${formatCidr(other.range)} of ${nameOf(other.node) ?? "a node"} at ${placeOf(other.node, other.path)}`;
  return `overlaps ${whose}; give each node its own`;
}
