/** Files that are none, or that nobody can read: each is told with its name, and none keeps the others from being checked. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LabError, loadLab } from "../../../components/kubernetes/manifests";
import { labName } from "../../../scripts/lib/lab";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "podnet-files-"));
  writeFileSync(join(folder, "lab.yaml"), "apiVersion: podnet.dev/v1\nkind: Lab\nmetadata: { name: files }\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function told(path = folder): string[] {
  try {
    loadLab(path);
    return [];
  } catch (error) {
    if (error instanceof LabError)
      return error.problems.map(({ file, message }) => `${file.slice(folder.length + 1)}: ${message}`);
    throw error;
  }
}

const makers: Readonly<Record<string, (path: string) => void>> = {
  "a named pipe": (path) => void execFileSync("mkfifo", [path]),
  "a folder": (path) => void mkdirSync(path),
  "a symbolic link to a file that is not there": (path) => symlinkSync("nowhere", path),
  "a symbolic link that leads back to itself": (path) => symlinkSync(path, path),
  "a device": (path) => symlinkSync("/dev/zero", path),
};

test.each(Object.entries(makers))("%s", (what, make) => {
  make(join(folder, "x.yaml"));
  expect(told()).toEqual([expect.stringMatching(new RegExp(`^x.yaml: this is ${what}[ ;].*(rename|remove|correct)`))]);
  expect(labName({ lab: folder })).toBe("files");
});

test("all of them at once, and what is wrong in the other files, too", () => {
  for (const [index, make] of Object.values(makers).entries()) make(join(folder, `${index}.yaml`));
  writeFileSync(
    join(folder, "pod.yaml"),
    "apiVersion: v1\nkind: Pod\nmetadata: { name: A_b }\nspec: { containers: [] }\n",
  );
  expect(told().map((line) => line.split(":")[0])).toEqual([
    "0.yaml",
    "1.yaml",
    "2.yaml",
    "3.yaml",
    "4.yaml",
    "pod.yaml",
    "pod.yaml",
  ]);
});

test("a file that is named by itself", () => {
  const path = join(folder, "only.yaml");
  execFileSync("mkfifo", [path]);
  expect(told(path)).toEqual([expect.stringContaining("this is a named pipe and no file")]);
});

test("what this user may not read", () => {
  const isRoot = process.geteuid?.() === 0;
  writeFileSync(join(folder, "pod.yaml"), "", { mode: 0 });
  chmodSync(folder, 0o755);
  try {
    if (isRoot) process.seteuid?.(65534);
    expect(told()).toEqual(["pod.yaml: you have no permission to read this file; change its mode or its owner"]);
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o311);
    if (isRoot) process.seteuid?.(65534);
    expect(told()).toEqual([": you have no permission to read this folder; change its mode or its owner"]);
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o755);
  }
});
