// Whatever the author writes: an answer in words, and a lab that passes the checks gets all its addresses.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { allocate } from "../../../components/kubernetes/addresses";
import { type Lab, type LabObjects, LabError, parseLab, validateLab } from "../../../components/kubernetes/manifests";
import { node, pod } from "./labs";

function checked(make: () => Lab): Lab | LabError {
  try {
    return make();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
}

function expectWords(result: Lab | LabError): void {
  const problems = result instanceof LabError ? result.problems : result.warnings;
  for (const { message, file } of problems) {
    expect(message).toMatch(/^[^\n]{10,}$/);
    expect(`${file} ${message}`).not.toMatch(/\[object|undefined/);
  }
}

test("text that was damaged anywhere", () => {
  const demo = ["lab", "nodes", "pods", "services"].map((name) =>
    readFileSync(join(__dirname, `../../../labs/demo/${name}.yaml`), "utf8"),
  );
  const text = demo.join("---\n");
  const damage = fc.record({
    at: fc.nat(text.length),
    cut: fc.nat(12),
    paste: fc.constantFrom(
      "",
      " ",
      "\n",
      "\t",
      ":",
      "- ",
      "{",
      "]",
      '"',
      "'",
      "&a ",
      "*a",
      "<<: ",
      "!x ",
      "#",
      "---\n",
      "null",
      "1",
      "yes",
      "\0",
      "é",
      "|",
      "%",
    ),
  });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
      const damaged = damages.reduce((was, { at, cut, paste }) => was.slice(0, at) + paste + was.slice(at + cut), text);
      expectWords(checked(() => parseLab([{ file: "lab.yaml", text: damaged }])));
    }),
    { numRuns: 500 },
  );
});

test("any value where any other is expected", () => {
  const objects = fc.record({
    metadata: fc.anything(),
    spec: fc.oneof(
      fc.anything(),
      fc.record({ hosts: fc.anything(), network: fc.anything(), clusterCIDR: fc.anything() }),
    ),
    nodes: fc.array(
      fc.record({ metadata: fc.record({ name: fc.anything() }), spec: fc.anything(), status: fc.anything() }),
    ),
    pods: fc.array(fc.record({ metadata: fc.anything(), spec: fc.record({ containers: fc.anything() }) })),
  });
  fc.assert(
    fc.property(objects, (objects) => expectWords(checked(() => validateLab(objects as unknown as LabObjects)))),
  );
});

test("any value in a Service, in endpoints and in a template", () => {
  // What is nearly right goes further than what is quite wrong.
  const text = fc.constantFrom(
    "a",
    "web",
    "",
    "10.96.0.1",
    "10.96.0.20",
    "None",
    "NodePort",
    "LoadBalancer",
    "Local",
    "A_b",
  );
  const number = fc.constantFrom(-1, 0, 1, 80, 30080, 70000, 1.5);
  const any = fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.anything({ maxDepth: 2 }));
  const some = (fields: Record<string, fc.Arbitrary<unknown>>) =>
    fc.oneof({ weight: 5, arbitrary: fc.record(fields, { requiredKeys: [] }) }, { weight: 1, arbitrary: any });
  const list = (item: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 5, arbitrary: fc.array(item, { maxLength: 3 }) }, { weight: 1, arbitrary: any });
  const labels = some({ app: fc.oneof(text, any), "kubernetes.io/service-name": fc.oneof(text, any) });
  const metadata = some({ name: fc.oneof(text, any), namespace: text, labels, ownerReferences: list(any) });
  const port = some({
    ...{ name: fc.oneof(text, any), port: fc.oneof(number, any), protocol: fc.oneof(fc.constant("TCP"), any) },
    ...{ targetPort: fc.oneof(number, text, any), nodePort: fc.oneof(number, any) },
  });
  const object = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] });
  const service = object({
    metadata,
    spec: some({
      ...{ ports: list(port), selector: labels, type: fc.oneof(text, any), clusterIP: fc.oneof(text, any) },
      ...{ clusterIPs: list(text), externalIPs: list(fc.oneof(text, any)), loadBalancerIP: fc.oneof(text, any) },
      ...{ externalTrafficPolicy: text, healthCheckNodePort: number, sessionAffinityConfig: any, externalName: any },
      ...{ loadBalancerSourceRanges: list(fc.oneof(text, any)), sessionAffinity: text, ipFamilies: list(text) },
    }),
    status: some({ loadBalancer: some({ ingress: list(some({ ip: fc.oneof(text, any), ipMode: any })) }) }),
  });
  const endpoint = some({ addresses: list(fc.oneof(text, any)), conditions: any, nodeName: fc.oneof(text, any) });
  const slice = object({
    metadata,
    addressType: fc.oneof(fc.constant("IPv4"), any),
    ports: list(port),
    endpoints: list(endpoint),
  });
  const address = some({ ip: fc.oneof(text, any), nodeName: any });
  const subset = some({ addresses: list(address), notReadyAddresses: list(address), ports: list(port) });
  const container = some({
    name: fc.oneof(fc.constant("web"), any),
    ports: list(some({ containerPort: number, hostPort: number, hostIP: fc.oneof(text, any), name: any })),
  });
  const workload = object({
    metadata,
    spec: some({
      ...{
        replicas: fc.oneof(fc.constantFrom(-1, 0, 2), any),
        selector: some({ matchLabels: labels, matchExpressions: any }),
      },
      ...{ template: some({ metadata, spec: some({ containers: list(container), nodeName: any, hostNetwork: any }) }) },
      ordinals: any,
    }),
  });
  const proxy = some({ clusterCIDR: fc.oneof(text, any), nodePortAddresses: list(fc.oneof(text, any)), iptables: any });
  const objects = fc.record({
    metadata: fc.constant({ name: "demo" }),
    spec: some({
      proxy,
      loadBalancer: some({ addresses: list(fc.oneof(fc.constant("192.168.0.240/30"), text, any)) }),
    }),
    nodes: fc.constant([node("node1"), node("node2")]),
    ...{ deployments: fc.array(workload, { maxLength: 2 }), replicaSets: fc.array(workload, { maxLength: 2 }) },
    ...{ statefulSets: fc.array(workload, { maxLength: 2 }), daemonSets: fc.array(workload, { maxLength: 2 }) },
    ...{ services: fc.array(service, { maxLength: 3 }), endpointSlices: fc.array(slice, { maxLength: 2 }) },
    endpoints: fc.array(object({ metadata, subsets: list(subset) }), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(objects, (objects) => expectWords(checked(() => validateLab(objects as unknown as LabObjects)))),
    { numRuns: 250 },
  );
});

test("what passes the checks has room", () => {
  const prefix = fc.integer({ min: 26, max: 31 });
  const name = fc.constantFrom("a", "b", "c", "d", "e", "f");
  const podCIDR = fc.tuple(fc.nat(31), prefix).map(([at, prefix]) => `10.244.0.${at * 8}/${prefix}`);
  const internalIP = fc.nat(20).map((last) => `192.168.0.${last}`);
  const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(value, { nil: undefined, freq: 1 });
  const drawn = fc.record({
    nodeCIDR: fc.integer({ min: 27, max: 31 }).map((prefix) => `192.168.0.0/${prefix}`),
    clusterCIDR: fc.integer({ min: 24, max: 28 }).map((prefix) => `10.244.0.0/${prefix}`),
    nodeCIDRMaskSize: fc.integer({ min: 26, max: 30 }),
    nodes: fc.uniqueArray(fc.record({ name, podCIDR: maybe(podCIDR), internalIP: maybe(internalIP) }), {
      selector: ({ name }) => name,
      minLength: 1,
    }),
    pods: fc.array(fc.record({ nodeName: maybe(name), hostNetwork: maybe(fc.boolean()) }), { maxLength: 12 }),
  });
  let passed = 0;
  fc.assert(
    fc.property(drawn, ({ nodes, pods, ...spec }) => {
      const objects = {
        metadata: { name: "demo" },
        spec,
        nodes: nodes.map(({ name, podCIDR, internalIP }) => node(name, podCIDR, internalIP)),
        pods: pods.map((spec, index) => pod(`p${index}`, spec)),
      };
      const lab = checked(() => validateLab(objects));
      if (lab instanceof LabError) return;
      passed++;
      const given = allocate(lab, { nodes: {}, reservations: {} });
      for (const { metadata, spec } of lab.nodes)
        if (spec?.podCIDR !== undefined) expect(given.nodes[metadata.name]?.podCIDR).toBe(spec.podCIDR);
      for (const { metadata, spec } of lab.pods)
        if (spec.nodeName !== undefined) expect(given.pods[`default/${metadata.name}`]?.node).toBe(spec.nodeName);
    }),
    { numRuns: 3000 },
  );
  expect(passed).toBeGreaterThan(100);
});
