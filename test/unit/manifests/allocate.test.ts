import fc from "fast-check";
import { type Allocation, type Held, allocate } from "../../../components/kubernetes/addresses";
import { cidr, holds, overlap, parseAddress } from "../../../components/kubernetes/addresses/cidr";
import { usable } from "../../../components/kubernetes/addresses/ranges";
import type { Lab } from "../../../components/kubernetes/manifests";
import { heldFrom, lab, node, pod, service, workload } from "./labs";

const nothing: Held = { nodes: {}, reservations: {} };

const ips = ({ pods }: Allocation): Record<string, string> =>
  Object.fromEntries(Object.entries(pods).map(([name, { ip }]) => [name, ip]));

describe("in order", () => {
  test("a fresh lab", () => {
    const demo = lab({
      nodes: [node("a"), node("b", "10.244.0.0/23"), node("c", undefined, "192.168.0.11")],
      pods: [
        pod("p", { nodeName: "a" }),
        pod("q", { nodeName: "a" }),
        pod("r", { nodeName: "b" }),
        pod("h", { nodeName: "c", hostNetwork: true }),
      ],
    });
    const { nodes, pods } = allocate(demo, nothing);
    expect(nodes).toEqual({
      a: { internalIP: "192.168.0.12", podCIDR: "10.244.2.0/24", gateway: "10.244.2.1", lastReserved: "10.244.2.3" },
      b: { internalIP: "192.168.0.13", podCIDR: "10.244.0.0/23", gateway: "10.244.0.1", lastReserved: "10.244.0.2" },
      c: { internalIP: "192.168.0.11", podCIDR: "10.244.3.0/24", gateway: "10.244.3.1", lastReserved: undefined },
    });
    expect(Object.values(pods).map(({ node, ip }) => [node, ip])).toEqual([
      ["a", "10.244.2.2"],
      ["a", "10.244.2.3"],
      ["b", "10.244.0.2"],
      ["c", "192.168.0.11"],
    ]);
    // printf demo/default/p | sha256sum
    expect(pods["default/p"]?.containerID).toBe("4c5e215ffcff7e5240f903f83df1788b2f4d4cac0cf744fd25565697eeadeb88");
  });

  test("pods without a node go where the fewest are, the first node first", () => {
    const pods = ["p", "q", "r", "s"].map((name) => pod(name));
    const { pods: placed } = allocate(
      lab({ nodes: [node("a"), node("b")], pods: [pod("x", { nodeName: "a" }), ...pods] }),
      nothing,
    );
    expect(Object.values(placed).map(({ node }) => node)).toEqual(["a", "b", "a", "b", "a"]);
  });

  test("a freed address is not given again at once", () => {
    const nodes = [node("a", "10.244.0.0/29")];
    const of = (...names: string[]): Lab => lab({ nodes, pods: names.map((name) => pod(name)) });
    const first = allocate(of("p", "q", "r"), nothing);
    const second = allocate(of("q", "r", "s"), heldFrom(first)); // p goes, s comes
    expect(ips(second)).toEqual({ "default/q": "10.244.0.3", "default/r": "10.244.0.4", "default/s": "10.244.0.5" });
    const third = allocate(of("q", "r", "s", "t", "u"), heldFrom(second)); // round to the freed one
    expect(ips(third)).toMatchObject({ "default/t": "10.244.0.6", "default/u": "10.244.0.2" });
  });

  test("an address that is about to be freed is given when nothing else is", () => {
    const nodes = [node("a", "10.244.0.0/30")];
    const first = allocate(lab({ nodes, pods: [pod("p")] }), nothing);
    expect(ips(allocate(lab({ nodes, pods: [pod("q")] }), heldFrom(first)))).toEqual({ "default/q": "10.244.0.2" });
  });

  test("a pod that moves gets an address on its new node; who stays keeps theirs", () => {
    const nodes = [node("a"), node("b")];
    const first = allocate(lab({ nodes, pods: [pod("p", { nodeName: "a" }), pod("q", { nodeName: "a" })] }), nothing);
    const moved = allocate(
      lab({ nodes, pods: [pod("p", { nodeName: "b" }), pod("q", { nodeName: "a" })] }),
      heldFrom(first),
    );
    expect(ips(moved)).toEqual({ "default/p": "10.244.1.2", "default/q": "10.244.0.3" });
  });

  test("what no longer fits is given anew", () => {
    const before = allocate(lab({ nodes: [node("a"), node("b")], pods: [pod("p"), pod("q")] }), nothing);
    const after = allocate(
      lab({
        spec: { clusterCIDR: "10.50.0.0/16", nodeCIDR: "172.16.0.0/24" },
        nodes: [node("a"), node("b")],
        pods: [pod("p"), pod("q")],
      }),
      heldFrom(before),
    );
    expect(after.nodes["b"]).toEqual({
      internalIP: "172.16.0.12",
      podCIDR: "10.50.1.0/24",
      gateway: "10.50.1.1",
      lastReserved: "10.50.1.2",
    });
    // Another size than nodeCIDRMaskSize now says does not fit either.
    const smaller = allocate(lab({ spec: { nodeCIDRMaskSize: 26 }, nodes: [node("a")] }), heldFrom(before));
    expect(smaller.nodes["a"]?.podCIDR).toBe("10.244.0.0/26");
  });

  test("what an author writes wins over what another node holds", () => {
    const before = heldFrom(allocate(lab({ nodes: [node("a"), node("b")] }), nothing));
    const { nodes } = allocate(lab({ nodes: [node("a"), node("b", "10.244.0.0/24", "192.168.0.11")] }), before);
    expect(nodes["b"]).toMatchObject({ internalIP: "192.168.0.11", podCIDR: "10.244.0.0/24" });
    expect(nodes["a"]).toMatchObject({ internalIP: "192.168.0.12", podCIDR: "10.244.1.0/24" });
  });

  test("rubbish among the reservations does no harm", () => {
    const held: Held = {
      nodes: { a: { internalIP: "nonsense", podCIDR: "10.244.0.0/33" } },
      reservations: {
        a: { ips: { "10.244.0.0": "x", "10.244.0.1": "y", "fd00::1": "z", lock: "" }, lastReserved: "10.9.9.9" },
      },
    };
    const { nodes } = allocate(
      lab({ nodes: [node("a"), node("constructor")], pods: [pod("p", { nodeName: "a" })] }),
      held,
    );
    expect(nodes["a"]).toEqual({
      internalIP: "192.168.0.11",
      podCIDR: "10.244.0.0/24",
      gateway: "10.244.0.1",
      lastReserved: "10.244.0.2",
    });
  });
});

describe("host ports", () => {
  const nodes = [node("a"), node("b")];
  const wanting = (hostPort: number, hostIP?: string) => ({
    containers: [{ name: "web", ports: [{ containerPort: 80, hostPort, hostIP }] }],
  });
  const placed = ({ pods }: Allocation): string[] => Object.values(pods).map(({ node }) => node);

  test("who wants the same one goes to another node, also where more pods are", () => {
    const first = pod("first", { nodeName: "a", ...wanting(80) });
    const crowd = ["x", "y"].map((name) => pod(name, { nodeName: "b" }));
    expect(placed(allocate(lab({ nodes, pods: [first, ...crowd, pod("p", wanting(80))] }), nothing))).toEqual([
      "a",
      "b",
      "b",
      "b",
    ]);
    const other = [pod("p", wanting(81)), pod("q", wanting(80, "127.0.0.1"))];
    expect(placed(allocate(lab({ nodes, pods: [first, ...crowd, ...other] }), nothing)).slice(3)).toEqual(["a", "b"]);
  });

  test("the pods of a Deployment with a host port spread over the nodes", () => {
    const deployments = [workload("web", { replicas: 2 }, wanting(80))];
    expect(placed(allocate(lab({ nodes, deployments }), nothing)).sort()).toEqual(["a", "b"]);
  });

  test("two on one node part when the port comes to be the same", () => {
    const at = (port: number) => [pod("p", wanting(80)), pod("x", { nodeName: "b" }), pod("q", wanting(port))];
    const before = allocate(lab({ nodes, pods: [pod("w", { nodeName: "b" }), ...at(81)] }), nothing);
    expect(placed(before)).toEqual(["b", "a", "b", "a"]);
    const after = allocate(lab({ nodes, pods: [pod("w", { nodeName: "b" }), ...at(80)] }), heldFrom(before));
    expect(placed(after)).toEqual(["b", "a", "b", "b"]);
  });
});

describe("load balancers' addresses", () => {
  const spec = { loadBalancer: { addresses: ["192.168.0.11-192.168.0.20"] } };

  test("no node gets one, but one that has it keeps it until a Service asks for it", () => {
    const nodes = [node("a"), node("b")];
    const ips = ({ nodes }: Allocation): string[] => Object.values(nodes).map(({ internalIP }) => internalIP);
    expect(ips(allocate(lab({ spec, nodes }), nothing))).toEqual(["192.168.0.21", "192.168.0.22"]);
    const held = heldFrom(allocate(lab({ nodes }), nothing));
    expect(ips(allocate(lab({ spec, nodes }), held))).toEqual(["192.168.0.11", "192.168.0.12"]);
    const services = [service("web", { type: "LoadBalancer", loadBalancerIP: "192.168.0.12" })];
    expect(ips(allocate(lab({ spec, nodes, services }), held))).toEqual(["192.168.0.11", "192.168.0.21"]);
  });
});

describe("whatever the lab", () => {
  // Small ranges, so that they fill up and wrap around.
  const spec = { nodeCIDR: "192.168.0.0/28", clusterCIDR: "10.244.0.0/24", nodeCIDRMaskSize: 28 };
  const capacity = 13;
  const nodeNames = ["a", "b", "c", "d"];
  const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

  interface Drawn {
    nodes: string[];
    pods: { name: string; nodeName?: string }[];
  }

  /** A lab whose pods fit: at most as many as one node has room for, so that they may all name the same one. */
  const drawn: fc.Arbitrary<Drawn> = fc.shuffledSubarray(nodeNames, { minLength: 1 }).chain((nodes) =>
    fc.record({
      nodes: fc.constant(nodes),
      pods: fc.shuffledSubarray(names("p", 20), { maxLength: capacity }).chain((pods) =>
        fc.tuple(
          ...pods.map((name) =>
            fc.record({
              name: fc.constant(name),
              nodeName: fc.option(fc.constantFrom(...nodes), { nil: undefined }),
            }),
          ),
        ),
      ),
    }),
  );
  const build = ({ nodes, pods }: Drawn): Lab =>
    lab({
      spec,
      nodes: nodes.map((name) => node(name)),
      pods: pods.map(({ name, ...podSpec }) => pod(name, podSpec)),
    });

  function expectSound(lab: Lab, { nodes, pods }: Allocation): void {
    const value = (text: string): bigint => parseAddress(text)?.value ?? -1n;
    const own = Object.values(nodes);
    expect(new Set(own.map(({ internalIP }) => internalIP)).size).toBe(lab.nodes.length);
    for (const { internalIP } of own) expect(usable(cidr(lab.spec.nodeCIDR), value(internalIP))).toBe(true);
    for (const a of own)
      for (const b of own) if (a !== b) expect(overlap(cidr(a.podCIDR), cidr(b.podCIDR))).toBe(false);
    expect(Object.keys(pods)).toHaveLength(lab.pods.length);
    expect(new Set(Object.values(pods).map(({ ip }) => ip)).size).toBe(lab.pods.length);
    for (const { ip, node } of Object.values(pods)) {
      const podCIDR = cidr(nodes[node]?.podCIDR ?? "");
      expect(holds(podCIDR, value(ip)) && usable(podCIDR, value(ip))).toBe(true);
      expect(ip).not.toBe(nodes[node]?.gateway);
    }
  }

  test("addresses are unique and usable, through any series of changes", () => {
    fc.assert(
      fc.property(fc.array(drawn, { minLength: 1, maxLength: 6 }), (series) => {
        let held = nothing;
        for (const step of series) {
          const lab = build(step);
          const given = allocate(lab, held);
          expectSound(lab, given);
          expect(allocate(lab, heldFrom(given))).toEqual(given); // a second `up` changes nothing
          held = heldFrom(given);
        }
      }),
    );
  });

  test("what stays keeps its addresses while others come and go", () => {
    fc.assert(
      fc.property(drawn, drawn, (before, after) => {
        const first = allocate(build(before), nothing);
        // The same pods where they were, as far as their nodes stay; the others as drawn.
        const kept = before.pods.filter(
          (pod) =>
            after.pods.some(({ name }) => name === pod.name) &&
            (pod.nodeName === undefined || after.nodes.includes(pod.nodeName)),
        );
        const come = after.pods
          .filter(({ name }) => !before.pods.some((pod) => pod.name === name))
          .map((pod) => ({ ...pod, nodeName: undefined })); // so that nobody is crowded out
        const second = allocate(build({ nodes: after.nodes, pods: [...come, ...kept] }), heldFrom(first));
        for (const name of after.nodes.filter((node) => before.nodes.includes(node)))
          expect(second.nodes[name]).toMatchObject({
            internalIP: first.nodes[name]?.internalIP,
            podCIDR: first.nodes[name]?.podCIDR,
          });
        for (const { name } of kept) {
          const was = first.pods[`default/${name}`];
          if (was !== undefined && after.nodes.includes(was.node)) expect(second.pods[`default/${name}`]).toEqual(was);
        }
      }),
    );
  });

  test("a lab that is full to the last address", () => {
    const pods = names("p", 2 * capacity).map((name) => ({ name }));
    const lab = build({ nodes: ["a", "b"], pods });
    expectSound(lab, allocate(lab, nothing));
  });
});
