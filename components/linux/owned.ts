// Whose is it? What lies in a namespace that the lab made is the lab's. Everything else that the lab makes on a host is
// written down in /run/podnet/<lab>/.owned before it is made; /run and the kernel's objects vanish together at a reboot.
//
//   .owned/host/NetworkNamespace-<hash>      one record (JSON) for each object in no namespace of the lab
//   .owned/netns-<hash>/Process-<hash>       and for those inside one that need a record all the same
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, HostError, type Output } from "../host";
import type { Args, Kind } from "./kind";

/** A dot, because the folders beside it are named after nodes, and no node's name starts with one. */
export const labFolder = (lab: string): string => `/run/podnet/${lab}`;
export const ownedFolder = (lab: string): string => `${labFolder(lab)}/.owned`;

/** Names may be longer than a file's name can be (255 bytes), and hold slashes. */
const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 20);

const inside = (lab: string, netns: string | undefined): string =>
  `${ownedFolder(lab)}/${netns === undefined ? "host" : `netns-${hash(netns)}`}`;

const namespaceRecord = (lab: string, netns: string): string =>
  `${inside(lab, undefined)}/NetworkNamespace-${hash(netns)}`;

/** What podnet knows of an object when all it has is the host. */
export interface OwnedRecord {
  readonly token: string;
  readonly args: Args & Record<string, unknown>;
  /** What was there before. */
  readonly before?: Record<string, unknown>;
  /** What undoes it, as a person would type it. */
  readonly undo: readonly string[];
}

export function recordPath(lab: string, kind: Kind, args: Args): string {
  return `${inside(lab, kind.within(args)[0])}/${kind.token.split(":")[2]}-${hash(kind.id(args))}`;
}

/** Asks whose an object is: the answer is for `parseOwnership`. */
export function probeOwnership(lab: string, kind: Kind, args: Args): Command {
  const spaces = kind.within(args);
  const records = spaces.map((netns) => (netns === undefined ? "/nowhere" : namespaceRecord(lab, netns)));
  const ask =
    'record=$1; shift; where=inside; for space; do [ -e "$space" ] || where=outside; done; echo $where; [ ! -e "$record" ] || cat "$record"';
  return { argv: ["sh", "-c", ask, "sh", recordPath(lab, kind, args), ...records] };
}

export interface Ownership {
  /** In namespaces that the lab made, and in no other place. */
  readonly inside: boolean;
  readonly record: OwnedRecord | undefined;
}

/** @param command the one that asked, for the message */
export function parseOwnership({ stdout }: Output, { argv }: Command): Ownership {
  const [place, ...lines] = stdout.split("\n");
  const text = lines.join("\n").trim();
  try {
    return { inside: place === "inside", record: text === "" ? undefined : (JSON.parse(text) as OwnedRecord) };
  } catch {
    throw new HostError(`the record ${argv[4]} is not whole, so nobody knows whose that is; look at it, and remove it`);
  }
}

/** Writes an object down, in one step, so that whoever reads the record finds it whole. */
export function writeDown(lab: string, kind: Kind, args: Args, record: OwnedRecord): Command {
  const path = recordPath(lab, kind, args);
  // A record may be longer than a command can be. While the folder is made, somebody may clear it behind another's last record.
  const write =
    'record=$(cat); for again in 1 2 3; do mkdir -p "$1" && printf "%s\\n" "$record" >"$2.new" && mv -f "$2.new" "$2" && exit; done; exit 1';
  return { argv: ["sh", "-c", write, "sh", dirname(path), path], stdin: `${JSON.stringify(record)}\n` };
}

const forgetScript = readFileSync(join(__dirname, "forget.sh"), "utf8");

/** Forgets an object that is gone, and with a namespace all that lay inside. */
export function forget(lab: string, kind: Kind, args: Args): Command {
  const path = recordPath(lab, kind, args);
  const name = (args as { name?: string }).name;
  const insideIt = kind.token === "podnet:linux:NetworkNamespace" ? [inside(lab, name)] : [];
  return { argv: ["sh", "-s", "--", labFolder(lab), path, ...insideIt], stdin: forgetScript };
}

/** Clears what is left when no object of the lab is written down any more. */
export function forgetRest(lab: string): Command {
  return { argv: ["sh", "-s", "--", labFolder(lab), `${ownedFolder(lab)}/nothing`], stdin: forgetScript };
}

/** Where it is written down that the lab caused the mount on /run/netns. */
export const netnsMountRecord = (lab: string): string => `${inside(lab, undefined)}/NetnsMount`;

/** The record of a folder that was made for a file. */
export const folderRecord = (lab: string, folder: string): string => `${inside(lab, undefined)}/Folder-${hash(folder)}`;
