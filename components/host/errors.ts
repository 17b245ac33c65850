// Every failure below Kubernetes' words has one of these types. What a program said is classified once, here.
import { type Command, brief } from "./argv";

/** A failure that a person can act on: the message says where, what and, if known, what to do. */
export class HostError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** The object that was asked for does not exist. The only error that means "gone". */
export class NotFound extends HostError {}

/** Something of that name exists and is not the lab's own. */
export class NotOurs extends HostError {}

/** The host cannot be reached, or refuses; nothing is known about what it holds. */
export class ConnectionFailed extends HostError {}

/** The connection ended or fell silent while a command ran: its effect is unknown. */
export class ConnectionLost extends HostError {}

/** The host lacks something that the lab needs. */
export class HostUnfit extends HostError {}

/** The user asked to stop. */
export class Cancelled extends HostError {}

/** A command ran and failed. */
export class CommandFailed extends HostError {
  constructor(
    readonly host: string,
    readonly command: Command,
    readonly code: number,
    readonly stderr: string,
  ) {
    const said = stderr.trim().split("\n").slice(0, 20).join("\n  ");
    const advice = /No space left on device/.test(stderr)
      ? "\n  its disk is full: df -h there says which is; make room, and run it again"
      : "";
    super(`on host "${host}": ${said || `exit code ${code}`}${advice}\n  exit code ${code} of: ${brief(command)}`);
  }
}

/** What a command left: its exit code and both streams. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Whether a program that only reads says that its object is not there.
 * Only the first line counts: later lines may echo our own words back. `exec of "x" failed: No such file` is
 * ip-netns(8) missing a program, so nothing is known about the object.
 */
export function saysNotFound(output: Output): boolean {
  if (output.code === 0) return false;
  const said = output.stderr.trimStart().split("\n", 1)[0] ?? "";
  if (/^exec of ".*" failed/.test(said)) return false;
  return notFound.some((pattern) => pattern.test(said));
}

/** Whole lines, because a name may hold the very words. */
const notFound = [
  /^Cannot open network namespace ".*": No such file or directory$/,
  /^setting the network namespace ".*" failed: Invalid argument$/, // a file below /run/netns, without a namespace
  /^Device ".*" does not exist\.?$/,
  /^Cannot find device ".*"$/,
  /^Error: ipv[46]: FIB table does not exist\.$/,
  /^sysctl: cannot stat \/proc\/sys\/.*: No such file or directory$/,
  /^Error: No such file or directory(; did you mean .*)?$/, // nft(8)
];
