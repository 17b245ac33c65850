import { readFileSync } from "node:fs";
import { labReference, labReferencePath } from "../../../scripts/docs";

test("docs/lab-reference.md is what scripts/docs.ts writes", () => {
  expect(readFileSync(labReferencePath, "utf8")).toBe(labReference());
});
