// Batches are small enough for the kernel's table of neighbours, and together they are all checks.
import { batchesOf, neighbours } from "../../../scripts/verify/batches";
import { promisesOf } from "../../../scripts/verify/promises";
import { labOf, withHostNetwork } from "./labs";

const checksOf = (lab: ReturnType<typeof labOf>) => promisesOf(lab).flatMap(({ checks }) => checks);
const met = (batch: ReturnType<typeof checksOf>): number => new Set(batch.flatMap(neighbours)).size;

test("a small lab is one batch, in its own order", () => {
  const checks = checksOf(labOf(2, 2));
  expect(batchesOf(checks)).toEqual([checks]);
});

test.each([
  ["2 nodes of 25 pods", 2, 25, 10],
  ["3 nodes of 50 pods", 3, 50, 40],
  ["30 nodes of 10 pods", 30, 10, 50],
])("%s", (_, nodes, pods, most) => {
  const checks = checksOf(labOf(nodes, pods));
  const batches = batchesOf(checks);
  expect(Math.max(...batches.map(met))).toBeLessThanOrEqual(512);
  expect(new Set(batches.flat())).toEqual(new Set(checks));
  expect(batches.flat()).toHaveLength(checks.length);
  expect(batches.length).toBeLessThanOrEqual(most);
});

describe("who gets to know whom", () => {
  const lab = withHostNetwork(labOf(2, 3), "default/pod3");
  const [pod1, pod2, pod3, pod4] = lab.pods.map(({ name }) => name);
  const between = (from: string | undefined, to: string | undefined): string[] | undefined => {
    const check = checksOf(lab).find((each) => each.from.name === from && each.to.name === to && each.way === "tcp");
    return check && neighbours(check);
  };
  const both = (...places: (string | undefined)[]): string[] =>
    places.slice(1).flatMap((place, i) => [`${places[i]} ${place}`, `${place} ${places[i]}`]);

  test.each([
    ["two pods of a node, directly", pod1, pod2, both(pod1, pod2)],
    ["two pods of two nodes, by their nodes", pod1, pod4, both(pod1, "node1", "node2", pod4)],
    ["a pod and itself: nobody", pod1, pod1, []],
    ["a node and its pod", "node1", pod1, both("node1", pod1)],
    ["a node and another's pod", "node2", pod1, both("node2", "node1", pod1)],
    ["a pod and its node", pod1, "node1", both(pod1, "node1")],
    ["two nodes", "node1", "node2", both("node1", "node2")],
    ["a pod and the client", pod4, "client", both(pod4, "node2", "router", "client")],
    ["the client and a node", "client", "node1", both("client", "router", "node1")],
    ["a pod and one that has its node's network", pod1, pod3, both(pod1, "node1")],
  ])("%s", (_, from, to, expected) => {
    expect(between(from, to)).toEqual(expected);
  });
});
