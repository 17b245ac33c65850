// What kube-proxy writes in iptables mode, each rule in the words of iptables-save(8) and without `-A <chain>`.
import { cidr } from "../addresses/cidr";
import { type HostFeatures, type ProxyConfiguration, type ProxyNode, isIn } from "./configuration";
import { type PortName, iptablesNames, portKey, socket } from "./names";
import { type Endpoint, type ServicePort, isExternallyAccessible, reachOf, reachable } from "./service-ports";

/** Rules that belong together, by table and chain, as the kind IptablesRules takes them. */
export interface TableRules {
  /** In chains of their own: all that is in these chains. */
  readonly chains?: Rules;
  /** In chains of their own in which others put rules too: behind those of others. */
  readonly shared?: Rules;
  /** In chains of others: in front of what is there. */
  readonly rules?: Rules;
}

type Rules = Readonly<Record<string, readonly string[]>>;

export type IptablesRules = Readonly<Partial<Record<"mangle" | "filter" | "nat", TableRules>>>;

interface Context {
  readonly node: ProxyNode;
  readonly configuration: ProxyConfiguration;
  readonly host: HostFeatures;
  /** Comments are left out of the rules that are most in number. */
  readonly isLarge: boolean;
}

/** So many endpoints of all service ports together make a cluster large. */
const largeCluster = 1000;

export const isLargeCluster = (ports: readonly ServicePort[]): boolean =>
  ports.reduce((sum, { endpoints }) => sum + endpoints.count, 0) > largeCluster;

const invalidCounter = "ct_state_invalid_dropped_pkts";
const localhostCounter = "localhost_nps_accepted_pkts";

/** Counters of nfacct(8) that the rules count into, if the host has them. */
export const nfacctCounters = [invalidCounter, localhostCounter] as const;

/** iptables-save writes two spaces here. */
const nfacct = (name: string): string => `-m nfacct --nfacct-name  ${name}`;

const comment = (text: string): string => `-m comment --comment "${text}"`;

const mark = (bits: number, mask = bits): string => `0x${bits.toString(16)}/0x${mask.toString(16)}`;

/** Packets to one port of one address. @param text the comment */
const to = (ip: string, { protocol }: PortName, number: number, text: string): string =>
  `-d ${ip}/32 -p ${protocol} ${comment(text)} -m ${protocol} --dport ${number}`;

const reject = "REJECT --reject-with icmp-port-unreachable";

const isNew = "-m conntrack --ctstate NEW";

/** What does not depend on any Service. */
export function nodeIptablesRules({ configuration, host }: Omit<Context, "isLarge">): IptablesRules {
  const { masqueradeMark, localhostNodePorts } = configuration;
  const jump = (chain: string, text: string, match = ""): string => `${match}${comment(text)} -j ${chain}`;
  const portals = jump("KUBE-SERVICES", "kubernetes service portals", `${isNew} `);
  const externalPortals = jump("KUBE-EXTERNAL-SERVICES", "kubernetes externally-visible service portals", `${isNew} `);
  const firewall = jump("KUBE-PROXY-FIREWALL", "kubernetes load balancer firewall", `${isNew} `);
  const localnet =
    `! -s 127.0.0.0/8 -d 127.0.0.0/8 ${comment("block incoming localnet connections")} ` +
    "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP";
  return {
    mangle: { chains: { "KUBE-PROXY-CANARY": [] } },
    filter: {
      chains: {
        "KUBE-PROXY-CANARY": [],
        // kubelet makes it too. With localhost NodePorts route_localnet is on, so others might reach 127.0.0.1.
        "KUBE-FIREWALL": localhostNodePorts ? [localnet] : [],
        "KUBE-FORWARD": [
          `-m conntrack --ctstate INVALID ${host.nfacct ? `${nfacct(invalidCounter)} ` : ""}-j DROP`,
          `${comment("kubernetes forwarding rules")} -m mark --mark ${mark(masqueradeMark)} -j ACCEPT`,
          `${comment("kubernetes forwarding conntrack rule")} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
        ],
      },
      shared: {
        "KUBE-SERVICES": [],
        "KUBE-EXTERNAL-SERVICES": [],
        "KUBE-NODEPORTS": [],
        "KUBE-PROXY-FIREWALL": [],
      },
      rules: {
        INPUT: [
          "-j KUBE-FIREWALL",
          firewall,
          jump("KUBE-NODEPORTS", "kubernetes health check service ports"),
          externalPortals,
        ],
        FORWARD: [firewall, jump("KUBE-FORWARD", "kubernetes forwarding rules"), portals, externalPortals],
        OUTPUT: ["-j KUBE-FIREWALL", firewall, portals],
      },
    },
    nat: {
      chains: {
        "KUBE-PROXY-CANARY": [],
        "KUBE-MARK-MASQ": [`-j MARK --set-xmark ${mark(masqueradeMark)}`],
        "KUBE-POSTROUTING": [
          `-m mark ! --mark ${mark(masqueradeMark)} -j RETURN`,
          // The mark goes, or the packet would be masqueraded again if it came by once more.
          `-j MARK --set-xmark ${mark(masqueradeMark, 0)}`,
          `${comment("kubernetes service traffic requiring SNAT")} -j MASQUERADE${host.randomFully ? " --random-fully" : ""}`,
        ],
      },
      shared: { "KUBE-SERVICES": nodePortJumps(configuration), "KUBE-NODEPORTS": [] },
      rules: {
        PREROUTING: [jump("KUBE-SERVICES", "kubernetes service portals")],
        OUTPUT: [jump("KUBE-SERVICES", "kubernetes service portals")],
        POSTROUTING: [jump("KUBE-POSTROUTING", "kubernetes postrouting rules")],
      },
    },
  };
}

function nodePortJumps({ nodePortAddresses, localhostNodePorts }: ProxyConfiguration): string[] {
  const text = comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain");
  if (nodePortAddresses !== "all") return nodePortAddresses.map((ip) => `-d ${ip}/32 ${text} -j KUBE-NODEPORTS`);
  const notLocalhost = localhostNodePorts ? "" : "! -d 127.0.0.0/8 ";
  return [`${notLocalhost}${text} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`];
}

/** What one service port adds: to all chains where it may have rules, and be it none. */
export function portIptablesRules(port: ServicePort, context: Context): IptablesRules {
  return {
    filter: { rules: filterRules(port) },
    nat: { chains: natChains(port, context), rules: natRules(port, context) },
  };
}

/** Packets that no endpoint will get, and health checks. */
function filterRules(port: ServicePort): Rules {
  const { endpoints, externalIPs, loadBalancerIPs, nodePort, healthCheckNodePort, protocol } = port;
  const key = portKey(port);
  const reach = reachOf(port);
  const [text, verdict] = endpoints.exist
    ? [`${key} has no local endpoints`, "DROP"]
    : [`${key} has no endpoints`, reject];
  const refuse = (ip: string): string => `${to(ip, port, port.number, text)} -j ${verdict}`;
  const external = [
    ...[...externalIPs, ...loadBalancerIPs].map(refuse),
    ...(nodePort === undefined
      ? []
      : [
          `-p ${protocol} ${comment(text)} -m addrtype --dst-type LOCAL -m ${protocol} --dport ${nodePort} -j ${verdict}`,
        ]),
  ];
  const { firewall } = iptablesNames(port);
  const notAccepted = `${key} traffic not accepted by ${firewall}`;
  return {
    "KUBE-SERVICES": reach.internal ? [] : [refuse(port.clusterIP)],
    "KUBE-EXTERNAL-SERVICES": reach.external ? [] : external,
    "KUBE-PROXY-FIREWALL": hasFirewall(port)
      ? loadBalancerIPs.map((ip) => `${to(ip, port, port.number, notAccepted)} -j DROP`)
      : [],
    "KUBE-NODEPORTS":
      healthCheckNodePort === undefined
        ? []
        : [`-p tcp ${comment(`${key} health check node port`)} -m tcp --dport ${healthCheckNodePort} -j ACCEPT`],
  };
}

const hasFirewall = ({ endpoints, loadBalancerIPs, sourceRanges }: ServicePort): boolean =>
  endpoints.exist && loadBalancerIPs.length > 0 && sourceRanges.length > 0;

/** From the addresses to the chains. */
function natRules(port: ServicePort, { configuration, host }: Context): Rules {
  const { endpoints, clusterIP, externalIPs, loadBalancerIPs, nodePort, number, protocol } = port;
  const key = portKey(port);
  const names = iptablesNames(port);
  const loadBalancer = hasFirewall(port) ? names.firewall : names.external;
  const external = [
    ...externalIPs.map((ip) => `${to(ip, port, number, `${key} external IP`)} -j ${names.external}`),
    ...loadBalancerIPs.map((ip) => `${to(ip, port, number, `${key} loadbalancer IP`)} -j ${loadBalancer}`),
  ];
  const atNodePort = `-p ${protocol} ${comment(key)} -m ${protocol} --dport ${nodePort}`;
  const counted = `-d 127.0.0.0/8 ${atNodePort} ${nfacct(localhostCounter)} -j ${names.external}`;
  return {
    "KUBE-SERVICES": [
      ...(reachOf(port).internal
        ? [`${to(clusterIP, port, number, `${key} cluster IP`)} -j ${internalChain(port)}`]
        : []),
      ...(endpoints.exist ? external : []),
    ],
    "KUBE-NODEPORTS":
      endpoints.exist && nodePort !== undefined
        ? [...(configuration.localhostNodePorts && host.nfacct ? [counted] : []), `${atNodePort} -j ${names.external}`]
        : [],
  };
}

const internalChain = (port: ServicePort): string => iptablesNames(port)[port.isInternalLocal ? "local" : "cluster"];

function natChains(port: ServicePort, context: Context): Rules {
  const { endpoints } = port;
  const names = iptablesNames(port);
  const policies = [
    { chain: names.cluster, its: endpoints.cluster },
    { chain: names.local, its: endpoints.local },
  ].filter(({ its }) => its.length > 0);
  return Object.fromEntries([
    ...(endpoints.exist && isExternallyAccessible(port) ? [[names.external, externalRules(port, context)]] : []),
    ...(hasFirewall(port) ? [[names.firewall, firewallRules(port, context)]] : []),
    ...policies.map(({ chain, its }) => [
      chain,
      [...(chain === internalChain(port) ? masqueradeInternal(port, context) : []), ...balancing(port, its, context)],
    ]),
    ...reachable(endpoints).map((endpoint) => [names.endpoint(endpoint), endpointRules(port, endpoint, context)]),
  ] as [string, string[]][]);
}

/** Who is no pod gets the answer from this node, for a packet to a ClusterIP may have come by any node. */
function masqueradeInternal(port: ServicePort, { configuration }: Context): string[] {
  const { masqueradeAll, clusterCIDR } = configuration;
  const match = to(port.clusterIP, port, port.number, `${portKey(port)} cluster IP`);
  if (masqueradeAll) return [`${match} -j KUBE-MARK-MASQ`];
  return clusterCIDR === undefined ? [] : [`! -s ${clusterCIDR} ${match} -j KUBE-MARK-MASQ`];
}

function externalRules(port: ServicePort, { configuration }: Context): string[] {
  const key = portKey(port);
  const names = iptablesNames(port);
  const text = (what: string): string => comment(`${what} traffic for ${key} external destinations`);
  if (!port.isExternalLocal)
    return [
      `${comment(`masquerade traffic for ${key} external destinations`)} -j KUBE-MARK-MASQ`,
      `-j ${names.cluster}`,
    ];
  const { clusterCIDR } = configuration;
  const isLocal = "-m addrtype --src-type LOCAL";
  return [
    ...(clusterCIDR === undefined ? [] : [`-s ${clusterCIDR} ${text("pod")} -j ${names.cluster}`]),
    `${text("masquerade LOCAL")} ${isLocal} -j KUBE-MARK-MASQ`,
    `${text("route LOCAL")} ${isLocal} -j ${names.cluster}`,
    ...(reachOf(port).external ? [`-j ${names.local}`] : []),
  ];
}

/** Who may go on. The others come out at the end without an endpoint, and KUBE-PROXY-FIREWALL drops them. */
function firewallRules(port: ServicePort, { node }: Context): string[] {
  const key = portKey(port);
  // A packet from the node itself to the load balancer's address can have that address as its source.
  const isNodeAllowed = port.sourceRanges.some((range) => isIn(node.address, cidr(range)));
  const ips = isNodeAllowed ? port.loadBalancerIPs.map((ip) => `${ip}/32`) : [];
  return [
    ...[...port.sourceRanges, ...ips].map(
      (range) => `-s ${range} ${comment(`${key} loadbalancer IP`)} -j ${iptablesNames(port).external}`,
    ),
    comment(`other traffic to ${key} will be dropped by KUBE-PROXY-FIREWALL`),
  ];
}

/** A client goes where it went before, if that is so asked; else chance decides. */
function balancing(port: ServicePort, endpoints: readonly Endpoint[], { isLarge }: Context): string[] {
  const names = iptablesNames(port);
  const text = (endpoint: Endpoint): string =>
    isLarge ? "" : `${comment(`${portKey(port)} -> ${socket(endpoint)}`)} `;
  const known = endpoints.map((endpoint) => {
    const chain = names.endpoint(endpoint);
    return `${text(endpoint)}-m recent --rcheck --seconds ${port.affinity} --reap ${clients(chain)} -j ${chain}`;
  });
  const chosen = endpoints.map((endpoint, i) => {
    const left = endpoints.length - i;
    const chance = left > 1 ? `-m statistic --mode random --probability ${probability(left)} ` : "";
    return `${text(endpoint)}${chance}-j ${names.endpoint(endpoint)}`;
  });
  return port.affinity === undefined ? chosen : [...known, ...chosen];
}

/** The list of clients of an endpoint (ipt_recent). */
const clients = (chain: string): string => `--name ${chain} --mask 255.255.255.255 --rsource`;

/** kube-proxy says one of `n` with ten decimals, the kernel keeps that as a 31-bit fraction, iptables-save prints eleven decimals. */
function probability(n: number): string {
  const kernel = 2 ** 31;
  return (Math.round(Number((1 / n).toFixed(10)) * kernel) / kernel).toFixed(11);
}

function endpointRules(port: ServicePort, endpoint: Endpoint, { isLarge }: Context): string[] {
  const { protocol, affinity } = port;
  const text = isLarge ? "" : `${comment(portKey(port))} `;
  const remember = affinity === undefined ? "" : `-m recent --set ${clients(iptablesNames(port).endpoint(endpoint))} `;
  return [
    // A pod that reaches itself through a Service must not see a packet from its own address.
    `-s ${endpoint.ip}/32 ${text}-j KUBE-MARK-MASQ`,
    `-p ${protocol} ${text}${remember}-m ${protocol} -j DNAT --to-destination ${socket(endpoint)}`,
  ];
}
