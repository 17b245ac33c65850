// What verify knows of a running lab: its places, from and to which packets go, and what it measures them by.
import { Address4 } from "ip-address";
import type { HostSettings } from "../../components/host";
import type { EndpointOutput, ServiceOutput } from "../lib/stack";

/** As the stack's outputs have them. */
export type Service = ServiceOutput;
export type Endpoint = EndpointOutput;

/** A node, a pod or a client; or a Service, to which packets go, though it is nowhere; or everywhere, where many places are meant. */
export interface Place {
  /** As the stack's outputs call it: "node1", "default/pod1", "client". */
  readonly name: string;
  readonly kind: "node" | "pod" | "client" | "service" | "everywhere";
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
  /** The ports of its node that lead to it. */
  readonly hostPorts?: readonly HostPort[];
}

/** As in a container's ports. */
export interface HostPort {
  readonly hostPort: number;
  /** The one address of the node on which it counts. @default all */
  readonly hostIP?: string;
  readonly containerPort: number;
  readonly protocol: Port["protocol"];
}

export interface Port {
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly port: number;
  /** The server is podnet's stand-in, which says who it is and whom it sees. */
  readonly isStandIn?: boolean;
}

/** How Services are made: KubeProxyConfiguration's fields. */
export interface ProxyOptions {
  readonly mode?: "iptables" | "nftables";
  readonly clusterCIDR?: string;
  readonly nodePortAddresses?: readonly string[];
  readonly iptables?: { readonly masqueradeAll?: boolean; readonly localhostNodePorts?: boolean };
  readonly nftables?: { readonly masqueradeAll?: boolean };
}

export interface RunningLab {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly clients: readonly Place[];
  /** By `namespace/name`. */
  readonly services: Readonly<Record<string, Service>>;
  readonly proxy: ProxyOptions;
  /** The node by which packets from outside come in: who answers for a load balancer's address, or is the way to an external one. */
  readonly entries: Readonly<Record<string, string>>;
  /** How each host is reached. */
  readonly hosts: Readonly<Record<string, HostSettings>>;
}

export const placesOf = ({ nodes, pods, clients }: RunningLab): Place[] => [...nodes, ...pods, ...clients];

/** A node is seen with one of its addresses, by the way that it takes: its own or that of its pods' gateway. Never a pod's. */
export function addressesOf(node: Node | undefined): string[] {
  return node ? [node.ip, new Address4(node.podCIDR).startAddressExclusive().correctForm()] : [];
}

/** Names as `npm run exec` takes them: bare where that is the name of nothing else in the lab. */
export function shortNames(lab: RunningLab): (place: Place) => string {
  const bare = ({ name }: Place): string => name.slice(name.indexOf("/") + 1);
  const uses = new Map([
    ["switch", 1],
    ["router", 1],
  ]);
  for (const place of placesOf(lab)) uses.set(bare(place), (uses.get(bare(place)) ?? 0) + 1);
  const full = { pod: "", node: "node/", client: "lab/", service: "service/", everywhere: "" };
  const isBare = (place: Place): boolean => place.kind !== "service" && uses.get(bare(place)) === 1;
  return (place) => (isBare(place) ? bare(place) : `${full[place.kind]}${place.name}`);
}
