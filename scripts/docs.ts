// npm run docs: writes the parts of the documentation that follow from the code.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { kindReference } from "./docs/kinds";
import { labReference } from "./docs/lab-reference";
import { command } from "./lib/command";
import { projectRoot } from "./lib/environment";

/** What is generated, by its path in the project. */
export const generated: Readonly<Record<string, () => string>> = {
  "docs/lab-reference.md": labReference,
  "docs/kinds.md": kindReference,
};

export function main(args: string[]): void {
  command("docs", `Writes ${Object.keys(generated).join(" and ")} from the code.`).parse(args, { from: "user" });
  for (const [path, text] of Object.entries(generated)) writeFileSync(join(projectRoot, path), text());
}
