// What Kubernetes promises about Services, question by question, on a small lab.
import { type Observed, holds, sayExpected, sayObserved } from "../../../scripts/verify/expectations";
import type { Check } from "../../../scripts/verify/check";
import {
  type Place,
  type ProxyOptions,
  type RunningLab,
  type Service,
  shortNames,
} from "../../../scripts/verify/places";
import { tally } from "../../../scripts/verify/pools";
import { servicePromises } from "../../../scripts/verify/services";
import { labOf } from "./labs";

const serves = (["TCP", "UDP", "SCTP"] as const).map((protocol) => ({ protocol, port: 8080, isStandIn: true }));

/** pod1 and pod2 are on node1, pod3 and pod4 on node2. */
function lab(
  service: Partial<Service>,
  proxy: ProxyOptions = {},
  entries: Record<string, string> = { "198.51.100.10": "node1" },
): RunningLab {
  const small = labOf(2, 2);
  return {
    ...small,
    pods: small.pods.map((pod) => ({ ...pod, serves })),
    services: { "default/web": { clusterIP: "10.96.0.20", ports: [port()], ...service } },
    proxy: { mode: "iptables", clusterCIDR: "10.244.0.0/16", ...proxy },
    entries,
  };
}

const endpoints = {
  pod1: { ip: "10.244.0.2", port: 8080, node: "node1" },
  pod3: { ip: "10.244.1.2", port: 8080, node: "node2" },
};
const { pod1, pod3 } = endpoints;
const port = (its: Partial<Service["ports"][number]> = {}): Service["ports"][number] => ({
  ...{ protocol: "TCP", port: 80, targetPort: 8080, endpoints: [pod1] },
  ...its,
});

const asked = (running: RunningLab, id: string): string[] =>
  (servicePromises(running).find((promised) => promised.id === id)?.checks ?? []).map(
    ({ from, address, port, expected }) => `${from.name} -> ${address}:${port} => ${sayExpected(expected)}`,
  );

/** What each place is told of one address. */
const told = (running: RunningLab, id: string, address: string): Record<string, string> =>
  Object.fromEntries(
    asked(running, id).flatMap((line) => {
      const [, from = "", to, expected = ""] = /^(\S+) -> (\S+):\d+ => (.*)$/.exec(line) ?? [];
      return to === address ? [[from.replace("default/", ""), expected]] : [];
    }),
  );

test("a lab without Services promises nothing of them", () => {
  expect(servicePromises(labOf(2, 2))).toEqual([]);
});

test("a cluster IP: pods keep their address, nodes do not, and no way leads from outside", () => {
  expect(told(lab({}), "cluster-ip", "10.96.0.20")).toEqual({
    pod2: "pod1 sees 10.244.0.3",
    pod1: "pod1 sees 192.168.0.11 or 10.244.0.1",
    pod3: "pod1 sees 10.244.1.2",
    node1: "pod1 sees 192.168.0.11 or 10.244.0.1",
    node2: "pod1 sees 192.168.0.12 or 10.244.1.1",
    client: "UNREACHABLE or TIMEOUT",
  });
});

test.each([
  ["masqueradeAll", { iptables: { masqueradeAll: true } }, "pod1 sees 192.168.0.12 or 10.244.1.1"],
  ["masqueradeAll of the other mode", { nftables: { masqueradeAll: true } }, "pod1 sees 10.244.1.2"],
])("a cluster IP with %s", (_, options, expected) => {
  expect(told(lab({}, options), "cluster-ip", "10.96.0.20")["pod3"]).toBe(expected);
});

test("without endpoints everybody inside is refused", () => {
  const none = lab({ ports: [port({ endpoints: [], nodePort: 30080 })], externalIPs: ["198.51.100.10"] });
  expect(told(none, "cluster-ip", "10.96.0.20")).toMatchObject({ pod1: "REFUSED", node2: "REFUSED" });
  expect(told(none, "node-port", "192.168.0.11")).toMatchObject({ pod1: "REFUSED", client: "REFUSED" });
  expect(told(none, "external-ip", "198.51.100.10")).toMatchObject({ node1: "REFUSED", client: "REFUSED" });
});

test("internalTrafficPolicy Local: a node's own endpoints, or silence", () => {
  const local = lab({ internalTrafficPolicy: "Local" });
  expect(told(local, "cluster-ip", "10.96.0.20")).toMatchObject({
    pod2: "pod1 sees 10.244.0.3",
    pod3: "UNREACHABLE or TIMEOUT",
    node2: "UNREACHABLE or TIMEOUT",
  });
});

test("a NodePort: who asks is seen as the node that was asked", () => {
  const both = lab({ ports: [port({ nodePort: 30080, endpoints: [pod1, pod3] })] });
  const seen = "pod1 sees 192.168.0.12 or 10.244.1.1, pod3 sees 192.168.0.12 or 10.244.1.1";
  expect(told(both, "node-port", "192.168.0.12")).toEqual({
    ...{ pod1: seen, pod2: seen, pod3: seen, pod4: seen },
    ...{ node1: seen, node2: seen, client: seen },
  });
  expect(Object.keys(told(both, "node-port", "127.0.0.1"))).toEqual(["node1", "node2"]);
});

test.each([
  ["127.0.0.1 in mode iptables", {}, "127.0.0.1", /^pod1 sees/],
  ["127.0.0.1 when that is off", { iptables: { localhostNodePorts: false } }, "127.0.0.1", /^REFUSED$/],
  ["127.0.0.1 in mode nftables", { mode: "nftables" }, "127.0.0.1", /^REFUSED$/],
  ["a node's address in mode nftables", { mode: "nftables" }, "192.168.0.12", /^pod1 sees/],
  ["a node's address outside the ranges", { nodePortAddresses: ["10.0.0.0/8"] }, "192.168.0.12", /^REFUSED$/],
] as const)("a NodePort at %s", (_, options, address, expected) => {
  const running = lab({ ports: [port({ nodePort: 30080 })] }, options);
  expect(told(running, "node-port", address)["node2"]).toMatch(expected);
});

test("externalTrafficPolicy Local: the sender is seen, and nodes without an endpoint say nothing", () => {
  const local = lab({ externalTrafficPolicy: "Local", ports: [port({ nodePort: 30080 })] });
  expect(told(local, "node-port", "192.168.0.11")).toMatchObject({
    client: "pod1 sees 203.0.113.10",
    node1: "pod1 sees 192.168.0.11 or 10.244.0.1",
    node2: "pod1 sees 192.168.0.12 or 10.244.1.1",
    pod3: "pod1 sees 10.244.1.2",
  });
  const far = told(local, "node-port", "192.168.0.12");
  expect(far).toMatchObject({
    client: "UNREACHABLE or TIMEOUT",
    node1: "UNREACHABLE or TIMEOUT",
    pod3: "pod1 sees 10.244.1.2",
  });
  // The endpoint would answer pods of other nodes by a way on which nobody translates back.
  expect(far["pod2"]).toBeUndefined();
});

test("a load balancer's address: by the node that announces it, for those who may", () => {
  const its = { loadBalancerIPs: ["192.168.0.240"], loadBalancerSourceRanges: ["10.244.0.0/24"] };
  const running = lab(its, {}, { "192.168.0.240": "node2" });
  expect(told(running, "external-ip", "192.168.0.240")).toMatchObject({
    pod2: "pod1 sees 192.168.0.11 or 10.244.0.1",
    pod3: "UNREACHABLE or TIMEOUT",
    client: "UNREACHABLE or TIMEOUT",
  });
  const open = lab({ ...its, loadBalancerSourceRanges: undefined }, {}, { "192.168.0.240": "node2" });
  expect(told(open, "external-ip", "192.168.0.240")["client"]).toBe("pod1 sees 192.168.0.12 or 10.244.1.1");
  expect(asked(lab(its), "external-ip")).toEqual([]);
});

test("who goes away still answers when nobody else does", () => {
  const leaving = { ...pod1, conditions: { ready: false, serving: true, terminating: true } };
  const ill = { ...pod1, conditions: { ready: false, serving: false, terminating: false } };
  const of = (its: Service["ports"][number]["endpoints"]): string | undefined =>
    told(lab({ ports: [port({ endpoints: its })] }), "cluster-ip", "10.96.0.20")["pod2"];
  expect(of([leaving])).toBe("pod1 sees 10.244.0.3");
  expect(of([leaving, pod3])).toBe("pod3 sees 10.244.0.3");
  expect(of([ill])).toBe("REFUSED");
});

test("what cannot tell who it is, is not asked, and that is said", () => {
  const strange = { ip: "10.244.0.99", port: 8080 };
  expect(asked(lab({ ports: [port({ endpoints: [strange] })] }), "cluster-ip")).toEqual([]);
  expect(asked(lab({ clusterIP: "None" }), "cluster-ip")).toEqual([]);
  const own = lab({});
  const pods = own.pods.map((pod) => ({ ...pod, serves: serves.map((its) => ({ ...its, isStandIn: false })) }));
  expect(asked({ ...own, pods }, "cluster-ip")).toEqual([]);
  const left = (running: RunningLab) => servicePromises(running).map((promised) => promised.left);
  expect(left(own)[0]).toBeUndefined();
  expect(left({ ...own, pods })[0]).toEqual([
    "Service default/web, because its endpoint 10.244.0.2:8080 (default/pod1) has no stand-in server of podnet's to say who answers",
  ]);
  expect(left(lab({ ports: [port({ endpoints: [strange] })] }))[0]?.[0]).toContain("10.244.0.99:8080 has no");
});

test.each([
  ["TCP", "ask-tcp"],
  ["UDP", "ask-udp"],
  ["SCTP", "ask-sctp"],
])("%s is asked by its own ways", (protocol, way) => {
  const ways = servicePromises(lab({ ports: [port({ protocol })] })).flatMap(({ checks }) =>
    checks.map((it) => it.way),
  );
  expect(new Set(ways)).toEqual(new Set([way]));
});

test("all questions about a Service lead to one place, which is called after it and its port", () => {
  const named = lab({ ports: [port({ name: "http", nodePort: 30080 })], externalIPs: ["198.51.100.10"] });
  const places = servicePromises(named).flatMap(({ checks }) => checks.map(({ to }) => to));
  expect(new Set(places).size).toBe(1);
  expect(shortNames(named)(places[0] as Place)).toBe("service/default/web:http");
});

describe("even shares", () => {
  const checksOf = (running: RunningLab, id: string): readonly Check[] =>
    servicePromises(running).find((promised) => promised.id === id)?.checks ?? [];
  const both = { endpoints: [pod1, pod3] };

  test("all who may reach the same endpoints are asked so often that it shows", () => {
    const [pool, ...more] = checksOf(lab({ ports: [port(both)] }), "even-shares");
    expect(more).toEqual([]);
    expect(pool).toMatchObject({
      from: { name: "everywhere" },
      address: "10.96.0.20",
      expected: { kind: "even", among: ["pod1", "pod3"] },
    });
    expect(pool?.pooled?.map(({ from }) => from.name.replace("default/", ""))).toEqual([
      ...["pod2", "pod1", "pod4", "pod3"],
      ...["node1", "node2"],
    ]);
    const times = (pool?.pooled ?? []).map(({ times = 1 }) => times);
    expect(new Set(times).size).toBe(1);
    expect(times.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(400);
  });

  test("many places need not ask more often", () => {
    const one = checksOf(lab({ ports: [port(both)] }), "cluster-ip")[0]?.times ?? 0;
    const many = checksOf(lab({ ports: [port({ ...both, nodePort: 30080 })] }), "cluster-ip")[0]?.times ?? 0;
    expect(many).toBeLessThan(one);
  });

  test("who may reach others is counted by itself", () => {
    const three = [pod1, { ...pod1, ip: "10.244.0.3" }, pod3];
    const local = lab({ internalTrafficPolicy: "Local", ports: [port({ endpoints: three, nodePort: 30080 })] });
    expect(checksOf(local, "even-shares").map(sayable)).toEqual(["pod1 pod2", "pod1 pod2 pod3"]);
  });

  test.each<[string, Partial<Service>]>([
    ["affinity", { sessionAffinity: "ClientIP", ports: [port(both)] }],
    ["one endpoint", { ports: [port()] }],
    ["one endpoint in two slices", { ports: [port({ endpoints: [pod1, { ...pod1 }] })] }],
    ["no endpoints", { ports: [port({ endpoints: [] })] }],
  ])("of a Service with %s nothing is counted", (_, service) => {
    expect(checksOf(lab(service), "even-shares")).toEqual([]);
  });

  test("what was heard is counted, and where a question stayed without answer nothing", () => {
    const [pool] = checksOf(lab({ ports: [port(both)] }), "even-shares");
    const seen = (by: string): Observed => ({ kind: "served", answers: Array(30).fill({ by, source: "10.244.0.3" }) });
    const observed = (check: Check): Observed | undefined =>
      check.from.kind === "pod" ? seen("pod1") : check.from.name === "node1" ? seen("pod3") : { kind: "timeout" };
    const counted = tally(pool as Check, observed);
    expect(sayObserved(counted)).toBe("pod1 got 120 of 150, pod3 got 30 of 150");
    expect(holds((pool as Check).expected, counted)).toBe(false);
    expect(
      holds(
        (pool as Check).expected,
        tally(pool as Check, () => ({ kind: "timeout" })),
      ),
    ).toBeUndefined();
  });

  const sayable = ({ expected }: Check): string => (expected.kind === "even" ? expected.among.join(" ") : "");
});

test("a server that is not asked whom it sees may see anybody", () => {
  const servers = [{ by: "pod1", sources: ["10.244.0.3"] }];
  const observed: Observed = { kind: "served", answers: [{ by: "pod1" }, { by: "pod1" }] };
  expect(holds({ kind: "served", servers, sticky: false }, observed)).toBe(true);
  expect(sayObserved(observed)).toBe("pod1");
});

test("all endpoints have to answer, no others, each seeing who it should; with affinity one of them", () => {
  const servers = [
    { by: "pod1", sources: ["10.0.0.1"] },
    { by: "pod3", sources: ["10.0.0.1", "10.0.0.2"] },
  ];
  const seen = (...answers: [by: string, source: string][]): Observed => ({
    kind: "served",
    answers: answers.map(([by, source]) => ({ by, source })),
  });
  const both = seen(["pod1", "10.0.0.1"], ["pod3", "10.0.0.2"], ["pod1", "10.0.0.1"]);
  const one = seen(["pod3", "10.0.0.1"], ["pod3", "10.0.0.1"]);
  const verdicts = (sticky: boolean): unknown[] =>
    [both, one, seen(["pod1", "10.0.0.2"], ["pod3", "10.0.0.1"]), seen(["pod2", "10.0.0.1"])].map((observed) =>
      holds({ kind: "served", servers, sticky }, observed),
    );
  expect(verdicts(false)).toEqual([true, false, false, false]);
  expect(verdicts(true)).toEqual([false, true, false, false]);
  expect(sayObserved(both)).toBe("pod1 sees 10.0.0.1, pod3 sees 10.0.0.2");
  expect(holds({ kind: "refused" }, { kind: "timeout" })).toBe(false);
});
