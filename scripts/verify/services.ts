// What Kubernetes promises about Services, and the questions that show it. It follows from what Services are, not from the
// rules that make them: which endpoints answer, whom they see, and what is said when none does.
import { Address4 } from "ip-address";
import type { Check, Promised, Way } from "./check";
import type { Expected, Server } from "./expectations";
import { askedEnough, evenShares } from "./pools";
import { type Endpoint, type Node, type Place, type Pod, type RunningLab, type Service, addressesOf } from "./places";

/** More Services, and more places to ask from and at, say nothing new. */
const most = { services: 20, places: 4 };

type Port = Service["ports"][number];

interface Asked {
  readonly lab: RunningLab;
  readonly to: Place;
  readonly service: Service;
  readonly port: Port;
  readonly endpoints: readonly Endpoint[];
}

/** A packet that comes to a node, be it from a place on it or from elsewhere, and is treated there. */
interface Arrival {
  readonly from: Place;
  readonly at: Node;
}

interface Question {
  readonly from: Place;
  readonly address: string;
  readonly port: number;
  readonly expected: Expected;
}

export function servicePromises(lab: RunningLab): Promised[] {
  const everything = Object.entries(lab.services).flatMap(([name, service]) =>
    service.clusterIP === "" || service.clusterIP === "None"
      ? []
      : service.ports.map((port) => ({
          ...{ lab, service, port },
          to: placeOf(lab, name, service, port),
          endpoints: distinct(port),
        })),
  );
  const all = everything.filter((asked) => strangerOf(asked) === undefined);
  const left = everything.flatMap((asked) => leftOut(asked));
  if (everything.length === 0) return [];
  const chosen = all.slice(0, most.services);
  const ask = (id: string, questions: (asked: Asked) => readonly Question[]): Check[] =>
    chosen.flatMap((asked) => questions(asked).map((question) => checkOf(id, asked, question)));
  const asked = askedEnough([
    ...ask("cluster-ip", askClusterIP),
    ...ask("node-port", askNodePorts),
    ...ask("external-ip", askExternalIPs),
  ]);
  const checks = [...asked, ...evenShares("even-shares", asked)];
  const sample = chosen.length < all.length ? { measured: chosen.length, all: all.length } : undefined;
  const promise = (id: string, title: string): Promised => ({
    ...{ id, title, checks: checks.filter(({ promise }) => promise === id) },
    ...(sample && { sample }),
  });
  return [
    {
      ...promise("cluster-ip", "a cluster IP leads to a Service's endpoints, inside the cluster only"),
      ...(left.length > 0 && { left }),
    },
    promise("node-port", "a NodePort leads there from every node"),
    promise("external-ip", "so do external and load balancer addresses"),
    promise("even-shares", "each endpoint of a Service gets as much as any other"),
  ];
}

function placeOf(lab: RunningLab, service: string, { clusterIP }: Service, port: Port): Place {
  const name = `${service}${port.name === undefined ? "" : `:${port.name}`}`;
  return { name, kind: "service", host: lab.nodes[0]?.host ?? "", netns: "", ip: clusterIP };
}

/** An address may be in more than one slice, and is one endpoint. */
const distinct = ({ endpoints = [] }: Port): Endpoint[] => [
  ...new Map(endpoints.map((endpoint) => [`${endpoint.ip}:${endpoint.port}`, endpoint])).values(),
];

/** Endpoints tell who they are by their pods' servers; the first that cannot. */
const strangerOf = ({ lab: { pods }, endpoints, port: { protocol } }: Asked): Endpoint | undefined =>
  endpoints.find(({ ip, port }) => !pods.some((pod) => pod.ip === ip && tellsOn(pod, protocol, port)));

function leftOut(asked: Asked): string[] {
  const stranger = strangerOf(asked);
  if (stranger === undefined) return [];
  const pod = asked.lab.pods.find(({ ip }) => ip === stranger.ip)?.name;
  const who = `${stranger.ip}:${stranger.port}${pod === undefined ? "" : ` (${pod})`}`;
  return [
    `Service ${asked.to.name}, because its endpoint ${who} has no stand-in server of podnet's to say who answers`,
  ];
}

export const tellsOn = ({ serves }: Pod, protocol: string, port: number): boolean =>
  serves.some((its) => its.isStandIn === true && its.protocol === protocol && its.port === port);

function checkOf(promise: string, { to, port }: Asked, question: Question): Check {
  const way = `ask-${port.protocol.toLowerCase()}` as Way;
  return { ...question, promise, to, way, times: timesFor(question.expected) };
}

/** So often that an endpoint is missed by chance once in a thousand million times. */
function timesFor(expected: Expected): number {
  if (expected.kind !== "served") return 1;
  const count = expected.servers.length;
  if (expected.sticky || count < 2) return 3;
  return Math.ceil(Math.log(count * 1e9) / -Math.log(1 - 1 / count));
}

/** A pod of each node, and an endpoint of each: it may reach itself. */
function podsToAskFrom({ lab, endpoints }: Asked): Pod[] {
  const pods = lab.pods.filter(({ hostNetwork }) => !hostNetwork);
  const isEndpoint = ({ ip }: Pod): boolean => endpoints.some((endpoint) => endpoint.ip === ip);
  const chosen = few(lab.nodes).flatMap(({ name }) => {
    const here = pods.filter(({ node }) => node === name);
    return [here.find((pod) => !isEndpoint(pod)), here.find(isEndpoint)];
  });
  return chosen.filter((pod) => pod !== undefined);
}

export const few = <T>(all: readonly T[]): readonly T[] => all.slice(0, most.places);

/** What is sent inside the cluster, each from its own node. */
function arrivalsInside(asked: Asked): Arrival[] {
  const { nodes } = asked.lab;
  return [
    ...podsToAskFrom(asked).flatMap((from) =>
      nodes.filter(({ name }) => name === from.node).map((at) => ({ from, at })),
    ),
    ...few(nodes).map((from) => ({ from, at: from })),
  ];
}

function askClusterIP(asked: Asked): Question[] {
  const { lab, service, port } = asked;
  const question = { address: service.clusterIP, port: port.port };
  return [
    ...arrivalsInside(asked).map((arrival) => ({
      ...{ ...question, from: arrival.from },
      expected: expectedOf(asked, arrival, service.clusterIP),
    })),
    ...lab.clients.map((from): Question => ({ ...question, from, expected: { kind: "no-way" } })),
  ];
}

function askNodePorts(asked: Asked): Question[] {
  const { lab, port } = asked;
  const { nodePort } = port;
  if (nodePort === undefined) return [];
  const everybody = [...podsToAskFrom(asked), ...few(lab.nodes), ...lab.clients];
  const toNodes = few(lab.nodes).flatMap((at) =>
    everybody
      .filter((from) => findsBack(asked, { from, at }))
      .map((from) => ({
        ...{ from, address: at.ip, port: nodePort },
        expected: isOpen(lab, at.ip) ? expectedOf(asked, { from, at }) : ({ kind: "refused" } as const),
      })),
  );
  const toLocalhost = few(lab.nodes).map((at) => ({
    ...{ from: at, address: "127.0.0.1", port: nodePort },
    // Where it is not open there, no other server has the port.
    expected: isOpen(lab, "127.0.0.1") ? expectedOf(asked, { from: at, at }) : ({ kind: "refused" } as const),
  }));
  return [...toNodes, ...toLocalhost.filter(() => port.protocol === "TCP")];
}

/**
 * With policy Local a pod's own address is kept, also when the node that it asks sends it on to an endpoint on a third one. That
 * endpoint's answer goes straight to the pod and not by the node that translated, so the pod does not know it.
 */
function findsBack({ lab, service, endpoints }: Asked, { from, at }: Arrival): boolean {
  const { clusterCIDR } = lab.proxy;
  const isKept = service.externalTrafficPolicy === "Local" && !!clusterCIDR && isIn(from.ip, clusterCIDR);
  const isElsewhere = from.kind === "pod" && (from as Pod).node !== at.name;
  return !isKept || !isElsewhere || usable(endpoints).every(({ node }) => node === at.name);
}

/** Whether nodes take NodePorts at one of their addresses. */
export function isOpen({ proxy, nodes }: RunningLab, address: string): boolean {
  const isIptables = proxy.mode !== "nftables";
  const isLocalhost = address === "127.0.0.1";
  if (isLocalhost && (!isIptables || proxy.iptables?.localhostNodePorts === false)) return false;
  const ranges = proxy.nodePortAddresses ?? [];
  if (ranges[0] === "primary" || (!isIptables && ranges.length === 0)) return nodes.some(({ ip }) => ip === address);
  return ranges.length === 0 || ranges.some((range) => isIn(address, range));
}

const isIn = (address: string, range: string): boolean => new Address4(address).isInSubnet(new Address4(range));

function askExternalIPs(asked: Asked): Question[] {
  const { lab, service, port } = asked;
  const { externalIPs = [], loadBalancerIPs = [] } = service;
  const isServed = usable(asked.endpoints).length > 0;
  // With endpoints and without an announcer it is the address of a load balancer that nodes need not know.
  const balanced = loadBalancerIPs.filter((address) => !isServed || lab.entries[address] !== undefined);
  return [...externalIPs, ...balanced].flatMap((address) => {
    const entry = lab.nodes.find(({ name }) => name === lab.entries[address]);
    return [
      ...arrivalsInside(asked).map((arrival) => ({
        ...{ from: arrival.from, address, port: port.port },
        expected: expectedOf(asked, arrival, address),
      })),
      ...lab.clients.map((from): Question => ({
        ...{ from, address, port: port.port },
        expected: entry ? expectedOf(asked, { from, at: entry }, address) : { kind: "no-way" },
      })),
    ];
  });
}

/** Those that are ready; where there is none, those that go away but still answer. */
function usable(endpoints: readonly Endpoint[]): Endpoint[] {
  const ready = endpoints.filter(({ conditions }) => conditions?.ready ?? true);
  return ready.length > 0
    ? ready
    : endpoints.filter(({ conditions }) => conditions?.serving === true && conditions.terminating);
}

/** @param address of the Service; without it, a node's */
function expectedOf(asked: Asked, arrival: Arrival, address?: string): Expected {
  const { service, endpoints, lab } = asked;
  const everywhere = usable(endpoints);
  const here = usable(endpoints.filter(({ node }) => node === arrival.at.name));
  if (everywhere.length === 0) return { kind: "refused" };
  const isBalanced = address !== undefined && (service.loadBalancerIPs ?? []).includes(address);
  if (isBalanced && !isAllowed(service, arrival.from.ip)) return { kind: "no-way" };
  const { chosen, masqueraded } =
    address === service.clusterIP
      ? insideTraffic(asked, arrival, everywhere, here)
      : outsideTraffic(asked, arrival, everywhere, here);
  if (chosen.length === 0) return { kind: "no-way" };
  const servers = chosen.map((endpoint) => serverOf(lab, arrival, endpoint, masqueraded));
  return { kind: "served", servers, sticky: service.sessionAffinity === "ClientIP" };
}

const isAllowed = ({ loadBalancerSourceRanges = [] }: Service, ip: string): boolean =>
  loadBalancerSourceRanges.length === 0 || loadBalancerSourceRanges.some((range) => isIn(ip, range.trim()));

interface Choice {
  readonly chosen: readonly Endpoint[];
  /** Whether endpoints see the node that the packet came to, instead of who sent it. */
  readonly masqueraded: boolean;
}

/** Only pods' own addresses find their way back by themselves, if it is known which these are. */
function insideTraffic(
  { service, lab }: Asked,
  { from }: Arrival,
  everywhere: readonly Endpoint[],
  here: readonly Endpoint[],
): Choice {
  const { mode = "iptables", clusterCIDR } = lab.proxy;
  const all = lab.proxy[mode]?.masqueradeAll === true;
  return {
    chosen: service.internalTrafficPolicy === "Local" ? here : everywhere,
    masqueraded: all || (!!clusterCIDR && !isIn(from.ip, clusterCIDR)),
  };
}

/** With policy Local the sender is seen, for the price that only the node's own endpoints serve it; who is inside the cluster need
 * not pay. */
function outsideTraffic(
  { service, lab }: Asked,
  { from, at }: Arrival,
  everywhere: readonly Endpoint[],
  here: readonly Endpoint[],
): Choice {
  const { clusterCIDR } = lab.proxy;
  if (service.externalTrafficPolicy !== "Local") return { chosen: everywhere, masqueraded: true };
  if (clusterCIDR && isIn(from.ip, clusterCIDR)) return { chosen: everywhere, masqueraded: false };
  if (from === at) return { chosen: everywhere, masqueraded: true };
  return { chosen: here, masqueraded: false };
}

function serverOf(
  { pods, nodes }: RunningLab,
  { from, at }: Arrival,
  { ip, port }: Endpoint,
  masqueraded: boolean,
): Server {
  const pod = pods.find((each) => each.ip === ip && each.serves.some((served) => served.port === port));
  const own = from.kind === "node" ? addressesOf(nodes.find(({ name }) => name === from.name)) : [from.ip];
  // What a pod sends to itself must not come from its own address, and what ends on the node itself is not masqueraded.
  const isItself = ip === from.ip;
  const sources = [...(masqueraded || isItself ? addressesOf(at) : own), ...(pod?.hostNetwork === true ? own : [])];
  return { by: pod?.name.split("/")[1] ?? ip, sources: [...new Set(sources)] };
}
