import { readFileSync, readdirSync, statSync } from "node:fs";
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
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return refuse("there is no such file or folder; name a lab's folder or its YAML file");
  if (!stat.isDirectory()) return [path];
  const names = readdirSync(path, { withFileTypes: true })
    .filter((entry) => extensions.includes(extname(entry.name)) && !entry.isDirectory())
    .map((entry) => entry.name)
    .sort(); // by code unit: the same in every locale
  if (names.length === 0) refuse("there are no *.yaml or *.yml files in this folder; add some, or name another folder");
  return names.map((file) => join(path, file));
}

/** As seen from where the user is; above that, the full path says more than a row of dots. */
function shown(path: string): string {
  const seen = relative(process.cwd(), path);
  if (seen === "") return ".";
  return seen.startsWith("..") || isAbsolute(seen) ? path : seen;
}

class NotUtf8 extends Error {}

function decode(bytes: Buffer): string {
  const utf16 = bytes.length > 1 && ["fffe", "feff"].includes(bytes.toString("hex", 0, 2));
  if (utf16) throw new NotUtf8("the file is UTF-16; save it as UTF-8");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes); // drops a byte order mark
  } catch {
    throw new NotUtf8("the file is not UTF-8 text; save it as UTF-8");
  }
}

function reason(error: unknown): string {
  if (error instanceof NotUtf8) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EACCES") return "you have no permission to read this file; change its mode or its owner";
  return `the file cannot be read: ${message}`;
}
