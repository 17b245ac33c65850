// Labs that are written in TypeScript are checked like those in YAML; places are paths.
import { type LabObjects, LabError, validateLab } from "../../../components/kubernetes/manifests";
import { lab, node, pod, service, workload } from "./labs";

function told(objects: LabObjects): string[] {
  try {
    validateLab(objects);
    return [];
  } catch (error) {
    if (error instanceof LabError) return error.message.split("\n");
    throw error;
  }
}

test("defaults are filled in, the author's objects stay as they are", () => {
  const written = pod("pod1");
  const { spec, pods } = lab({ nodes: [node("node1")], pods: [written] });
  expect(spec.mtu).toBe(1500);
  expect(pods[0]?.metadata.namespace).toBe("default");
  expect(written.metadata.namespace).toBeUndefined();
});

test("every problem has its path", () => {
  const wrong = {
    metadata: { name: "demo" },
    spec: { nodeCIDR: "192.168.0.1/24", colour: "blue" },
    nodes: [node("node1"), node("node1", "10.244.0.0/31")],
    pods: [
      pod("pod1"),
      { ...pod("pod2", { nodeName: "node9" }), spec: { nodeName: "node9", containers: [{ name: 7 }] } },
    ],
  };
  expect(told(wrong as unknown as LabObjects)).toEqual([
    "nodes[1].metadata.name: node node1 is already at nodes[0].metadata.name; rename one of the two",
    "nodes[1].spec.podCIDR: podCIDR 10.244.0.0/31 is too small for a bridge and a pod; write /30 or a shorter prefix",
    "pods[1].spec.containers[0].name: name must be a string, not 7",
    'pods[1].spec.nodeName: unknown node "node9"; did you mean "node1"?',
    'spec.colour: unknown field "colour" in spec; it has nodeCIDR, clusterCIDR, nodeCIDRMaskSize, serviceCIDR, mtu, network, proxy, loadBalancer and hosts',
    "spec.nodeCIDR: nodeCIDR 192.168.0.1/24 has host bits set; write 192.168.0.0/24",
  ]);
});

test("an object of another kind than its list", () => {
  expect(
    told({ metadata: { name: "demo" }, nodes: [node("node1")], pods: [{ ...pod("pod1"), kind: "Pood" }] }),
  ).toEqual(['pods[0].kind: unknown kind "Pood"; did you mean "Pod"?']);
});

test("lists say what their objects are", () => {
  const all = lab({
    nodes: [node("node1")],
    deployments: [workload("a", { replicas: 2 })],
    replicaSets: [workload("b")],
    statefulSets: [workload("c")],
    daemonSets: [workload("d")],
    services: [service("a")],
    endpointSlices: [{ metadata: { name: "s" }, addressType: "IPv4", endpoints: [{ addresses: ["10.244.0.9"] }] }],
    endpoints: [{ metadata: { name: "a" }, subsets: [{ addresses: [{ ip: "10.244.0.9" }], ports: [{ port: 80 }] }] }],
  });
  expect(all.pods.map(({ metadata }) => metadata.labels?.["app"])).toEqual(["a", "a", "b", "c", "d"]);
  expect([all.services, all.endpointSlices, all.endpoints].map((list) => list.length)).toEqual([1, 1, 1]);
});

test("a problem of a template has the template's path", () => {
  const wrong = workload("web", {}, { nodeName: "node9" });
  expect(told({ metadata: { name: "demo" }, nodes: [node("node1")], deployments: [wrong] })).toEqual([
    'deployments[0].spec.template.spec.nodeName: unknown node "node9"; did you mean "node1"?',
  ]);
});
