// Follows the documentation as a reader would: every command, in order, in a clone of the project on a machine of its own.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { projectRoot } from "../../scripts/lib/environment";
import { type Step, followed, missingLines, patched, read, stepsOf } from "../support/markdown";
import { Machine, type Snapshot, changesBetween } from "./support/machine";

const titleOf = ({ line, text, ...step }: Step): string =>
  `line ${line}: ${step.do === "run" ? text.split("\n").at(-1) : `${step.do} ${(step as { path: string }).path}`}`;

describe.each(followed)("%s", (document) => {
  let folder: string;
  let clone: string;
  let machine: Machine;
  let before: Snapshot;
  let failed: string | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "podnet-docs-"));
    clone = join(folder, "podnet");
    cloneProject(clone);
    machine = await Machine.start();
    before = await machine.snapshot();
  });

  afterAll(async () => {
    await machine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(stepsOf(read(document)).map((step) => [titleOf(step), step] as const))("%s", async (title, step) => {
    if (failed !== undefined) throw new Error(`not reached, because this failed: ${failed}`);
    failed = title;
    if (step.do === "run") await runStep(machine, folder, clone, step);
    else {
      const path = join(clone, step.path);
      const text = step.do === "write" ? `${step.text}\n` : patched(readFileSync(path, "utf8"), step.text);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    failed = undefined;
  });

  test("nothing is left on the machine", async () => {
    if (failed !== undefined) throw new Error(`not reached, because this failed: ${failed}`);
    expect(changesBetween(before, await machine.snapshot())).toEqual([]);
  });
});

/** What git would clone; the npm packages are those that are here. */
function cloneProject(clone: string): void {
  const left = (path: string): boolean =>
    /^(node_modules|\.git|\.podnet|\.scratch|Pulumi\..+\.yaml)$/.test(basename(path));
  cpSync(projectRoot, clone, { recursive: true, filter: (path) => path === projectRoot || !left(path) });
  symlinkSync(join(projectRoot, "node_modules"), join(clone, "node_modules"));
}

/** Runs in one shell's environment after the other, as a person types it. */
async function runStep(machine: Machine, folder: string, clone: string, step: Step & { do: "run" }): Promise<void> {
  const memory = join(folder, "environment");
  const script = `[ ! -e ${memory} ] || . ${memory}; set -eo pipefail; trap 'export -p >${memory}' EXIT\n${step.text}`;
  const { HOME, PATH, PULUMI_HOME = join(HOME ?? "", ".pulumi") } = process.env;
  // Neither npm's variables nor a login of the user's.
  const env = { HOME, PATH, PULUMI_HOME, PULUMI_CREDENTIALS_PATH: folder };
  const argv = ["bash", "-c", script];
  const { code, stdout, stderr } = await machine.run(argv, { env, cwd: clone, limit: 170 });
  const said = `${stdout}\n${stderr}`;
  if ((code !== 0) !== step.fails) throw new Error(`exit code ${code}:\n${said}`);
  if (step.output === undefined) return;
  const missing = missingLines(step.output, stdout);
  if (missing.length > 0) throw new Error(`does not print:\n  ${missing.join("\n  ")}\nbut:\n${said}`);
}
