// What the hosts hold of a running lab: host-local's files, and each node's lease. Addresses stay because they are read back.
import { labFolder } from "../linux";
import type { Held, HeldNode, Reservations } from "./addresses";
import { reservationsFolder, leasePath } from "./network";

/** What a node writes down of itself: the part of its Node object that podnet decided. */
export interface Lease {
  readonly internalIP: string;
  readonly podCIDR: string;
}

export function leaseText(node: string, { internalIP, podCIDR }: Lease): string {
  const object = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: node },
    spec: { podCIDR },
    status: { addresses: [{ type: "InternalIP", address: internalIP }] },
  };
  return `${JSON.stringify(object, undefined, 2)}\n`;
}

/** @param files all files of the lab's folder on a host, by path */
export function heldIn(lab: string, files: Readonly<Record<string, string>>): Held {
  const nodes: Record<string, HeldNode> = {};
  const reservations: Record<string, Reservations> = {};
  const names = new Set(Object.keys(files).map((path) => path.slice(labFolder(lab).length + 1).split("/")[0] ?? ""));
  for (const node of names) {
    const lease = files[leasePath(lab, node)];
    if (lease !== undefined) nodes[node] = leaseOf(lease);
    reservations[node] = reservationsIn(`${reservationsFolder(lab, node)}/`, files);
  }
  return { nodes, reservations };
}

/** A lease that somebody spoiled is none. */
function leaseOf(text: string): HeldNode {
  try {
    const { spec, status } = JSON.parse(text) as {
      spec?: { podCIDR?: unknown };
      status?: { addresses?: { address?: unknown }[] };
    };
    return { podCIDR: textOf(spec?.podCIDR), internalIP: textOf(status?.addresses?.[0]?.address) };
  } catch {
    return {};
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function reservationsIn(folder: string, files: Readonly<Record<string, string>>): Reservations {
  const ips: Record<string, string> = {};
  let lastReserved: string | undefined;
  for (const [path, content] of Object.entries(files)) {
    if (!path.startsWith(folder)) continue;
    const name = path.slice(folder.length);
    if (name === "last_reserved_ip.0") lastReserved = content.trim();
    else if (name !== "lock") ips[name] = content.split("\r\n")[0] ?? "";
  }
  return { ips, ...(lastReserved ? { lastReserved } : {}) };
}
