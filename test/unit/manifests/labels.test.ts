import fc from "fast-check";
import { LabelIndex, hasLabels, selects } from "../../../components/kubernetes/manifests/labels";

const labels = fc.dictionary(fc.constantFrom("a", "b", "constructor"), fc.constantFrom("", "x", "y"));

test("the index finds what has all labels in the namespace, in order", () => {
  const item = fc.record({
    namespace: fc.constantFrom("default", "shop"),
    labels: fc.option(labels, { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(item), labels, (items, selector) => {
      const found = new LabelIndex(items, (item) => item).select("shop", selector);
      const all = items.filter(({ namespace, labels = {} }) => namespace === "shop" && hasLabels(labels, selector));
      expect(found).toEqual(Object.keys(selector).length === 0 ? [] : all);
    }),
  );
});

test.each([
  ["In", ["x", "y"], { a: "x" }, true],
  ["In", ["x"], { a: "y" }, false],
  ["In", ["x"], {}, false],
  ["NotIn", ["x"], { a: "x" }, false],
  ["NotIn", ["x"], { a: "y" }, true],
  ["NotIn", ["x"], {}, true],
  ["Exists", undefined, { a: "" }, true],
  ["Exists", undefined, {}, false],
  ["DoesNotExist", undefined, { a: "" }, false],
  ["DoesNotExist", undefined, {}, true],
] as const)("a %s %j of %j: %s", (operator, values, labels, expected) => {
  expect(selects({ matchExpressions: [{ key: "a", operator, values }] }, labels)).toBe(expected);
  expect(selects({ matchLabels: { b: "z" }, matchExpressions: [{ key: "a", operator, values }] }, labels)).toBe(false);
});
