// What kube-proxy was asked to do by hand: each feature by itself, and where features meet.
import type { EndpointSlice, Service } from "../../../components/kubernetes/services/types";
import { type ProxyCase, endpoint, service, slice } from "./objects";

type Words = Parameters<typeof service>[1];
type Endpoints = Parameters<typeof slice>[1];
type Options = ProxyCase["options"];

const http = { port: 80 };
const local = "10.244.0.2";
const remote = "10.244.1.2";
const both = [local, remote];
const three = [local, remote, "10.244.1.3"];

const clusterCIDR = "10.244.0.0/16";

/** One Service `web` with its endpoints in one slice. */
function one(name: string, about: string, words: Words, endpoints: Endpoints, options: Options = {}): ProxyCase {
  const web = service("web", words);
  return many(name, about, [web], [slice(web, endpoints)], options);
}

const many = (
  name: string,
  about: string,
  services: readonly Service[],
  endpointSlices: readonly EndpointSlice[],
  options: Options = {},
): ProxyCase => ({ name, about, services, endpointSlices, options: { clusterCIDR, ...options } });

const nodePort = { type: "NodePort", ports: [{ ...http, nodePort: 30080 }] } as const;
const loadBalancer = {
  type: "LoadBalancer",
  ports: [{ ...http, nodePort: 30080 }],
  ingress: [{ ip: "192.168.0.200" }],
} as const;
const externalLocal = { externalTrafficPolicy: "Local" } as const;
const internalLocal = { internalTrafficPolicy: "Local" } as const;

const clusterIPs: ProxyCase[] = [
  many("none", "no Service at all", [], []),
  one("cluster-ip", "one endpoint", { ports: [http] }, [local]),
  one("cluster-ip-two", "two endpoints, one on another node", { ports: [http] }, both),
  one("cluster-ip-three", "three endpoints", { ports: [http] }, three),
  one(
    "cluster-ip-eleven",
    "eleven endpoints, which are sorted as text",
    { ports: [http] },
    Array.from({ length: 11 }, (_, i) => `10.244.${i % 2}.${i + 2}`),
  ),
  many("no-slice", "a Service that no EndpointSlice belongs to", [service("web", { ports: [http] })], []),
  one("empty-slice", "a slice without endpoints", { ports: [http] }, []),
  one("unready", "endpoints that are not ready", { ports: [http] }, [
    endpoint(local, "unready"),
    endpoint(remote, "unready"),
  ]),
  one("some-unready", "one of three endpoints is not ready", { ports: [http] }, [
    local,
    endpoint(remote, "unready"),
    "10.244.1.3",
  ]),
  one("named-port", "a port with a name", { ports: [{ ...http, name: "http" }] }, both),
  one("udp", "UDP", { ports: [{ port: 53, protocol: "UDP" }] }, both),
  one("sctp", "SCTP", { ports: [{ port: 3868, protocol: "SCTP" }] }, both),
  one("no-endpoints-udp", "UDP without endpoints", { ports: [{ port: 53, protocol: "UDP" }] }, []),
  one("no-endpoints-sctp", "SCTP without endpoints", { ports: [{ port: 3868, protocol: "SCTP" }] }, []),
  one(
    "several-ports",
    "three ports, two of them with the same number",
    {
      ports: [
        { port: 53, name: "dns", protocol: "UDP" },
        { port: 53, name: "dns-tcp" },
        { port: 9153, name: "metrics" },
      ],
    },
    both,
  ),
  (() => {
    const web = service("web", { ports: [{ ...http, name: "http", targetPort: "web" }] });
    const at = (port: number) => [{ name: "http", protocol: "TCP" as const, port }];
    const slices = [slice(web, [local], { ports: at(8080) }), slice(web, [remote], { suffix: "b", ports: at(9090) })];
    return many("named-target-port", "a target port that has another number in each pod", [web], slices);
  })(),
  (() => {
    const web = service("web", { ports: [http] });
    const slices = [slice(web, [local, "10.244.1.9"]), slice(web, ["10.244.1.10", local], { suffix: "b" })];
    return many("two-slices", "endpoints in two slices, one of them in both", [web], slices);
  })(),
  (() => {
    const web = service("web", {
      ports: [
        { ...http, name: "http" },
        { port: 443, name: "https" },
      ],
    });
    const slices = [slice(web, both, { ports: [{ name: "http", protocol: "TCP", port: 8080 }] })];
    return many("port-without-endpoints", "one of two ports has endpoints", [web], slices);
  })(),
  (() => {
    const web = service("web", { ports: [{ port: 53, protocol: "UDP" }] });
    const slices = [slice(web, both, { ports: [{ name: "", protocol: "TCP", port: 8080 }] })];
    return many("other-protocol", "the slice's port has another protocol", [web], slices);
  })(),
  one("without-selector", "endpoints given by hand, on no node of the cluster", { ports: [http] }, [
    "192.0.2.10",
    "203.0.113.10",
  ]),
  many(
    "external-name",
    "a Service that is only a name",
    [service("web", { type: "ExternalName", clusterIP: "", ports: [http] })],
    [],
  ),
  (() => {
    const web = service("web", { clusterIP: "None", ports: [http] });
    return many("headless", "a Service without ClusterIP", [web], [slice(web, both)]);
  })(),
  one(
    "another-proxy",
    "a Service that another proxy takes care of",
    { ports: [http], labels: { "service.kubernetes.io/service-proxy-name": "other" } },
    both,
  ),
  (() => {
    const services = ["blue", "green"].map((namespace, i) =>
      service("web", { namespace, clusterIP: `10.96.0.${20 + i}`, ports: [http] }),
    );
    return many(
      "namespaces",
      "the same name in two namespaces",
      services,
      services.map((each) => slice(each, both)),
    );
  })(),
  (() => {
    const long = (letter: string, length: number): string => letter.repeat(length);
    const web = service(long("s", 63), { namespace: long("n", 63), ports: [{ ...http, name: long("p", 15) }] });
    return many("long-names", "names as long as may be", [web], [slice(web, both)]);
  })(),
];

const affinity: ProxyCase[] = [
  one("affinity", "session affinity, default timeout", { ports: [http], affinity: 10_800 }, three),
  one("affinity-one", "session affinity with one endpoint", { ports: [http], affinity: 50 }, [local]),
  one("affinity-day", "session affinity, longest timeout", { ports: [http], affinity: 86_400 }, both),
  one(
    "affinity-odd",
    "session affinity, a timeout of hours, minutes and seconds",
    { ...nodePort, affinity: 12_345 },
    both,
  ),
  one("affinity-udp", "session affinity of UDP", { ports: [{ port: 53, protocol: "UDP" }], affinity: 600 }, both),
  one(
    "affinity-local",
    "session affinity with both policies Local",
    { ...loadBalancer, ...externalLocal, ...internalLocal, affinity: 90 },
    three,
  ),
  one("affinity-none", "session affinity without endpoints", { ports: [http], affinity: 10_800 }, []),
];

const internal: ProxyCase[] = [
  one("internal-local", "internalTrafficPolicy Local, an endpoint here", { ports: [http], ...internalLocal }, three),
  one(
    "internal-local-elsewhere",
    "internalTrafficPolicy Local, endpoints elsewhere",
    { ports: [http], ...internalLocal },
    [remote],
  ),
  one("internal-local-none", "internalTrafficPolicy Local, no endpoints", { ports: [http], ...internalLocal }, []),
  one(
    "internal-local-no-node",
    "internalTrafficPolicy Local, endpoints on no node",
    { ports: [http], ...internalLocal },
    ["192.0.2.10"],
  ),
  one(
    "internal-local-node-port",
    "internalTrafficPolicy Local and a NodePort",
    { ...nodePort, ...internalLocal },
    three,
  ),
  one("internal-local-node-port-elsewhere", "the same, endpoints elsewhere", { ...nodePort, ...internalLocal }, [
    remote,
  ]),
];

const nodePorts: ProxyCase[] = [
  one("node-port", "a NodePort", nodePort, both),
  one("node-port-none", "a NodePort without endpoints", nodePort, []),
  one(
    "node-port-udp",
    "a NodePort of UDP",
    { type: "NodePort", ports: [{ port: 53, protocol: "UDP", nodePort: 30053 }] },
    both,
  ),
  one(
    "node-port-sctp",
    "a NodePort of SCTP",
    { type: "NodePort", ports: [{ port: 3868, protocol: "SCTP", nodePort: 30868 }] },
    both,
  ),
  one(
    "node-port-local",
    "externalTrafficPolicy Local, endpoints here and elsewhere",
    { ...nodePort, ...externalLocal },
    three,
  ),
  one("node-port-local-two", "externalTrafficPolicy Local, two endpoints here", { ...nodePort, ...externalLocal }, [
    ...three,
    "10.244.0.3",
  ]),
  one(
    "node-port-local-elsewhere",
    "externalTrafficPolicy Local, endpoints elsewhere",
    { ...nodePort, ...externalLocal },
    [remote],
  ),
  one("node-port-local-none", "externalTrafficPolicy Local, no endpoints", { ...nodePort, ...externalLocal }, []),
  one("node-port-all-local", "both policies Local", { ...nodePort, ...externalLocal, ...internalLocal }, three),
  one(
    "node-port-all-local-elsewhere",
    "both policies Local, endpoints elsewhere",
    { ...nodePort, ...externalLocal, ...internalLocal },
    [remote],
  ),
  one(
    "node-port-protocols",
    "one NodePort number for TCP and UDP",
    {
      type: "NodePort",
      ports: [
        { port: 53, name: "dns", protocol: "UDP", nodePort: 30053 },
        { port: 53, name: "dns-tcp", nodePort: 30053 },
      ],
    },
    both,
  ),
];

const externalIPs: ProxyCase[] = [
  one("external-ip", "an external IP", { ports: [http], externalIPs: ["203.0.113.50"] }, both),
  one("external-ips", "two external IPs", { ports: [http], externalIPs: ["203.0.113.50", "203.0.113.5"] }, both),
  one("external-ip-none", "an external IP without endpoints", { ports: [http], externalIPs: ["203.0.113.50"] }, []),
  one(
    "external-ip-local",
    "externalTrafficPolicy Local of a ClusterIP Service",
    { ports: [http], externalIPs: ["203.0.113.50"], ...externalLocal },
    three,
  ),
  one(
    "external-ip-local-elsewhere",
    "the same, endpoints elsewhere",
    { ports: [http], externalIPs: ["203.0.113.50"], ...externalLocal },
    [remote],
  ),
  one("external-ip-node-port", "an external IP and a NodePort", { ...nodePort, externalIPs: ["203.0.113.50"] }, both),
];

const loadBalancers: ProxyCase[] = [
  one("load-balancer", "a load balancer address", loadBalancer, both),
  one("load-balancer-pending", "no load balancer address yet", { ...loadBalancer, ingress: [] }, both),
  one(
    "load-balancer-two",
    "two load balancer addresses",
    { ...loadBalancer, ingress: [{ ip: "192.168.0.201" }, { ip: "192.168.0.200" }] },
    both,
  ),
  one("load-balancer-none", "a load balancer address without endpoints", loadBalancer, []),
  one(
    "load-balancer-without-node-port",
    "allocateLoadBalancerNodePorts: false",
    { ...loadBalancer, ports: [http] },
    both,
  ),
  one(
    "load-balancer-proxy",
    "ipMode Proxy",
    { ...loadBalancer, ingress: [{ ip: "192.168.0.200", ipMode: "Proxy" }] },
    both,
  ),
  one(
    "load-balancer-vip",
    "ipMode VIP, and an external IP",
    { ...loadBalancer, ingress: [{ ip: "192.168.0.200", ipMode: "VIP" }], externalIPs: ["203.0.113.50"] },
    both,
  ),
  one(
    "load-balancer-external-ip",
    "an address that is external and the load balancer's",
    { ...loadBalancer, externalIPs: ["192.168.0.200"] },
    both,
  ),
  one(
    "health-check",
    "externalTrafficPolicy Local, with its health checks",
    { ...loadBalancer, ...externalLocal, healthCheckNodePort: 32_000 },
    three,
  ),
  one(
    "health-check-elsewhere",
    "the same, endpoints elsewhere",
    { ...loadBalancer, ...externalLocal, healthCheckNodePort: 32_000 },
    [remote],
  ),
  one(
    "health-check-none",
    "the same, no endpoints",
    { ...loadBalancer, ...externalLocal, healthCheckNodePort: 32_000 },
    [],
  ),
  one(
    "health-check-ports",
    "the same with two ports",
    {
      ...loadBalancer,
      ...externalLocal,
      healthCheckNodePort: 32_000,
      ports: [
        { ...http, name: "http" },
        { port: 443, name: "https" },
      ],
    },
    three,
  ),
  one(
    "health-check-cluster",
    "a health check port that externalTrafficPolicy Cluster makes useless",
    { ...loadBalancer, healthCheckNodePort: 32_000 },
    both,
  ),
];

const ranges = (
  name: string,
  about: string,
  loadBalancerSourceRanges: string[],
  words: Partial<Words> = {},
  endpoints = both,
) => one(name, about, { ...loadBalancer, loadBalancerSourceRanges, ...words }, endpoints);

const sourceRanges: ProxyCase[] = [
  ranges("source-range", "one range of sources", ["203.0.113.0/24"]),
  ranges("source-ranges", "three ranges of sources", ["203.0.113.0/24", "198.51.100.7/32", "10.0.0.0/8"]),
  ranges("source-ranges-with-node", "a range that the node is in", ["192.168.0.0/24"]),
  ranges("source-ranges-with-node-two", "the same, two load balancer addresses", ["192.168.0.0/25", "203.0.113.0/24"], {
    ingress: [{ ip: "192.168.0.200" }, { ip: "192.168.0.99" }],
  }),
  ranges("source-ranges-overlapping", "ranges that overlap", ["203.0.112.0/23", "203.0.113.0/24", "203.0.113.128/25"]),
  ranges("source-ranges-joining", "ranges that join to one", ["203.0.113.128/25", "203.0.113.0/25"]),
  ranges("source-ranges-odd", "ranges that join to no CIDR", [
    "203.0.113.0/25",
    "203.0.113.128/26",
    "203.0.113.194/32",
  ]),
  ranges("source-ranges-twice", "a range twice", ["203.0.113.0/24", "203.0.113.0/24"]),
  ranges("source-ranges-host-bits", "a range with host bits and blanks", [" 203.0.113.7/24 "]),
  ranges("source-ranges-all", "one range is everything", ["203.0.113.0/24", "0.0.0.0/0"]),
  ranges("source-ranges-one-address", "a range of one address", ["203.0.113.10/32"]),
  ranges("source-ranges-none", "ranges of sources without endpoints", ["203.0.113.0/24"], {}, []),
  ranges("source-ranges-local", "externalTrafficPolicy Local", ["203.0.113.0/24"], externalLocal, three),
  ranges("source-ranges-local-elsewhere", "the same, endpoints elsewhere", ["203.0.113.0/24"], externalLocal, [remote]),
  ranges("source-ranges-pending", "no load balancer address yet", ["203.0.113.0/24"], { ingress: [] }),
  ranges("source-ranges-external-ip", "an external IP, which they are not for", ["203.0.113.0/24"], {
    externalIPs: ["203.0.113.50"],
  }),
];

const leaving: ProxyCase[] = [
  one("leaving", "all endpoints go away and still answer", { ports: [http] }, [
    endpoint(local, "leaving"),
    endpoint(remote, "leaving"),
  ]),
  one("leaving-some", "one of two goes away", { ports: [http] }, [endpoint(local, "leaving"), remote]),
  one("leaving-unready", "one of two that go away still answers", { ports: [http] }, [
    endpoint(local, "leavingUnready"),
    endpoint(remote, "leaving"),
  ]),
  one("leaving-all-unready", "none of those that go away answers", nodePort, [endpoint(local, "leavingUnready")]),
  one("leaving-published", "publishNotReadyAddresses", { ports: [http], publishNotReadyAddresses: true }, [
    endpoint(local, "leavingPublished"),
    remote,
  ]),
  one(
    "leaving-local",
    "externalTrafficPolicy Local: only the one here goes away",
    { ...loadBalancer, ...externalLocal },
    [endpoint(local, "leaving"), remote],
  ),
  one("leaving-local-all", "externalTrafficPolicy Local: all go away", { ...loadBalancer, ...externalLocal }, [
    endpoint(local, "leaving"),
    endpoint(remote, "leaving"),
  ]),
  one(
    "leaving-local-elsewhere",
    "externalTrafficPolicy Local: one elsewhere goes away",
    { ...loadBalancer, ...externalLocal },
    [endpoint(remote, "leaving")],
  ),
  one(
    "leaving-local-beside",
    "externalTrafficPolicy Local: one of two here goes away",
    { ...nodePort, ...externalLocal },
    [endpoint(local, "leaving"), "10.244.0.3", remote],
  ),
  one(
    "leaving-internal-local",
    "internalTrafficPolicy Local: only the one here goes away",
    { ...nodePort, ...internalLocal, affinity: 600 },
    [endpoint(local, "leaving"), remote],
  ),
];

/** A Service with everything that options have a say in. */
const everything = {
  ...loadBalancer,
  ...externalLocal,
  externalIPs: ["203.0.113.50"],
  loadBalancerSourceRanges: ["203.0.113.0/24"],
  healthCheckNodePort: 32_000,
} as const;

const options: ProxyCase[] = [
  one("everything", "a Service with everything", everything, three),
  one("no-cluster-cidr", "no local detector", { ports: [http] }, both, { clusterCIDR: "" }),
  one("no-cluster-cidr-local", "no local detector, policy Local", everything, three, { clusterCIDR: "" }),
  one("masquerade-all", "masqueradeAll", everything, three, {
    iptables: { masqueradeAll: true },
    nftables: { masqueradeAll: true },
  }),
  one("masquerade-all-no-cluster-cidr", "masqueradeAll without local detector", nodePort, both, {
    clusterCIDR: "",
    iptables: { masqueradeAll: true },
    nftables: { masqueradeAll: true },
  }),
  one(
    "masquerade-all-internal-local",
    "masqueradeAll, internalTrafficPolicy Local",
    { ...nodePort, ...internalLocal },
    three,
    {
      iptables: { masqueradeAll: true },
      nftables: { masqueradeAll: true },
    },
  ),
  one("masquerade-bit", "another bit of the mark", nodePort, both, {
    iptables: { masqueradeBit: 3 },
    nftables: { masqueradeBit: 31 },
  }),
  one("node-port-addresses", "NodePorts at the addresses of one range", nodePort, both, {
    nodePortAddresses: ["192.168.0.0/24"],
  }),
  one(
    "node-port-addresses-two",
    "NodePorts at the addresses of two ranges",
    { ...nodePort, ...externalLocal },
    [remote],
    {
      nodePortAddresses: ["192.168.0.0/24", "10.244.0.0/16"],
    },
  ),
  one("node-port-addresses-primary", "NodePorts at the primary address", nodePort, both, {
    nodePortAddresses: ["primary"],
  }),
  one("node-port-addresses-all", "NodePorts at all addresses, as it is said", nodePort, both, {
    nodePortAddresses: ["192.168.0.0/24", "0.0.0.0/0"],
  }),
  one("node-port-addresses-all-none", "the same without endpoints", nodePort, [], { nodePortAddresses: ["0.0.0.0/0"] }),
  one("node-port-addresses-loopback", "NodePorts at 127.0.0.1 too", nodePort, both, {
    nodePortAddresses: ["127.0.0.0/8", "192.168.0.0/24"],
  }),
  one("node-port-addresses-elsewhere", "NodePorts at addresses that the node lacks", nodePort, both, {
    nodePortAddresses: ["172.16.0.0/12"],
  }),
  one("no-localhost-node-ports", "no NodePorts at 127.0.0.1", nodePort, both, {
    iptables: { localhostNodePorts: false },
  }),
  one("no-localhost-node-ports-addresses", "the same with ranges", nodePort, both, {
    nodePortAddresses: ["127.0.0.1/32", "192.168.0.0/24"],
    iptables: { localhostNodePorts: false },
  }),
];

/** Their rules do not depend on the size of a cluster, but on whether kube-proxy calls it large. */
const sizes: ProxyCase[] = [1000, 1001].map((count) =>
  one(
    `endpoints-${count}`,
    `${count} endpoints, all but three not ready`,
    { ...nodePort, affinity: 10_800 },
    Array.from({ length: count }, (_, i) =>
      endpoint(`10.244.${2 + Math.floor(i / 200)}.${2 + (i % 200)}`, i < 3 ? "ready" : "unready"),
    ),
  ),
);

export const cases: readonly ProxyCase[] = [
  ...clusterIPs,
  ...affinity,
  ...internal,
  ...nodePorts,
  ...externalIPs,
  ...loadBalancers,
  ...sourceRanges,
  ...leaving,
  ...options,
  ...sizes,
];
