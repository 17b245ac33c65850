import { type Lab, podKey } from "../manifests/types";
import { containerID } from "./container-id";
import { formatAddress, formatCidr } from "./cidr";
import { heldReservations } from "./held";
import { allocateInternalIPs, allocatePodCIDRs } from "./nodes";
import { place } from "./placement";
import { capacityOf, gatewayOf } from "./ranges";
import { reserve } from "./reservations";
import type { Allocation, Held, NodeAllocation, PodAllocation } from "./types";

/**
 * Decides every address of a lab, before any host is touched: same lab and same `held`, same result.
 *
 * What the author wrote wins (podCIDR, InternalIP, nodeName). What is held is given again where it still fits.
 * The rest is given in order: nodes .11, .12, ...; podCIDRs one after the other; pods as the CNI plugin host-local does,
 * round robin after the last address given. Takes a checked lab, in which everything has room.
 */
export function allocate(lab: Lab, held: Held): Allocation {
  const internalIPs = allocateInternalIPs(lab, held);
  const podCIDRs = allocatePodCIDRs(lab, held);
  const capacity = new Map([...podCIDRs].map(([node, range]) => [node, capacityOf(range)]));
  const placement = place(lab, held, capacity);

  const nodes: Record<string, NodeAllocation> = {};
  const ips = new Map<string, string>();
  for (const { metadata } of lab.nodes) {
    const internalIP = internalIPs.get(metadata.name);
    const podCIDR = podCIDRs.get(metadata.name);
    if (internalIP === undefined || podCIDR === undefined) throw new Error(`node ${metadata.name} got no addresses`);
    const containers = lab.pods
      .filter((pod) => placement.get(podKey(pod)) === metadata.name && !pod.spec.hostNetwork)
      .map((pod) => containerID(lab.name, pod));
    const reserved = reserve(podCIDR, containers, heldReservations(held, metadata.name));
    for (const [container, ip] of reserved.ips) ips.set(container, ip);
    nodes[metadata.name] = {
      internalIP,
      podCIDR: formatCidr(podCIDR),
      gateway: formatAddress(podCIDR.family, gatewayOf(podCIDR)),
      lastReserved: reserved.lastReserved,
    };
  }

  const pods: Record<string, PodAllocation> = {};
  for (const pod of lab.pods) {
    const node = placement.get(podKey(pod));
    const id = containerID(lab.name, pod);
    const ip = pod.spec.hostNetwork ? nodes[node ?? ""]?.internalIP : ips.get(id);
    if (node === undefined || ip === undefined) throw new Error(`pod ${podKey(pod)} got no address`);
    pods[podKey(pod)] = { node, ip, containerID: id };
  }
  return { nodes, pods };
}
