// A hostIP is an address of the pod's node. The API server takes any, and portmap then writes rules that no packet meets.

import { type Cidr, cidr, holds, parseAddress, rangeAround } from "../../addresses/cidr";
import { gatewayOf, usable } from "../../addresses/ranges";
import type { Entry, Partly } from "../objects";
import type { Path } from "../source";
import type { ContainerPort, Node, Pod } from "../types";
import { type Context, nameOf } from "./context";
import type { Ranges } from "./ranges";

/** @param podCIDRs those that authors gave, by node */
export function checkHostIPs(context: Context, ranges: Ranges, podCIDRs: ReadonlyMap<Entry<Node>, Cidr>): void {
  for (const pod of context.templates) {
    const { hostNetwork, containers = [], nodeName } = pod.value.spec ?? {};
    if (hostNetwork) continue;
    // A DaemonSet's pod has a node that its author did not write.
    const named = pod.source.has(["spec", "nodeName"]) ? nodeName : undefined;
    const nodes = context.nodes.filter((node) => named === undefined || nameOf(node) === named);
    const mayHave = (address: bigint): boolean =>
      holds(loopback, address) || nodes.some((node) => mayBeOf(node, address, ranges, podCIDRs.get(node)));
    const who = named === undefined ? "no node has" : `node ${named} does not have`;
    for (const [i, container] of containers.entries())
      for (const [j, port] of (container?.ports ?? []).entries())
        if (port) check(context, pod, ["spec", "containers", i, "ports", j, "hostIP"], port, mayHave, who);
  }
}

const loopback = cidr("127.0.0.0/8");

function check(
  context: Context,
  pod: Entry<Pod>,
  path: Path,
  { hostIP, hostPort }: Partly<ContainerPort>,
  mayHave: (address: bigint) => boolean,
  who: string,
): void {
  const address = hostIP ? parseAddress(hostIP)?.value : undefined;
  if (!hostPort || !address || mayHave(address)) return; // 0.0.0.0 is all addresses
  context.warning(
    pod,
    path,
    `${who} the address ${hostIP}, so nothing comes to hostPort ${hostPort}; write an address of the pod's node, or leave hostIP out for all of them`,
  );
}

/** Its InternalIP, or its bridge's address, as far as they are known before addresses are given. */
function mayBeOf(node: Entry<Node>, address: bigint, ranges: Ranges, podCIDR: Cidr | undefined): boolean {
  const { nodeCIDR, clusterCIDR, nodeCIDRMaskSize, pool = [] } = ranges;
  const written = node.value.status?.addresses?.find((entry) => entry?.type === "InternalIP")?.address;
  if (written !== undefined && parseAddress(written)?.value === address) return true;
  const isFree = nodeCIDR && usable(nodeCIDR, address) && !pool.some((range) => holds(range, address));
  if (written === undefined && isFree) return true;
  if (podCIDR) return address === gatewayOf(podCIDR);
  if (!clusterCIDR || nodeCIDRMaskSize === undefined) return false;
  return holds(clusterCIDR, address) && address === gatewayOf(rangeAround(4, address, nodeCIDRMaskSize));
}
