// What is generated is what is committed, and as prettier would have it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kinds } from "../../../components/linux/registry";
import { faultsOf, fill } from "../../../components/linux/schema";
import { generated } from "../../../scripts/docs";
import { examples, nameOf } from "../../../scripts/docs/kinds";
import { projectRoot } from "../../../scripts/lib/environment";

test.each(Object.entries(generated))("%s is what npm run docs writes", (path, text) => {
  expect(readFileSync(join(projectRoot, path), "utf8")).toBe(text());
});

test.each(kinds.map((kind) => [nameOf(kind), kind] as const))("the example of %s is a good one", (name, kind) => {
  const args = fill(kind.args, examples[name]);
  expect([...faultsOf(kind.args, args), ...(kind.validate?.(args as never) ?? [])]).toEqual([]);
});
