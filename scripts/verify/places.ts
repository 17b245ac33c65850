// What verify knows of a running lab: its places, from and to which packets go, and what it measures them by.
import type { HostSettings } from "../../components/host";

/** A node, a pod or a client. */
export interface Place {
  /** As the stack's outputs call it: "node1", "default/pod1", "client". */
  readonly name: string;
  readonly kind: "node" | "pod" | "client";
  readonly host: string;
  readonly netns: string;
  readonly ip: string;
}

export interface Node extends Place {
  readonly kind: "node";
  readonly podCIDR: string;
}

export interface Pod extends Place {
  readonly kind: "pod";
  /** The name of its node. */
  readonly node: string;
  /** It has no network of its own but its node's: for the network it is the node. */
  readonly hostNetwork: boolean;
  /** Where its containers serve. */
  readonly serves: readonly Port[];
  /** The largest packet that it may send, in bytes; unknown for a pod without a network of its own. */
  readonly mtu?: number;
}

export interface Port {
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly port: number;
}

export interface RunningLab {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly clients: readonly Place[];
  /** How each host is reached. */
  readonly hosts: Readonly<Record<string, HostSettings>>;
}

export const placesOf = ({ nodes, pods, clients }: RunningLab): Place[] => [...nodes, ...pods, ...clients];

/** Names as `npm run exec` takes them: bare where that is the name of nothing else in the lab. */
export function shortNames(lab: RunningLab): (place: Place) => string {
  const bare = ({ name }: Place): string => name.slice(name.indexOf("/") + 1);
  const uses = new Map([
    ["switch", 1],
    ["router", 1],
  ]);
  for (const place of placesOf(lab)) uses.set(bare(place), (uses.get(bare(place)) ?? 0) + 1);
  const full = { pod: "", node: "node/", client: "lab/" };
  return (place) => (uses.get(bare(place)) === 1 ? bare(place) : `${full[place.kind]}${place.name}`);
}
