// The pod addresses of one node, given as the CNI plugin host-local gives them.

import { type Cidr, formatAddress, parseAddress } from "./cidr";
import { podAddresses, usable } from "./ranges";
import type { Reservations } from "./types";

interface Given {
  /** From container to address. */
  readonly ips: ReadonlyMap<string, string>;
  readonly lastReserved: string | undefined;
}

/** @param containers the containers that run on the node, in the order in which new addresses are given */
export function reserve(podCIDR: Cidr, containers: readonly string[], held: Reservations): Given {
  const here = new Set(containers);
  const given = new Map<string, bigint>();
  const taken = new Set<bigint>();
  // Of containers that go: free in a moment, but only used when nothing else is, since peers may still remember them.
  const leaving = new Set<bigint>();
  for (const [ip, container] of Object.entries(held.ips)) {
    const address = inside(podCIDR, ip);
    if (address === undefined) continue;
    if (!here.has(container) || given.has(container)) leaving.add(address);
    else {
      given.set(container, address);
      taken.add(address);
    }
  }

  let last = held.lastReserved === undefined ? undefined : inside(podCIDR, held.lastReserved);
  const next = (): bigint => {
    let fallback: bigint | undefined;
    for (const address of podAddresses(podCIDR, last)) {
      if (taken.has(address)) continue;
      if (!leaving.has(address)) return address;
      fallback ??= address;
    }
    if (fallback === undefined) throw new Error(`no address left in podCIDR for ${containers.length} pods`);
    return fallback;
  };
  for (const container of containers) {
    if (given.has(container)) continue;
    last = next();
    given.set(container, last);
    taken.add(last);
  }

  const text = (address: bigint): string => formatAddress(podCIDR.family, address);
  return {
    ips: new Map([...given].map(([container, address]) => [container, text(address)])),
    lastReserved: last === undefined ? undefined : text(last),
  };
}

/** The address if a pod can have it here; undefined for what another podCIDR has left behind. */
function inside(podCIDR: Cidr, ip: string): bigint | undefined {
  const address = parseAddress(ip);
  return address?.family === podCIDR.family && usable(podCIDR, address.value) ? address.value : undefined;
}
