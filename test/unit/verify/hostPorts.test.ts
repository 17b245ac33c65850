// What is promised of a pod's hostPorts, question by question, on a small lab.
import { sayExpected } from "../../../scripts/verify/expectations";
import { hostPortPromises } from "../../../scripts/verify/hostPorts";
import type { HostPort, Port, RunningLab } from "../../../scripts/verify/places";
import { labOf } from "./labs";

const serves: Port[] = [
  { protocol: "TCP", port: 8080, isStandIn: true },
  { protocol: "UDP", port: 8080, isStandIn: true },
];

/** pod1 and pod2 are on node1, pod3 and pod4 on node2. */
function lab(its: Partial<HostPort> = {}, ports = serves): RunningLab {
  const hostPorts: HostPort[] = [{ hostPort: 8000, containerPort: 8080, protocol: "TCP", ...its }];
  const small = labOf(2, 2);
  const [first, ...others] = small.pods;
  return { ...small, pods: first ? [{ ...first, serves: ports, hostPorts }, ...others] : [] };
}

const asked = (running: RunningLab): string[] =>
  hostPortPromises(running).flatMap(({ checks }) =>
    checks.map(
      ({ from, way, address, port, expected }) =>
        `${from.name.replace("default/", "")} ${way} ${address}:${port} => ${sayExpected(expected)}`,
    ),
  );

test("a lab without hostPorts promises nothing of them", () => {
  expect(hostPortPromises(labOf(2, 2))).toEqual([]);
});

test("everybody reaches the pod; its neighbours are seen as the node, all others as they are", () => {
  expect(asked(lab())).toEqual([
    "pod1 ask-tcp 192.168.0.11:8000 => pod1 sees 192.168.0.11 or 10.244.0.1",
    "pod2 ask-tcp 192.168.0.11:8000 => pod1 sees 192.168.0.11 or 10.244.0.1",
    "node1 ask-tcp 192.168.0.11:8000 => pod1 sees 192.168.0.11 or 10.244.0.1",
    "node2 ask-tcp 192.168.0.11:8000 => pod1 sees 192.168.0.12 or 10.244.1.1",
    "pod3 ask-tcp 192.168.0.11:8000 => pod1 sees 10.244.1.2",
    "client ask-tcp 192.168.0.11:8000 => pod1 sees 203.0.113.10",
    "node1 ask-tcp 127.0.0.1:8000 => pod1 sees 192.168.0.11 or 10.244.0.1",
  ]);
});

test.each<[string, Partial<HostPort>, number, number]>([
  ["all addresses", { hostIP: "0.0.0.0" }, 6, 1],
  ["the node's own address", { hostIP: "192.168.0.11" }, 6, 0],
  ["an address that the node has not", { hostIP: "192.168.0.99" }, 0, 0],
  ["UDP", { protocol: "UDP" }, 6, 0],
])("%s", (_, its, atNode, atLocalhost) => {
  const questions = asked(lab(its));
  const at = (address: string): number => questions.filter((question) => question.includes(` ${address}:`)).length;
  expect([at("192.168.0.11"), at("127.0.0.1")]).toEqual([atNode, atLocalhost]);
});

test.each<[string, Port[]]>([
  ["nobody serves it", []],
  ["another protocol is served", [{ protocol: "UDP", port: 8080, isStandIn: true }]],
  ["a server of its own does", [{ protocol: "TCP", port: 8080, isStandIn: false }]],
])("where %s, nobody is asked", (_, ports) => {
  expect(asked(lab({}, ports))).toEqual([]);
});

test("of many pods a part is asked, which is said", () => {
  const many = labOf(2, 30);
  const hostPorts: HostPort[] = [{ hostPort: 8000, containerPort: 8080, protocol: "TCP" }];
  const [promised] = hostPortPromises({ ...many, pods: many.pods.map((pod) => ({ ...pod, serves, hostPorts })) });
  expect(promised?.sample).toEqual({ measured: 20, all: 60 });
  expect(new Set(promised?.checks.map(({ to }) => to.name)).size).toBe(20);
});
