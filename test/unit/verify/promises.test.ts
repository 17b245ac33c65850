// The model as checks: what each promise asks of a small lab, pair by pair.
import { sayExpected } from "../../../scripts/verify/expectations";
import type { Check, Promised } from "../../../scripts/verify/check";
import { promisesOf } from "../../../scripts/verify/promises";
import { labOf, withHostNetwork } from "./labs";

const find = (promises: readonly Promised[], id: string): readonly Check[] =>
  promises.find((promised) => promised.id === id)?.checks ?? [];

const said = ({ from, to, way, address, port, size, expected }: Check): string =>
  [from.name, "->", to.name, way, address, port, size, "=>", sayExpected(expected)]
    .filter((word) => word !== undefined)
    .join(" ");

/** TCP speaks for UDP, which a test of its own compares. */
const tcpOf = (promises: readonly Promised[], id: string): string[] =>
  find(promises, id)
    .filter(({ way }) => way === "tcp")
    .map(said);

const small = promisesOf(labOf(2, 1));

test.each([
  [
    "pod-to-pod",
    [
      "default/pod1 -> default/pod1 tcp 10.244.0.2 => default/pod1 sees 10.244.0.2",
      "default/pod1 -> default/pod2 tcp 10.244.1.2 => default/pod2 sees 10.244.0.2",
      "default/pod2 -> default/pod1 tcp 10.244.0.2 => default/pod1 sees 10.244.1.2",
      "default/pod2 -> default/pod2 tcp 10.244.1.2 => default/pod2 sees 10.244.1.2",
    ],
  ],
  [
    "node-to-pod",
    [
      "node1 -> default/pod1 tcp 10.244.0.2 => default/pod1 sees 192.168.0.11 or 10.244.0.1",
      "node1 -> default/pod2 tcp 10.244.1.2 => default/pod2 sees 192.168.0.11 or 10.244.0.1",
      "node2 -> default/pod1 tcp 10.244.0.2 => default/pod1 sees 192.168.0.12 or 10.244.1.1",
      "node2 -> default/pod2 tcp 10.244.1.2 => default/pod2 sees 192.168.0.12 or 10.244.1.1",
    ],
  ],
  [
    "pod-to-node",
    [
      "default/pod1 -> node1 tcp 192.168.0.11 => node1 sees 10.244.0.2",
      "default/pod1 -> node2 tcp 192.168.0.12 => node2 sees 10.244.0.2",
      "default/pod2 -> node1 tcp 192.168.0.11 => node1 sees 10.244.1.2",
      "default/pod2 -> node2 tcp 192.168.0.12 => node2 sees 10.244.1.2",
    ],
  ],
  [
    "node-to-node",
    [
      "node1 -> node2 tcp 192.168.0.12 => node2 sees 192.168.0.11",
      "node2 -> node1 tcp 192.168.0.11 => node1 sees 192.168.0.12",
    ],
  ],
  [
    "localhost",
    [
      "default/pod1 -> default/pod1 tcp 127.0.0.1 => default/pod1 sees 127.0.0.1",
      "default/pod2 -> default/pod2 tcp 127.0.0.1 => default/pod2 sees 127.0.0.1",
    ],
  ],
  [
    "pod-to-outside",
    [
      "default/pod1 -> client tcp 203.0.113.10 => client sees 192.168.0.11",
      "default/pod2 -> client tcp 203.0.113.10 => client sees 192.168.0.12",
    ],
  ],
  [
    "outside-to-pod",
    [
      "client -> default/pod1 tcp 10.244.0.2 => UNREACHABLE or TIMEOUT",
      "client -> default/pod2 tcp 10.244.1.2 => UNREACHABLE or TIMEOUT",
    ],
  ],
  [
    "outside-to-node",
    [
      "client -> node1 tcp 192.168.0.11 => node1 sees 203.0.113.10",
      "client -> node2 tcp 192.168.0.12 => node2 sees 203.0.113.10",
    ],
  ],
])("%s", (id, expected) => {
  expect(tcpOf(small, id)).toEqual(expected);
});

test("UDP is asked whatever TCP is", () => {
  const ways = (way: string): string[] =>
    small.flatMap(({ checks }) => checks.filter((check) => check.way === way).map(said));
  expect(ways("udp")).toEqual(ways("tcp").map((line) => line.replace(" tcp ", " udp ")));
});

test("a packet of the pod's MTU arrives at another node, one byte more does not leave", () => {
  expect(find(small, "mtu").map(said)).toEqual([
    "default/pod1 -> default/pod2 df 10.244.1.2 1500 => default/pod2 sees 10.244.0.2",
    "default/pod1 -> default/pod2 df 10.244.1.2 1501 => TOO LONG",
    "default/pod2 -> default/pod1 df 10.244.0.2 1500 => default/pod1 sees 10.244.1.2",
    "default/pod2 -> default/pod1 df 10.244.0.2 1501 => TOO LONG",
  ]);
});

test("the pods of a node try every other node's MTU", () => {
  const checks = find(promisesOf(labOf(4, 3)), "mtu");
  const tried = new Set(
    checks.map(({ from, to }) => `${"node" in from && String(from.node)} ${"node" in to && String(to.node)}`),
  );
  expect(tried.size).toBe(4 * 3);
});

test("in a lab of one node the MTU is tried on its other pod, and a single pod has nobody to try it on", () => {
  expect(find(promisesOf(labOf(1, 2)), "mtu")).toHaveLength(4);
  expect(find(promisesOf(labOf(1, 1)), "mtu")).toHaveLength(0);
});

test("what a container serves is open on localhost", () => {
  const lab = labOf(1, 1);
  const serves = [
    { protocol: "TCP", port: 8080 },
    { protocol: "UDP", port: 53 },
    { protocol: "SCTP", port: 9 },
  ] as const;
  const [pod] = lab.pods;
  const checks = find(promisesOf({ ...lab, pods: pod ? [{ ...pod, serves }] : [] }), "localhost");
  expect(checks.map(said).slice(2)).toEqual([
    "default/pod1 -> default/pod1 open-tcp 127.0.0.1 8080 => OPEN",
    "default/pod1 -> default/pod1 open-udp 127.0.0.1 53 => OPEN",
    "default/pod1 -> default/pod1 open-sctp 127.0.0.1 9 => OPEN",
  ]);
});

describe("a pod in its node's network", () => {
  const promises = promisesOf(withHostNetwork(labOf(2, 1), "default/pod1"));

  test("is seen as its node", () => {
    expect(tcpOf(promises, "pod-to-pod")).toEqual([
      "default/pod1 -> default/pod1 tcp 192.168.0.11 => default/pod1 sees 192.168.0.11 or 10.244.0.1",
      "default/pod1 -> default/pod2 tcp 10.244.1.2 => default/pod2 sees 192.168.0.11 or 10.244.0.1",
      "default/pod2 -> default/pod1 tcp 192.168.0.11 => default/pod1 sees 10.244.1.2",
      "default/pod2 -> default/pod2 tcp 10.244.1.2 => default/pod2 sees 10.244.1.2",
    ]);
    expect(tcpOf(promises, "pod-to-node")[1]).toBe("default/pod1 -> node2 tcp 192.168.0.12 => node2 sees 192.168.0.11");
  });

  test("is where the outside may come", () => {
    expect(tcpOf(promises, "outside-to-pod")).toEqual([
      "client -> default/pod2 tcp 10.244.1.2 => UNREACHABLE or TIMEOUT",
    ]);
  });

  test("has no MTU of its own", () => {
    expect(find(promises, "mtu")).toEqual([]);
  });
});

test("up to 150 pods every pair is asked, and above that a part, which is said", () => {
  const size = (nodes: number, pods: number) => {
    const promised = promisesOf(labOf(nodes, pods)).find(({ id }) => id === "pod-to-pod");
    return { pairs: (promised?.checks.length ?? 0) / 2, sample: promised?.sample };
  };
  expect(size(3, 50)).toEqual({ pairs: 22_500, sample: undefined });
  const { pairs, sample } = size(20, 50);
  expect(sample).toEqual({ measured: pairs, all: 1_000_000 });
  expect(pairs).toBeLessThan(30_000);
});

test("a lab without pods has its nodes and its client", () => {
  const counts = promisesOf(labOf(2, 0)).map(({ id, checks }) => [id, checks.length]);
  expect(counts.filter(([, count]) => count !== 0)).toEqual([
    ["node-to-node", 4],
    ["outside-to-node", 4],
  ]);
});
