import { type Stats, readFileSync, readdirSync, statSync } from "node:fs";
import { extname, isAbsolute, join, relative } from "node:path";
import { type SourceFile, parseLab } from "./parse";
import { LabError } from "./problem";
import type { Lab, Problem } from "./types";

const extensions = [".yaml", ".yml"];

/**
 * Reads and checks a lab: a file, or a folder with all the *.yaml and *.yml files directly in it, in order of their names.
 * @throws LabError with everything that is wrong
 */
export function loadLab(path: string): Lab {
  const name = shown(path);
  const sources: SourceFile[] = [];
  const unreadable: Problem[] = [];
  for (const file of filesOf(path, name)) {
    const label = shown(file);
    try {
      expectFile(file);
      sources.push({ file: label, text: decode(readFileSync(file)) });
    } catch (error) {
      unreadable.push({ file: label, message: reason(error) });
    }
  }
  return parseLab(sources, name, unreadable);
}

function filesOf(path: string, name: string): string[] {
  const refuse = (message: string): never => {
    throw new LabError([{ file: name, message }]);
  };
  const stat = statOf(path, refuse);
  if (stat === undefined) return refuse("there is no such file or folder; name a lab's folder or its YAML file");
  if (!stat.isDirectory()) return [path];
  const names = namesIn(path, refuse)
    .filter((file) => extensions.includes(extname(file)))
    .sort(); // by code unit: the same in every locale
  if (names.length === 0) refuse("there are no *.yaml or *.yml files in this folder; add some, or name another folder");
  return names.map((file) => join(path, file));
}

function statOf(path: string, refuse: (message: string) => never): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return refuse(reason(error));
  }
}

function namesIn(folder: string, refuse: (message: string) => never): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    return refuse(reason(error, "this folder"));
  }
}

/** To read a named pipe would wait for somebody who writes; a device may never end. */
function expectFile(path: string): void {
  const stat = statSync(path);
  if (stat.isFile()) return;
  const [kind] = Object.entries({
    "a folder": stat.isDirectory(),
    "a named pipe": stat.isFIFO(),
    "a socket": stat.isSocket(),
  }).find(([, is]) => is) ?? ["a device"];
  throw new NotReadable(`this is ${kind} and no file; rename it, or move it out of the lab's folder`);
}

/** As seen from where the user is; above that, the full path says more than a row of dots. */
function shown(path: string): string {
  const seen = relative(process.cwd(), path);
  if (seen === "") return ".";
  return seen.startsWith("..") || isAbsolute(seen) ? path : seen;
}

class NotReadable extends Error {}

function decode(bytes: Buffer): string {
  const utf16 = bytes.length > 1 && ["fffe", "feff"].includes(bytes.toString("hex", 0, 2));
  if (utf16) throw new NotReadable("the file is UTF-16; save it as UTF-8");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes); // drops a byte order mark
  } catch {
    throw new NotReadable("the file is not UTF-8 text; save it as UTF-8");
  }
}

function reason(error: unknown, what = "this file"): string {
  if (error instanceof NotReadable) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EACCES") return `you have no permission to read ${what}; change its mode or its owner`;
  // Its name is in the folder, so it is what it links to that is not there.
  if (code === "ENOENT") return "this is a symbolic link to a file that is not there; correct it, or remove it";
  if (code === "ELOOP") return "this is a symbolic link that leads back to itself; correct it, or remove it";
  return `${what} cannot be read: ${message}`;
}
