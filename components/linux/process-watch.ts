// How a process is watched on its host: until it serves, where it is, and until it has ended. Perl, because every Debian has it
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
const find = script("process-find.pl");
export const endScript = script("process-end.pl");

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

/** Asks, with a script of the shell's that runs `perl - MARK...` when it has to look for the process. */
export const askForProcess = (argv: Command["argv"]): Command => ({ argv, stdin: find, mayFail: true });

export interface Endings {
  readonly lab: string;
  /** Whose mark says so: a process's id; with a comma at the end, all in a namespace. */
  readonly name: string;
  /** Path of a namespace in which everything ends. */
  readonly space?: string;
  /** Where ids are written down. */
  readonly pidFiles: readonly string[];
}

/** Ends what a container was, and what that started, when it is asked to. */
export const endProcess = (endings: Endings): Command => endAs(endings, grace);

/** Nobody in a namespace that goes is asked. */
export const killProcesses = (endings: Endings): Command => endAs(endings, 0);

const endAs = ({ lab, name, space = "", pidFiles }: Endings, seconds: number): Command => ({
  argv: ["perl", "-", `${seconds}`, lab, name, space, ...pidFiles],
  stdin: endScript,
});
