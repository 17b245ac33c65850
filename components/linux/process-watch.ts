// How a process is watched on its host: until it serves, where it is, and until it has ended. Perl, because every Debian has it
// (perl-base is essential) and one small process does all the looking.
import { type Command, perl, within } from "../host";
import { script, scriptText } from "./script";

/** How long a server may take until it listens, in seconds. */
const patience = 30;

/** How long one is watched that nobody can ask whether it serves, in seconds: what ends at once has failed. */
const settling = 0.05;

/** How long a process may take to end when asked politely, in seconds. */
const grace = 2;

/**
 * @param marks environment variables, as NAME=value, that tell the process from all others
 * @param isOurs whether it is a program of podnet's own, which does not end by itself
 */
export function waitForProcess(
  netns: string | undefined,
  files: { pid: string; log: string },
  marks: readonly string[],
  ports: readonly string[],
  isOurs: boolean,
): Command {
  const settle = isOurs || ports.length > 0 ? 0 : settling;
  const words = [files.pid, files.log, `${patience}`, `${settle}`, `${marks.length}`, ...marks, ...ports];
  const { argv, ...rest } = script("process-wait", words);
  return { argv: within(netns, argv), ...rest };
}

/** A part of a lab whose processes end. */
export interface Ending {
  /** Whose mark says so: a process's id; with a comma at the end, all in a namespace. */
  readonly name: string;
  /** Path of a namespace in which everything ends. */
  readonly space?: string;
  /** Where ids are written down. */
  readonly pidFiles: readonly string[];
}

/** Ends what a container was, and what that started, when it is asked to. */
export const endProcess = (lab: string, ending: Ending): Command =>
  script("process-end", [`${grace}`, lab, ...wordsOf(ending)]);

/** The same, unless nothing was ever started: then nobody looks at all processes. */
export const endIfStarted = (lab: string, files: { pid: string; log: string }, ending: Ending): Command =>
  perl(`${unlessStarted}${scriptText("process-end")}`, [files.pid, files.log, `${grace}`, lab, ...wordsOf(ending)]);

const unlessStarted = "exit 0 unless grep { -e } splice @ARGV, 0, 2;\n";

/**
 * Ends processes of the lab that hold any of these ports, as a container does that was renamed: Pulumi deletes what the program does
 * not have any more behind all that is new.
 * @param pidFiles as a shell's pattern, those of one network namespace
 * @param staying those of them that end only if they were started with another specification
 */
export const endHolders = (
  lab: string,
  pidFiles: string,
  staying: readonly { readonly pidFile: string; readonly spec: string }[],
  ports: readonly string[],
): Command =>
  perl(`${scriptText("port-holders")}${scriptText("process-end")}`, [
    ...[`${grace}`, lab, pidFiles],
    ...[`${2 * staying.length}`, ...staying.flatMap(({ pidFile, spec }) => [pidFile, spec])],
    ...ports,
  ]);

/** Nobody in a namespace that goes is asked. All processes are looked at once, for however many go together. */
export const killProcesses = (lab: string, endings: readonly Ending[]): Command =>
  script("process-end", ["0", lab, ...endings.flatMap(wordsOf)]);

const wordsOf = ({ name, space = "", pidFiles }: Ending): string[] => [name, space, `${pidFiles.length}`, ...pidFiles];
