// Services by chance: many at once, as a cluster has them. They come again with their seed.
import type { Protocol } from "../../../components/kubernetes/manifests/types";
import type { EndpointSlice, Service } from "../../../components/kubernetes/services/types";
import { type Random, random } from "../../fake/random";
import { type Condition, type ProxyCase, conditions, endpoint, service, slice } from "./objects";

const servicesPerCase = 50;

export const randomCases = (): ProxyCase[] => Array.from({ length: 12 }, (_, i) => randomCase(i + 1));

function randomCase(seed: number): ProxyCase {
  const chance = random(seed);
  const made = Array.from({ length: servicesPerCase }, (_, i) => randomService(chance, i));
  return {
    name: `random-${seed}`,
    about: `${servicesPerCase} Services by chance`,
    services: made.map((each) => each.service),
    endpointSlices: made.flatMap(({ slices }) => slices),
    options: randomOptions(chance),
  };
}

function randomOptions(chance: Random): ProxyCase["options"] {
  const masqueradeAll = chance.chance(0.25);
  const masqueradeBit = chance.pick([14, 14, 14, 0, 7]);
  return {
    clusterCIDR: chance.pick(["10.244.0.0/16", "10.244.0.0/16", "10.244.0.0/16", ""]),
    nodePortAddresses: chance.pick([
      [],
      [],
      ["primary"],
      ["192.168.0.0/16"],
      ["127.0.0.0/8", "10.0.0.0/8"],
      ["0.0.0.0/0"],
    ]),
    iptables: { masqueradeAll, masqueradeBit, localhostNodePorts: chance.chance(0.7) },
    nftables: { masqueradeAll, masqueradeBit },
  };
}

/** @param i makes what has to be unique in a cluster */
function randomService(chance: Random, i: number): { service: Service; slices: EndpointSlice[] } {
  const type = chance.pick(["ClusterIP", "ClusterIP", "NodePort", "LoadBalancer"] as const);
  const policy = () => chance.pick(["Cluster", "Local"] as const);
  const count = chance.pick([1, 1, 1, 2, 3]);
  const withNodePorts = type === "NodePort" || (type === "LoadBalancer" && chance.chance(0.8));
  const made = service(`svc${i}`, {
    namespace: chance.pick(["default", "kube-system", "team-a"]),
    type,
    clusterIP: `10.96.${chance.below(256)}.${i + 1}`,
    ports: Array.from({ length: count }, (_, at) => ({
      name: count === 1 && chance.chance(0.5) ? "" : chance.pick(["http", "dns", "metrics", "p"]) + at,
      protocol: chance.pick(["TCP", "TCP", "UDP", "SCTP"] as const satisfies Protocol[]),
      port: 1 + at * 20_000 + chance.below(20_000),
      ...(withNodePorts && { nodePort: 30_000 + i * 10 + at }),
    })),
    ...(chance.chance(0.3) && { externalIPs: addresses(chance, `198.51.100.${i}`, `198.51.101.${i}`) }),
    ...(chance.chance(0.3) && { affinity: 1 + chance.below(86_400) }),
    internalTrafficPolicy: policy(),
    externalTrafficPolicy: policy(),
    ...(type === "LoadBalancer" && loadBalancer(chance, i)),
  });
  return { service: made, slices: slicesOf(chance, made, i) };
}

const addresses = (chance: Random, ...all: string[]): string[] => all.slice(0, 1 + chance.below(all.length));

function loadBalancer(chance: Random, i: number) {
  const ranges = Array.from({ length: chance.pick([0, 0, 1, 2, 5]) }, () => {
    const [a, b] = [chance.below(256), chance.below(256)];
    return chance.pick([
      `10.${a}.${b}.0/24`,
      `192.168.${a}.0/${16 + chance.below(8)}`,
      `203.0.113.${a & 0xf0}/28`,
      `203.0.113.${b}/32`,
    ]);
  });
  return {
    healthCheckNodePort: 32_000 + i,
    ingress: addresses(chance, `192.168.0.${150 + i}`, `192.168.1.${150 + i}`).map((ip) => ({
      ip,
      ipMode: chance.pick(["VIP", "VIP", "VIP", "Proxy"] as const),
    })),
    ...(ranges.length > 0 && { loadBalancerSourceRanges: ranges }),
  };
}

/** Each endpoint is in one slice: which of two would count is for kube-proxy a matter of chance. */
function slicesOf(chance: Random, of: Service, i: number): EndpointSlice[] {
  const usual: Condition = chance.pick(["ready", "ready", "ready", "leaving", "unready"]);
  const all = Object.keys(conditions) as Condition[];
  const endpoints = Array.from({ length: chance.pick([0, 1, 1, 2, 3, 5]) }, (_, at) =>
    endpoint(
      `${chance.pick(["10.244.0", "10.244.1", "10.244.1", "192.0.2"])}.${1 + ((i * 5 + at) % 250)}`,
      chance.chance(0.75) ? usual : chance.pick(all),
    ),
  );
  const at = chance.below(endpoints.length + 1);
  const ports = of.spec.ports.map(({ name, protocol, port }) => ({ name, protocol, port: chance.pick([port, 8080]) }));
  return [slice(of, endpoints.slice(0, at), { ports }), slice(of, endpoints.slice(at), { suffix: "b", ports })];
}
