// What kube-proxy writes in nftables mode, in the layout that it has since Kubernetes 1.34. Each line is as `nft -s list` prints it.
import { cidr, formatCidr } from "../addresses/cidr";
import { addressSet } from "./address-set";
import { type ProxyConfiguration, type ProxyNode, isIn } from "./configuration";
import { nftablesNames, portKey, socket } from "./names";
import { type Endpoint, type ServicePort, isExternallyAccessible, reachOf, reachable } from "./service-ports";

/** Objects of the table `ip kube-proxy` that belong together, by name, as the kind NftablesRules takes them. */
export interface NftablesRules {
  /** Sets and maps: type, flags, timeout and comment, without elements. */
  readonly sets?: Lines;
  readonly maps?: Lines;
  /** Rules of chains, behind hook and comment where the chain has them. */
  readonly chains?: Lines;
  /** What is in sets and maps, its own or others'. */
  readonly elements?: Lines;
  /** Chains that there may be, and that elements may lead to. */
  readonly entries?: readonly string[];
}

type Lines = Readonly<Record<string, readonly string[]>>;

interface Context {
  readonly node: ProxyNode;
  readonly configuration: ProxyConfiguration;
}

export const nftablesTable = { family: "ip", name: "kube-proxy", comment: "rules for kube-proxy" } as const;

const addressAndPort = "type ipv4_addr . inet_proto . inet_service : verdict";
const portAlone = "type inet_proto . inet_service : verdict";

const comment = (text: string): string => `comment "${text}"`;
const hook = (type: string, at: string, priority: string): string =>
  `type ${type} hook ${at} priority ${priority}; policy accept;`;

const masquerade = "jump mark-for-masquerade";
const lookup = (map: string): string => `ip daddr . meta l4proto . th dport vmap @${map}`;

/** What does not depend on any endpoint. */
export function nodeNftablesRules(
  { configuration }: Context,
  ports: readonly ServicePort[],
  serviceCIDR: string,
): NftablesRules {
  const { masqueradeMark, nodePortAddresses } = configuration;
  const mark = `0x${masqueradeMark.toString(16).padStart(8, "0")}`;
  const takesAll = nodePortAddresses === "all";
  const nodePort = takesAll ? "ip daddr != 127.0.0.0/8" : "ip daddr @nodeport-ips";
  const nodePortLookup = (map: string): string => `${nodePort} meta l4proto . th dport vmap @${map}`;
  return {
    sets: {
      "cluster-ips": ["type ipv4_addr", comment("Active ClusterIPs")],
      ...(takesAll ? {} : { "nodeport-ips": ["type ipv4_addr", comment("IPs that accept NodePort traffic")] }),
    },
    maps: {
      "no-endpoint-services": [addressAndPort, comment("vmap to drop or reject packets to services with no endpoints")],
      "no-endpoint-nodeports": [
        portAlone,
        comment("vmap to drop or reject packets to service nodeports with no endpoints"),
      ],
      "firewall-ips": [addressAndPort, comment("destinations that are subject to LoadBalancerSourceRanges")],
      "service-ips": [addressAndPort, comment("ClusterIP, ExternalIP and LoadBalancer IP traffic")],
      "service-nodeports": [portAlone, comment("NodePort traffic")],
    },
    chains: {
      // Before DNAT, where a packet still has the load balancer's address. Only the hook prerouting knows the priority by name.
      "filter-prerouting-pre-dnat": [hook("filter", "prerouting", "dstnat - 10"), "ct state new jump firewall-check"],
      "filter-output-pre-dnat": [hook("filter", "output", "-110"), "ct state new jump firewall-check"],
      "filter-input": [
        hook("filter", "input", "filter"),
        "ct state new jump nodeport-endpoints-check",
        "ct state new jump service-endpoints-check",
      ],
      "filter-forward": [
        hook("filter", "forward", "filter"),
        "ct state new jump service-endpoints-check",
        "ct state new jump cluster-ips-check",
      ],
      "filter-output": [
        hook("filter", "output", "filter"),
        "ct state new jump service-endpoints-check",
        "ct state new jump cluster-ips-check",
      ],
      "nat-prerouting": [hook("nat", "prerouting", "dstnat"), "jump services"],
      "nat-output": [hook("nat", "output", "-100"), "jump services"],
      "nat-postrouting": [hook("nat", "postrouting", "srcnat"), "jump masquerading"],
      "nodeport-endpoints-check": [nodePortLookup("no-endpoint-nodeports")],
      "service-endpoints-check": [lookup("no-endpoint-services")],
      "firewall-check": [lookup("firewall-ips")],
      services: [
        lookup("service-ips"),
        `${takesAll ? "fib daddr type local " : ""}${nodePortLookup("service-nodeports")}`,
      ],
      masquerading: [
        // nft takes the highest bit alone for a prefix.
        `meta mark ${masqueradeMark === 2 ** 31 ? "0x00000000/1" : `& ${mark} == 0x00000000`} return`,
        // The mark goes, or the packet would be masqueraded again if it came by once more.
        `meta mark set meta mark ^ ${mark}`,
        "masquerade fully-random",
      ],
      "cluster-ips-check": [
        `ip daddr @cluster-ips reject ${comment("Reject traffic to invalid ports of ClusterIPs")}`,
        `ip daddr ${formatCidr(cidr(serviceCIDR))} drop ${comment("Drop traffic to unallocated ClusterIPs")}`,
      ],
      "mark-for-masquerade": [`meta mark set meta mark | ${mark}`],
      "reject-chain": [comment("helper for @no-endpoint-services / @no-endpoint-nodeports"), "reject"],
    },
    elements: {
      // Not the service ports': the ports of a Service share its ClusterIP, and it has to stay until the last of them goes.
      "cluster-ips": [...new Set(ports.map(({ clusterIP }) => clusterIP))],
      ...(takesAll ? {} : { "nodeport-ips": nodePortAddresses }),
    },
  };
}

/** What one service port adds: to all maps where it may have elements, and be it none. */
export function portNftablesRules(port: ServicePort, context: Context): NftablesRules {
  const names = nftablesNames(port);
  const endpoints = reachable(port.endpoints);
  const lifetime = `timeout ${duration(port.affinity ?? 0)}`;
  const affinitySets = endpoints.map((endpoint) => [
    names.affinity(endpoint),
    ["type ipv4_addr", "size 65535", "flags dynamic,timeout", lifetime],
  ]);
  return {
    sets: port.affinity === undefined ? {} : (Object.fromEntries(affinitySets) as Record<string, string[]>),
    chains: chains(port, context),
    elements: elements(port),
    entries: [names.cluster, names.local, names.external, names.firewall],
  };
}

/** From the addresses to the chains, or to what becomes of packets that no endpoint will get. */
function elements(port: ServicePort): Lines {
  const { endpoints, clusterIP, externalIPs, loadBalancerIPs, nodePort, protocol, number } = port;
  const names = nftablesNames(port);
  const reach = reachOf(port);
  const internalChain = port.isInternalLocal ? names.local : names.cluster;
  // An address may be external and the load balancer's.
  const external = [...new Set([...externalIPs, ...loadBalancerIPs])].map((ip) => `${ip} . ${protocol} . ${number}`);
  const internal = [`${clusterIP} . ${protocol} . ${number}`];
  const nodePorts = nodePort === undefined ? [] : [`${protocol} . ${nodePort}`];
  const go = (keys: readonly string[], chain: string): string[] => keys.map((key) => `${key} : goto ${chain}`);
  const verdict = endpoints.exist ? "drop" : "goto reject-chain";
  const refuse = (keys: readonly string[]): string[] =>
    keys.map((key) => `${key} ${comment(portKey(port))} : ${verdict}`);
  const firewalled = [...new Set(loadBalancerIPs)].map((ip) => `${ip} . ${protocol} . ${number}`);
  return {
    "service-ips": [
      ...(reach.internal ? go(internal, internalChain) : []),
      ...(endpoints.exist ? go(external, names.external) : []),
    ],
    "service-nodeports": endpoints.exist ? go(nodePorts, names.external) : [],
    "firewall-ips": hasFirewall(port) ? go(firewalled, names.firewall) : [],
    "no-endpoint-services": [...(reach.internal ? [] : refuse(internal)), ...(reach.external ? [] : refuse(external))],
    "no-endpoint-nodeports": reach.external ? [] : refuse(nodePorts),
  };
}

const hasFirewall = ({ loadBalancerIPs, sourceRanges }: ServicePort): boolean =>
  loadBalancerIPs.length > 0 && sourceRanges.length > 0;

function chains(port: ServicePort, context: Context): Lines {
  const { endpoints } = port;
  const names = nftablesNames(port);
  const internalChain = port.isInternalLocal ? names.local : names.cluster;
  const policies = [
    { chain: names.cluster, its: endpoints.cluster },
    { chain: names.local, its: endpoints.local },
  ].filter(({ its }) => its.length > 0);
  return Object.fromEntries([
    ...reachable(endpoints).map((endpoint) => [names.endpoint(endpoint), endpointRules(port, endpoint)]),
    ...policies.map(({ chain, its }) => [
      chain,
      [...(chain === internalChain ? masqueradeInternal(port, context) : []), ...balancing(port, its)],
    ]),
    ...(endpoints.exist && isExternallyAccessible(port) ? [[names.external, externalRules(port, context)]] : []),
    ...(hasFirewall(port) ? [[names.firewall, [firewallRule(port, context)]]] : []),
  ] as [string, string[]][]);
}

/** Who is no pod gets the answer from this node, for a packet to a ClusterIP may have come by any node. */
function masqueradeInternal({ clusterIP }: ServicePort, { configuration }: Context): string[] {
  const { masqueradeAll, clusterCIDR } = configuration;
  if (masqueradeAll) return [`ip daddr ${clusterIP} ${masquerade}`];
  return clusterCIDR === undefined ? [] : [`ip daddr ${clusterIP} ip saddr != ${clusterCIDR} ${masquerade}`];
}

function externalRules(port: ServicePort, { configuration }: Context): string[] {
  const { cluster, local } = nftablesNames(port);
  const { clusterCIDR } = configuration;
  if (!port.isExternalLocal) return [masquerade, `goto ${cluster}`];
  return [
    ...(clusterCIDR === undefined
      ? []
      : [`ip saddr ${clusterCIDR} goto ${cluster} ${comment("short-circuit pod traffic")}`]),
    `fib saddr type local ${masquerade} ${comment("masquerade local traffic")}`,
    `fib saddr type local goto ${cluster} ${comment("short-circuit local traffic")}`,
    ...(reachOf(port).external ? [`goto ${local}`] : []),
  ];
}

function firewallRule({ sourceRanges, loadBalancerIPs }: ServicePort, { node }: Context): string {
  // A packet from the node itself to the load balancer's address can have that address as its source.
  const isNodeAllowed = sourceRanges.some((range) => isIn(node.address, cidr(range)));
  const ips = isNodeAllowed ? loadBalancerIPs.map((ip) => `${ip}/32`) : [];
  return `ip saddr != ${addressSet([...sourceRanges, ...ips])} drop`;
}

/** A client goes where it went before, if that is so asked; else chance decides. */
function balancing(port: ServicePort, endpoints: readonly Endpoint[]): string[] {
  const names = nftablesNames(port);
  const go = (endpoint: Endpoint): string => `goto ${names.endpoint(endpoint)}`;
  const known = endpoints.map((endpoint) => `ip saddr @${names.affinity(endpoint)} ${go(endpoint)}`);
  const choices = endpoints.map((endpoint, i) => `${i} : ${go(endpoint)}`).join(", ");
  const chosen = `numgen random mod ${endpoints.length} vmap { ${choices} }`;
  return port.affinity === undefined ? [chosen] : [...known, chosen];
}

function endpointRules(port: ServicePort, endpoint: Endpoint): string[] {
  const remember = `update @${nftablesNames(port).affinity(endpoint)} { ip saddr }`;
  return [
    // A pod that reaches itself through a Service must not see a packet from its own address.
    `ip saddr ${endpoint.ip} ${masquerade}`,
    ...(port.affinity === undefined ? [] : [remember]),
    `meta l4proto ${port.protocol} dnat to ${socket(endpoint)}`,
  ];
}

/** As nft writes a time: `1d2h3m4s`, without what is zero. */
function duration(seconds: number): string {
  const units = [
    { unit: "d", count: Math.floor(seconds / 86_400) },
    { unit: "h", count: Math.floor(seconds / 3600) % 24 },
    { unit: "m", count: Math.floor(seconds / 60) % 60 },
    { unit: "s", count: seconds % 60 },
  ];
  return units.flatMap(({ unit, count }) => (count === 0 ? [] : [`${count}${unit}`])).join("");
}
