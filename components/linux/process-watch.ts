// How a process is watched on its host: until it serves, and until it has ended. Perl, because every Debian has it
// (perl-base is essential) and one small process does all the looking.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, within } from "../host";

/** How long a server may take until it listens, in seconds. */
const patience = 30;

/** How long a process may take to end when asked politely, in seconds. */
const grace = 2;

const script = (name: string): string => readFileSync(join(__dirname, name), "utf8");
const wait = script("process-wait.pl");
const end = script("process-end.pl");

/** @param marks environment variables, as NAME=value, that tell the process from all others */
export function waitForProcess(
  netns: string | undefined,
  files: { pid: string; log: string },
  marks: readonly string[],
  ports: readonly string[],
): Command {
  const words = ["perl", "-", files.pid, files.log, `${patience}`, `${marks.length}`, ...marks, ...ports];
  return { argv: within(netns, words), stdin: wait };
}

export function endProcess(pidFile: string): Command {
  return { argv: ["perl", "-", pidFile, `${grace}`], stdin: end };
}
