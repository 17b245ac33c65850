// The files of Pulumi's file backend, as a crash or a full disk may leave them. Below <state>/.pulumi
// (pulumi/pkg/backend/diy/state.go):
//   stacks/<project>/<stack>.json         the state; beside it in .json.bak what it was before the last time it was written
//   history/<project>/<stack>/            for each operation what it was, and a copy of the state that it left
//   backups/<project>/<stack>/            the same copy once more
// A file is written beside its name, as <name>.<time>.tmp, and renamed. Its <name>.attrs, which holds its type, is written in place
// (gocloud.dev/blob/fileblob), so a kill can leave it empty: then Pulumi reads nothing any more. And when the disk is full, half
// a file gets renamed, too.
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  statfsSync,
} from "node:fs";
import { join } from "node:path";

/** One stack in a file backend. */
export interface StackFiles {
  /** The backend's folder. */
  readonly state: string;
  readonly project: string;
  readonly stack: string;
}

const below = ({ state }: StackFiles, ...names: string[]): string => join(state, ".pulumi", ...names);
const stateFile = (files: StackFiles): string => below(files, "stacks", files.project, `${files.stack}.json`);
const metaFile = (files: StackFiles): string => below(files, "meta.yaml");

const copyFolders = (files: StackFiles): string[] =>
  ["history", "backups"].map((folder) => below(files, folder, files.project, files.stack));

/** What lies beside the state bears its name; a lab's name has no dot. */
const filesOfStack = (files: StackFiles): string[] =>
  pathsIn(below(files, "stacks", files.project)).filter((path) =>
    path.startsWith(stateFile(files).replace(/json$/, "")),
  );

/** What of a stack cannot be read; nothing of it is when it is whole. */
export function tornFiles(files: StackFiles): string[] {
  const attrs = [metaFile(files), ...filesOfStack(files), ...copyFolders(files).flatMap(pathsIn)]
    .map((path) => (path.endsWith(".attrs") ? path : `${path}.attrs`))
    .filter((path) => existsSync(path) && parsed(path) === undefined);
  const meta = existsSync(metaFile(files)) && !/^version:/m.test(readFileSync(metaFile(files), "utf8"));
  const state = existsSync(stateFile(files)) && !isState(stateFile(files));
  return [...new Set(attrs), ...(meta ? [metaFile(files)] : []), ...(state ? [stateFile(files)] : [])];
}

/** Puts the last whole copy of the state in the place of a torn one; without any the stack knows nothing any more. Nobody else may be
 * at work on the stack. @returns what was done, to be told */
export function mend(files: StackFiles): string[] {
  const torn = tornFiles(files);
  for (const path of torn) if (path !== stateFile(files)) rmSync(path, { force: true }); // Pulumi does without, or makes it anew.
  if (!torn.includes(stateFile(files))) return [];
  const what = `the state of lab "${files.stack}" was not whole (${stateFile(files)}), as after a kill or on a full disk`;
  const copy = newest([`${stateFile(files)}.bak`, ...copyFolders(files).flatMap(pathsIn)].filter(isState));
  rmSync(`${stateFile(files)}.attrs`, { force: true });
  if (copy === undefined) {
    rmSync(stateFile(files));
    return [`${what}, and there is no copy: it is taken as empty, and what the lab has made is found on its hosts`];
  }
  const { mtime } = statSync(copy);
  copyFileSync(copy, `${stateFile(files)}.mended`);
  renameSync(`${stateFile(files)}.mended`, stateFile(files));
  return [`${what}: the last whole copy is in its place, of ${mtime.toISOString()}`];
}

/** Removes what Pulumi keeps of a stack that it has removed, and what a killed Pulumi never finished. */
export function removeStackFiles(files: StackFiles): void {
  for (const path of filesOfStack(files)) rmSync(path, { force: true });
  for (const folder of copyFolders(files)) rmSync(folder, { recursive: true, force: true });
  const locks = below(files, "locks", "organization", files.project, files.stack);
  if (existsSync(locks) && readdirSync(locks).length === 0) rmdirSync(locks);
}

const spare = 256 * 1024;

/** Why what changes could not be written down, and what to do; nothing when it can. */
export function whyNoRoom(files: StackFiles): string | undefined {
  const { state } = files;
  const refused = whyNotWritable(state);
  if (refused !== undefined) return refused;
  // The state is written up to four times: as it was, as it is, and the two copies.
  const needed = spare + 4 * (statSync(stateFile(files), { throwIfNoEntry: false })?.size ?? 0);
  const { bavail, blocks, bsize } = statfsSync(state);
  // What a file system does not know is 0 (statfs(2)): a tmpfs without a limit has no number of blocks.
  if (blocks === 0 || bavail * bsize >= needed) return undefined;
  return (
    `the disk that holds the state is full: ${state} has ${kilobytes(bavail * bsize)} left and needs ${kilobytes(needed)}; ` +
    `make room (df -h ${state}), and run the command again`
  );
}

function whyNotWritable(state: string): string | undefined {
  try {
    accessSync(state, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return `there is no folder ${state} for the state; make it: mkdir -p ${state}`;
    if (code === "EROFS")
      return `the state cannot be written: ${state} is on a file system that is mounted read-only; remount it (mount -o remount,rw), and run the command again`;
    return `the state cannot be read and written: ${state} belongs to somebody else (${code}); run the command as its owner, or as root`;
  }
}

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1024)} kB`;

function newest(paths: readonly string[]): string | undefined {
  const time = (path: string): number => statSync(path).mtimeMs;
  return [...paths].sort((a, b) => time(b) - time(a))[0];
}

/** A state says in `checkpoint` what there is; what history says of an operation has no such key. */
function isState(path: string): boolean {
  const { checkpoint } = (parsed(path) ?? {}) as { checkpoint?: unknown };
  return typeof checkpoint === "object" && checkpoint !== null;
}

/** Undefined when it is not there, or is not JSON. */
function parsed(path: string): object | undefined {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as object | null) ?? undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function pathsIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
