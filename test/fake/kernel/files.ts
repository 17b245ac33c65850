// Files and folders: chmod(1), rm(1), and what podnet's scripts do with them.
import { dirname } from "node:path";
import type { Output } from "../../../components/host";
import { refuse, said, unknownCommand } from "./answer";
import type { FileNode, Kernel } from "./kernel";

type Files = Kernel["files"];

export const isFolder = (files: Files, path: string): boolean => files.get(path)?.type === "directory";
export const inside = (files: Files, folder: string): string[] =>
  [...files.keys()].filter((path) => path !== "/" && dirname(path) === folder);

export function write(files: Files, path: string, content: string, mode = "0644"): void {
  if (!isFolder(files, dirname(path))) refuse(2, `sh: 1: cannot create ${path}: Directory nonexistent`);
  if (isFolder(files, path)) refuse(2, `sh: 1: cannot create ${path}: Is a directory`);
  const old = files.get(path);
  files.set(path, { type: "file", mode: old?.type === "file" ? old.mode : mode, content });
}

export function makeFolder(files: Files, path: string): void {
  if (isFolder(files, path)) return;
  if (files.has(path)) refuse(1, `mkdir: cannot create directory '${path}': File exists`);
  if (path !== "/") makeFolder(files, dirname(path));
  files.set(path, { type: "directory", mode: "0755", content: "" });
}

/** @returns whether it was empty, and is gone */
export function removeFolder(files: Files, path: string): boolean {
  if (!isFolder(files, path) || inside(files, path).length > 0) return false;
  return files.delete(path);
}

export function removeTree(files: Files, path: string): void {
  for (const key of [...files.keys()]) if (key === path || key.startsWith(`${path}/`)) files.delete(key);
}

export function move(files: Files, from: string, to: string): void {
  if (isFolder(files, to)) refuse(1, `mv: cannot overwrite directory '${to}' with non-directory`);
  files.set(to, files.get(from) as FileNode);
  files.delete(from);
}

export function remove(kernel: Kernel, argv: readonly string[]): Output {
  const [, flag = "", ...paths] = argv;
  if (!/^-d?f$/.test(flag)) unknownCommand(argv);
  for (const path of paths) {
    if (!isFolder(kernel.files, path)) kernel.files.delete(path);
    else if (!flag.includes("d")) refuse(1, `rm: cannot remove '${path}': Is a directory`);
    else if (!removeFolder(kernel.files, path)) refuse(1, `rm: cannot remove '${path}': Directory not empty`);
  }
  return said();
}

export function chmod(kernel: Kernel, argv: readonly string[]): Output {
  const [, mode = "", path = ""] = argv;
  const file = kernel.files.get(path);
  if (!file) refuse(1, `chmod: cannot access '${path}': No such file or directory`);
  file.mode = mode;
  return said();
}
