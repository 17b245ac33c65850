// Deployments and their like: which pods they yield, and which of these a change touches.
import fc from "fast-check";
import { allocate, type Held } from "../../../components/kubernetes/addresses";
import { type LabObjects, podKey } from "../../../components/kubernetes/manifests";
import { generatedNames } from "../../../components/kubernetes/workloads/names";
import { heldFrom, lab, node, pod, workload } from "../manifests/labs";

const nodes = [node("node1"), node("node2"), node("node3")];
const names = (objects: Partial<LabObjects>): string[] =>
  lab({ nodes, ...objects }).pods.map(({ metadata }) => metadata.name);

test("a Deployment's pods are called as Kubernetes calls them", () => {
  const all = names({ deployments: [workload("web", { replicas: 3 })] });
  expect(all).toHaveLength(3);
  const [hash] = all.map((name) => name.split("-")[1]);
  for (const name of all)
    expect(name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(new Set(all.map((name) => name.split("-")[1]))).toEqual(new Set([hash]));
  const [first] = lab({ nodes, deployments: [workload("web")] }).pods;
  expect(first?.metadata.labels).toEqual({ app: "web", "pod-template-hash": hash });
});

test("a ReplicaSet's have five letters, a StatefulSet's numbers", () => {
  expect(names({ replicaSets: [workload("web")] })).toEqual([expect.stringMatching(/^web-[a-z0-9]{5}$/)]);
  expect(names({ statefulSets: [workload("db", { replicas: 2 })] })).toEqual(["db-0", "db-1"]);
  expect(names({ statefulSets: [workload("db", { ordinals: { start: 5 } })] })).toEqual(["db-5"]);
  expect(names({ statefulSets: [workload("db", { replicas: 0 })] })).toEqual([]);
  const [first] = lab({ nodes, statefulSets: [workload("db")] }).pods;
  expect(first?.metadata.labels).toMatchObject({
    "statefulset.kubernetes.io/pod-name": "db-0",
    "apps.kubernetes.io/pod-index": "0",
  });
});

test("a DaemonSet has one pod on each node, or on the one that its template names", () => {
  const placed = (objects: Partial<LabObjects>) => lab({ nodes, ...objects }).pods.map(({ spec }) => spec.nodeName);
  expect(placed({ daemonSets: [workload("agent")] })).toEqual(["node1", "node2", "node3"]);
  expect(placed({ daemonSets: [workload("agent", {}, { nodeName: "node2" })] })).toEqual(["node2"]);
  // With another node before them the pods of the others stay who they are.
  const before = names({ daemonSets: [workload("agent")] });
  expect(names({ nodes: [node("node0"), ...nodes], daemonSets: [workload("agent")] }).slice(1)).toEqual(before);
});

test("another template is another Deployment's, however it is written", () => {
  const one = names({ deployments: [workload("web", {}, { containers: [{ name: "a", command: ["x"] }] })] });
  const same = names({ deployments: [workload("web", {}, { containers: [{ command: ["x"], name: "a" }] })] });
  const other = names({ deployments: [workload("web", {}, { containers: [{ name: "a", command: ["y"] }] })] });
  expect(same).toEqual(one);
  expect(other).not.toEqual(one);
  // The others' pods are called the same whatever their template.
  const set = (command: string) => ({
    statefulSets: [workload("db", {}, { containers: [{ name: "a", command: [command] }] })],
  });
  expect(names(set("x"))).toEqual(names(set("y")));
});

test("long names are cut as Kubernetes cuts them, and differ all the same", () => {
  const [a, b] = ["x", "y"].map(
    (last) => names({ deployments: [workload(`${"a".repeat(60)}${last}`, { replicas: 1 })] })[0],
  );
  expect([a?.length, b?.length]).toEqual([63, 63]);
  expect(a?.slice(0, 58)).toBe("a".repeat(58));
  expect(a).not.toBe(b);
});

test("names do not repeat, and those that stay keep theirs", () => {
  const keys = fc.uniqueArray(fc.string({ maxLength: 4 }), { maxLength: 40 });
  fc.assert(
    fc.property(keys, fc.nat(40), (keys, count) => {
      const all = generatedNames("web", keys);
      expect(new Set(all).size).toBe(keys.length);
      expect(generatedNames("web", keys.slice(0, count))).toEqual(all.slice(0, count));
    }),
  );
  const many = Array.from({ length: 10_000 }, (_, number) => String(number));
  expect(new Set(generatedNames("web", many)).size).toBe(10_000);
});

test("scaling touches only the pods that come or go", () => {
  const nothing: Held = { nodes: {}, reservations: {} };
  const of = (replicas: number) =>
    lab({ nodes, pods: [pod("other")], deployments: [workload("web", { replicas })], daemonSets: [workload("agent")] });
  fc.assert(
    fc.property(fc.array(fc.nat(12), { minLength: 2, maxLength: 6 }), (series) => {
      let held = nothing;
      let before: ReturnType<typeof allocate>["pods"] = {};
      let last = 0;
      for (const replicas of series) {
        const now = of(replicas);
        const given = allocate(now, held);
        const stay = now.pods.map(podKey).filter((key) => key in before);
        expect(stay).toHaveLength(last === 0 && held === nothing ? 0 : 4 + Math.min(last, replicas));
        for (const key of stay) expect(given.pods[key]).toEqual(before[key]);
        [held, before, last] = [heldFrom(given), given.pods, replicas];
      }
    }),
  );
});
