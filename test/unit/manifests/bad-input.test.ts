// Every kind of bad input: a lab (a file or a folder) and, beside it, exactly what the author is told.
// UPDATE_GOLDEN=1 writes anew what is told; read the difference before you commit it.

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, parse } from "node:path";
import { LabError, loadLab, problemText } from "../../../components/kubernetes/manifests";

const folder = join(__dirname, "../../golden/bad-input");
const labs = readdirSync(folder).filter((name) => !name.endsWith(".txt"));
const before = process.cwd();

// File names in messages are relative to where the user is.
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(before));

function toldAbout(path: string): string {
  try {
    return loadLab(path)
      .warnings.map((warning) => `warning: ${problemText(warning)}\n`)
      .join("");
  } catch (error) {
    if (error instanceof LabError) return `${error.message}\n`;
    throw error;
  }
}

test.each(labs)("%s", (lab) => {
  const golden = join(folder, `${parse(lab).name}.txt`);
  const told = toldAbout(lab);
  expect(told).not.toBe("");
  if (process.env["UPDATE_GOLDEN"]) writeFileSync(golden, told);
  expect(existsSync(golden) ? readFileSync(golden, "utf8") : "").toBe(told);
});

test("every message has its lab", () => {
  const told = readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .map((name) => parse(name).name);
  expect(told.sort()).toEqual(labs.map((name) => parse(name).name).sort());
});
