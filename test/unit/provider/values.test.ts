import fc from "fast-check";
import { fromStruct, hasUnknown, toStruct, unknown } from "../../../provider/values";

test("values come back as they went", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (values) => {
      const text = JSON.stringify(values);
      fc.pre(!text.includes("__proto__")); // No property of anything.
      const plain = JSON.parse(text) as Record<string, unknown>;
      expect(fromStruct(toStruct(plain))).toEqual(plain);
    }),
  );
});

test("what is undefined is left out, and nothing at all is nothing", () => {
  expect(fromStruct(toStruct({ a: undefined, b: { c: undefined, d: 1 } }))).toEqual({ b: { d: 1 } });
  expect(fromStruct(undefined)).toEqual({});
});

test.each([
  [{ a: unknown }, true],
  [{ a: { b: ["x", unknown] } }, true],
  [{ a: "x", b: [1, null] }, false],
])("%j has something unknown: %s", (values, expected) => expect(hasUnknown(values)).toBe(expected));
