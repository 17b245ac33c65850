// Labs that do not run: as many nodes and pods as a test asks for, with the addresses that podnet would give them.
import type { Node, Place, Pod, RunningLab } from "../../../scripts/verify/places";

export function labOf(nodes: number, podsPerNode: number): RunningLab {
  const common = { host: "local" };
  const nodeOf = (n: number): Node => {
    const name = `node${n + 1}`;
    return {
      ...common,
      name,
      kind: "node",
      netns: `lab.${name}`,
      ip: `192.168.0.${11 + n}`,
      podCIDR: `10.244.${n}.0/24`,
    };
  };
  const podOf = (n: number, p: number): Pod => {
    const name = `default/pod${n * podsPerNode + p + 1}`;
    const place = { ...common, name, netns: `lab.${name.replace("/", ".")}`, ip: `10.244.${n}.${2 + p}` };
    return { ...place, kind: "pod", node: `node${n + 1}`, hostNetwork: false, serves: [], mtu: 1500 };
  };
  const client: Place = { ...common, name: "client", kind: "client", netns: "lab.client", ip: "203.0.113.10" };
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  return {
    name: "lab",
    nodes: numbers(nodes).map(nodeOf),
    pods: numbers(nodes).flatMap((n) => numbers(podsPerNode).map((p) => podOf(n, p))),
    clients: [client],
    services: {},
    proxy: {},
    entries: {},
    hosts: { local: { type: "local" } },
  };
}

/** Its pods share their node's network. */
export function withHostNetwork(lab: RunningLab, name: string): RunningLab {
  const shared = (pod: Pod): Pod => {
    const node = lab.nodes.find((each) => each.name === pod.node) as Node;
    return { ...pod, ip: node.ip, netns: node.netns, hostNetwork: true, mtu: undefined };
  };
  return { ...lab, pods: lab.pods.map((pod) => (pod.name === name ? shared(pod) : pod)) };
}
