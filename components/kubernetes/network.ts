// Names and numbers that the parts of a cluster agree on.
import { createHash } from "node:crypto";
import { labFolder } from "../linux";
import type { LabSpec } from "./manifests/types";

/** The client outside the cluster, and the network that it shares with the router (TEST-NET-3, RFC 5737). */
export const clientNetwork = { router: "203.0.113.1", client: "203.0.113.10", prefix: 24 };

/** The name of the pod network, under which host-local keeps its files; kubenet's own. */
export const networkName = "kubenet";

export const podInterface = "eth0";

/** kubenet adds no header to a packet, so pods may send as much as nodes. */
export const podMtu = (spec: LabSpec): number => spec.network.mtu ?? spec.mtu;

/** `veth` + 8 hexadecimal digits, as the CNI bridge plugin names them; the plugin rolls dice, a preview needs to know. */
export const vethName = (netns: string): string =>
  `veth${createHash("sha256").update(netns).digest("hex").slice(0, 8)}`;

/** A MAC address made of an IPv4 address, as kubenet and CNI made them: 0a:58, then the four numbers. */
export function macOf(ip: string): string {
  const numbers = ip.split(".").map((number) => Number(number).toString(16).padStart(2, "0"));
  return ["0a", "58", ...numbers].join(":");
}

export const netnsOf = {
  node: (lab: string, node: string): string => `${lab}.${node}`,
  pod: (lab: string, key: string): string => `${lab}.${key.replace("/", ".")}`,
};

/** What a node keeps on its host, outside any namespace. */
export const nodeFolder = (lab: string, node: string): string => `${labFolder(lab)}/${node}`;
export const reservationsFolder = (lab: string, node: string): string =>
  `${nodeFolder(lab, node)}/cni/networks/${networkName}`;
export const leasePath = (lab: string, node: string): string => `${nodeFolder(lab, node)}/node.json`;
export const imagesFolder = (lab: string): string => `${labFolder(lab)}/.bin`;
