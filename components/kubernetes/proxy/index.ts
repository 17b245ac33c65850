// kube-proxy's work as data: Services in, the rules out that kube-proxy v1.35 leaves on a node.
// Nothing here runs anything, and what it gives is the normal form in which the kernel gives rules back.
import type { Service as Declared } from "../manifests/types";
import type { EndpointSlice, Service } from "../services/types";
import {
  type HostFeatures,
  type ProxyNode,
  type ProxyOptions,
  configurationOf,
  nodePortAddressesOf,
} from "./configuration";
import { type IptablesRules, isLargeCluster, nfacctCounters, nodeIptablesRules, portIptablesRules } from "./iptables";
import { portKey } from "./names";
import { type NftablesRules, nodeNftablesRules, portNftablesRules } from "./nftables";
import { type UdpFlows, udpFlowsOf } from "./udp-flows";
import { portNames, servicePorts } from "./service-ports";

export type { HostFeatures, ProxyNode, ProxyOptions } from "./configuration";
export type { IptablesRules } from "./iptables";
export { type NftablesRules, nftablesTable } from "./nftables";
export { iptablesText, nftablesListing, nftablesText } from "./text";

export interface ProxyInput {
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly node: ProxyNode;
  readonly serviceCIDR: string;
  readonly options: ProxyOptions;
  readonly host: HostFeatures;
}

/** Rules of a node: those that are there without any Service, and those of each service port, which stand by themselves. */
export interface NodeRules<R> {
  readonly node: R;
  readonly ports: readonly PortRules<R>[];
}

export interface PortRules<R> {
  /** As of its ProxiedPort. */
  readonly key: string;
  readonly rules: R;
}

export interface ProxiedPort {
  /** `namespace/service:port`; unique in a cluster. */
  readonly key: string;
  /** `namespace/service` */
  readonly service: string;
  readonly protocol: string;
}

/** All ports that have rules on each node. */
export const proxiedPorts = (services: readonly Declared[]): ProxiedPort[] =>
  portNames(services).map((port) => ({
    key: portKey(port),
    service: `${port.namespace}/${port.service}`,
    protocol: port.protocol,
  }));

/** What connection tracking may hold of each UDP port. */
export const udpFlows = ({ services, endpointSlices, node, options }: ProxyInput): UdpFlows[] =>
  udpFlowsOf(servicePorts(services, endpointSlices, node.name), nodePortAddressesOf(options, node));

/** What iptables mode needs besides rules. */
export interface IptablesNode extends NodeRules<IptablesRules> {
  /** Without route_localnet packets from 127.0.0.1 cannot leave lo. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Counters of nfacct(8) that have to be there before the rules. */
  readonly nfacct: readonly string[];
}

export function iptablesRules({ services, endpointSlices, node, options, host }: ProxyInput): IptablesNode {
  const ports = servicePorts(services, endpointSlices, node.name);
  const configuration = configurationOf({ ...options, mode: "iptables" }, node);
  const context = { node, configuration, host, isLarge: isLargeCluster(ports) };
  return {
    node: nodeIptablesRules(context),
    ports: ports.map((port) => ({ key: portKey(port), rules: portIptablesRules(port, context) })),
    sysctls: configuration.localhostNodePorts ? { "net.ipv4.conf.all.route_localnet": "1" } : {},
    nfacct: host.nfacct ? nfacctCounters : [],
  };
}

export function nftablesRules(input: Omit<ProxyInput, "host">): NodeRules<NftablesRules> {
  const { services, endpointSlices, node, serviceCIDR, options } = input;
  const ports = servicePorts(services, endpointSlices, node.name);
  const context = { node, configuration: configurationOf({ ...options, mode: "nftables" }, node) };
  return {
    node: nodeNftablesRules(context, ports, serviceCIDR),
    ports: eachKeyOnce(ports.map((port) => ({ key: portKey(port), rules: portNftablesRules(port, context) }))),
  };
}

/** Two Services may ask for one external address and port. A map has each key once: it is the first one's, as with the first rule of iptables. */
function eachKeyOnce(ports: readonly PortRules<NftablesRules>[]): PortRules<NftablesRules>[] {
  const taken = new Set<string>();
  const isFree = (set: string, element: string): boolean => {
    const key = `${set} ${element.replace(/ (comment "|: )[^]*$/, "")}`;
    if (taken.has(key)) return false;
    taken.add(key);
    return true;
  };
  return ports.map(({ key, rules }) => {
    const elements = Object.entries(rules.elements ?? {}).map(([set, all]) => [
      set,
      all.filter((element) => isFree(set, element)),
    ]);
    return { key, rules: rules.elements ? { ...rules, elements: Object.fromEntries(elements) as Lines } : rules };
  });
}

type Lines = NonNullable<NftablesRules["elements"]>;
