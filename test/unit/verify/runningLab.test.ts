// A lab as its stack's outputs and state say it.
import { runningLab } from "../../../scripts/verify/runningLab";
import { shortNames } from "../../../scripts/verify/places";
import { labOf, withHostNetwork } from "./labs";

const spot = (netns: string) => ({ host: "local", netns });
const hostPorts = [{ hostPort: 8000, containerPort: 8080, protocol: "TCP" }];
const stack = {
  hosts: { local: { type: "local" } as const },
  outputs: {
    lab: "demo",
    nodes: { node1: { ...spot("demo.node1"), internalIP: "192.168.0.11", podCIDR: "10.244.0.0/24" } },
    pods: {
      "default/pod1": { ...spot("demo.default.pod1"), node: "node1", ip: "10.244.0.2", hostPorts },
      "other/agent": { ...spot("demo.node1"), node: "node1", ip: "192.168.0.11" },
    },
    clients: { client: { ...spot("demo.client"), ip: "203.0.113.10" } },
    services: {},
  },
  resources: [
    { type: "pulumi:pulumi:Stack" },
    { type: "podnet:linux:Veth", inputs: { netns: "demo.default.pod1", name: "eth0", mtu: 1400 } },
    { type: "podnet:linux:Veth", inputs: { netns: "demo.node1", name: "eth0", mtu: 1500 } },
    { type: "podnet:linux:Process", inputs: { name: "default/pod1", listens: [] } },
    {
      type: "podnet:linux:Process",
      inputs: {
        ...{ name: "default/pod1/web", listens: [{ protocol: "TCP", port: 8080 }] },
        command: ["perl", "/run/podnet/demo/.bin/agnhost", "--hostname=pod1", "--tcp=8080"],
      },
    },
    { type: "podnet:linux:Process", inputs: { name: "default/pod1/dns", listens: [{ protocol: "UDP", port: 53 }] } },
    { type: "podnet:linux:Process", inputs: { name: "other/agent/main" } },
    { type: "podnet:linux:Process", inputs: { name: "speaker 192.168.0.240", netns: "demo.node1" } },
    {
      type: "podnet:linux:Route",
      inputs: { netns: "demo.router", destination: "198.51.100.10/32", via: "192.168.0.11" },
    },
    { type: "podnet:linux:Route", inputs: { netns: "demo.node1", destination: "default", via: "192.168.0.1" } },
    { type: "podnet:kubernetes:ServiceProxy", outputs: { options: { mode: "nftables" } } },
  ],
};

test("places with what is measured of them", () => {
  const { nodes, pods, clients, ...rest } = runningLab(stack);
  expect(rest).toEqual({
    name: "demo",
    hosts: { local: { type: "local" } },
    services: {},
    proxy: { mode: "nftables" },
    entries: { "192.168.0.240": "node1", "198.51.100.10": "node1" },
  });
  expect(nodes).toEqual([
    { name: "node1", kind: "node", host: "local", netns: "demo.node1", ip: "192.168.0.11", podCIDR: "10.244.0.0/24" },
  ]);
  expect(clients).toEqual([
    { name: "client", kind: "client", host: "local", netns: "demo.client", ip: "203.0.113.10" },
  ]);
  const serves = [
    { protocol: "TCP", port: 8080, isStandIn: true },
    { protocol: "UDP", port: 53, isStandIn: false },
  ];
  expect(pods).toMatchObject([
    {
      name: "default/pod1",
      kind: "pod",
      node: "node1",
      ip: "10.244.0.2",
      hostNetwork: false,
      serves,
      mtu: 1400,
      hostPorts,
    },
    {
      name: "other/agent",
      kind: "pod",
      node: "node1",
      ip: "192.168.0.11",
      hostNetwork: true,
      serves: [],
      mtu: undefined,
    },
  ]);
});

test("short names are those that npm run exec understands", () => {
  const lab = withHostNetwork(labOf(1, 3), "default/pod2");
  const names = ["default/node1", "default/client", "a/x"];
  const named = { ...lab, pods: lab.pods.map((pod, i) => ({ ...pod, name: names[i] ?? "" })) };
  const places = [...named.pods, ...named.nodes, ...named.clients];
  expect(places.map(shortNames(named))).toEqual(["default/node1", "default/client", "x", "node/node1", "lab/client"]);
});
