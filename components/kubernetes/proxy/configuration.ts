// How kube-proxy is set up: KubeProxyConfiguration's fields that change the rules, the node it runs on, and what its host can do.
import { type Cidr, cidr, formatCidr, holds, parseAddress } from "../addresses/cidr";

/** Names, nesting and defaults are KubeProxyConfiguration's. */
export interface ProxyOptions {
  readonly mode?: "iptables" | "nftables";
  /** The pods' addresses, by which kube-proxy tells their traffic from others'; "": it cannot tell. */
  readonly clusterCIDR?: string;
  /** On which of its addresses a node takes NodePort traffic: CIDRs, or `primary` alone. @default all; in nftables mode `primary` */
  readonly nodePortAddresses?: readonly string[];
  readonly iptables?: {
    readonly masqueradeAll?: boolean;
    readonly masqueradeBit?: number;
    readonly localhostNodePorts?: boolean;
  };
  readonly nftables?: { readonly masqueradeAll?: boolean; readonly masqueradeBit?: number };
}

export interface ProxyNode {
  readonly name: string;
  /** Its InternalIP. */
  readonly address: string;
  /** All addresses on its interfaces: the InternalIP, the pod bridge's, 127.0.0.1. */
  readonly interfaceAddresses: readonly string[];
}

/** What kube-proxy uses where the host has it. */
export interface HostFeatures {
  /** `MASQUERADE --random-fully` of iptables. */
  readonly randomFully: boolean;
  /** Counters of nfnetlink_acct, which iptables rules may count into. */
  readonly nfacct: boolean;
}

/** The options that count in the mode that was chosen, and what follows from them on this node. */
export interface ProxyConfiguration {
  readonly clusterCIDR: string | undefined;
  readonly masqueradeAll: boolean;
  /** Of the packets that are to be masqueraded. */
  readonly masqueradeMark: number;
  /** The node's addresses that take NodePort traffic, or all. */
  readonly nodePortAddresses: readonly string[] | "all";
  /** Whether NodePorts are also open at 127.0.0.1. */
  readonly localhostNodePorts: boolean;
}

const loopback = cidr("127.0.0.0/8");

export function configurationOf(options: ProxyOptions, node: ProxyNode): ProxyConfiguration {
  const isIptables = options.mode !== "nftables";
  const { masqueradeAll = false, masqueradeBit = 14 } = (isIptables ? options.iptables : options.nftables) ?? {};
  const ranges = nodePortRanges(options, node);
  const takesAll = ranges.length === 0 || ranges.some(({ prefix }) => prefix === 0);
  const mayBeLocalhost =
    takesAll || ranges.some((range) => holds(loopback, range.first) || holds(range, loopback.first));
  // The nftables mode has none: it would need route_localnet, by which others on the node network could reach 127.0.0.1.
  const localhostNodePorts = isIptables && (options.iptables?.localhostNodePorts ?? true) && mayBeLocalhost;
  const takes = (address: string): boolean =>
    ranges.some((range) => isIn(address, range)) && (localhostNodePorts || !isIn(address, loopback));
  return {
    clusterCIDR: options.clusterCIDR ? formatCidr(cidr(options.clusterCIDR)) : undefined,
    masqueradeAll,
    masqueradeMark: 2 ** masqueradeBit,
    nodePortAddresses: takesAll ? "all" : [...new Set(node.interfaceAddresses.filter(takes))],
    localhostNodePorts,
  };
}

/** The node's addresses at which NodePorts are open. */
export function nodePortAddressesOf(options: ProxyOptions, node: ProxyNode): readonly string[] {
  const { nodePortAddresses, localhostNodePorts } = configurationOf(options, node);
  if (nodePortAddresses !== "all") return nodePortAddresses;
  return node.interfaceAddresses.filter((address) => localhostNodePorts || !isIn(address, loopback));
}

function nodePortRanges({ mode, nodePortAddresses = [] }: ProxyOptions, node: ProxyNode): Cidr[] {
  const isPrimary = nodePortAddresses.length === 0 ? mode === "nftables" : nodePortAddresses[0] === "primary";
  const texts = isPrimary ? [`${node.address}/32`] : nodePortAddresses;
  return texts.map(cidr).filter(({ family }) => family === 4);
}

export function isIn(address: string, range: Cidr): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && parsed.family === range.family && holds(range, parsed.value);
}
