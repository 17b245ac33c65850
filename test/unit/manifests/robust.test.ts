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
  const demo = ["lab", "nodes", "pods"].map((name) =>
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
