// Whose is it? What lies in a namespace that the lab made is the lab's. Whatever it makes on a host is written down in
// /run/podnet/<lab>/.owned before it is made; /run and the kernel's objects vanish together at a reboot.
//
//   .owned/owner                             whose the lab is, as `ann@laptop:/home/ann/podnet`
//   .owned/host/NetworkNamespace-<hash>      one record (JSON) for each object in no namespace of the lab
//   .owned/netns-<hash>/Process-<hash>       and for those inside one
import { createHash } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { type Command, HostError, NotOurs, type Output } from "../host";
import type { Args, Kind } from "./kind";
import { script, scriptText } from "./script";

/** A dot, because the folders beside it are named after nodes, and no node's name starts with one. */
export const labFolder = (lab: string): string => `/run/podnet/${lab}`;
export const ownedFolder = (lab: string): string => `${labFolder(lab)}/.owned`;

/** A lab, and who works on it. */
export interface Whose {
  readonly lab: string;
  /** As `projectOwner` says it. */
  readonly owner: string;
}

/** There from the first record to the last. */
export const ownerMark = (lab: string): string => `${ownedFolder(lab)}/owner`;

/** Whose labs are that this process makes: its user's, in the project's folder. There Pulumi starts a plugin, wherever in it
 * `pulumi` was typed. */
export function projectOwner(): string {
  return `${user()}@${hostname()}:${process.cwd()}`.replaceAll("\n", " ");
}

/** Says whose it is instead, and what to do. */
export function anotherLab(host: string, { lab, owner }: Whose, theirs: string): NotOurs {
  return new NotOurs(
    `host "${host}": the lab "${lab}" there is another's. It was made by ${theirs}, and this is ${owner}, with a state of its own. ` +
      `If nobody wants that lab any more, remove it: npm run sweep -- ${lab}. Otherwise give this one another name`,
  );
}

/** A user id need not have a name. */
function user(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}

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
  /** Arguments that were written down before, and of which parts may still be there. */
  readonly former?: readonly (Args & Record<string, unknown>)[];
  /** What undoes it, as a person would type it. */
  readonly undo: readonly string[];
}

/** Process ids of what was started in a namespace, as a shell's pattern. */
export const pidFilesWithin = (lab: string, netns: string | undefined): string => `${inside(lab, netns)}/*.pid`;

export function recordPath(lab: string, kind: Kind, args: Args): string {
  return `${inside(lab, kind.within(args)[0])}/${kind.token.split(":")[2]}-${hash(kind.id(args))}`;
}

/** Asks whose an object is: the answer is for `parseOwnership`. */
export function probeOwnership(lab: string, kind: Kind, args: Args): Command {
  const spaces = kind.within(args);
  const records = spaces.map((netns) => (netns === undefined ? "/nowhere" : namespaceRecord(lab, netns)));
  return script("ask-ownership", [recordPath(lab, kind, args), ownerMark(lab), ...records]);
}

export interface Ownership {
  /** In namespaces that the lab made, and in no other place. */
  readonly inside: boolean;
  /** Whose the lab is on that host, if it says so. */
  readonly owner: string | undefined;
  readonly record: OwnedRecord | undefined;
}

/** @param command the one that asked, for the message */
export function parseOwnership({ stdout }: Output, { argv }: Command): Ownership {
  const [place, owner, ...lines] = stdout.split("\n");
  const text = lines.join("\n").trim();
  try {
    const record = text === "" ? undefined : (JSON.parse(text) as OwnedRecord);
    return { inside: place === "inside", owner: owner || undefined, record };
  } catch {
    throw new HostError(`the record ${argv[3]} is not whole, so nobody knows whose that is; look at it, and remove it`);
  }
}

/** Exit codes of `writeDown`. */
export const ofAnotherOwner = 3;
export const writtenMeanwhile = 4;

/**
 * Writes an object down, in one step, so that whoever reads the record finds it whole; and whose the lab is, if nothing says so yet.
 * @param isNew when nobody had written it down yet: then only one of two operations at work at once gets to make it
 */
export function writeDown({ lab, owner }: Whose, kind: Kind, args: Args, record: OwnedRecord, isNew: boolean): Command {
  const words = [recordPath(lab, kind, args), owner, ...(isNew ? ["new"] : [])];
  // A record may be longer than a command can be.
  return script("write-down", words, `${JSON.stringify(record)}\n`);
}

/** Forgets an object that is gone, and with a namespace all that lay inside. */
export function forget(lab: string, kind: Kind, args: Args): Command {
  const path = recordPath(lab, kind, args);
  const name = (args as { name?: string }).name;
  const insideIt = kind.token === "podnet:linux:NetworkNamespace" ? [inside(lab, name)] : [];
  return forgetBy(lab, path, ...insideIt);
}

/** Clears what is left when no object of the lab is written down any more. */
export function forgetRest(lab: string): Command {
  return forgetBy(lab, `${ownedFolder(lab)}/nothing`);
}

const forgetBy = (lab: string, ...words: string[]): Command =>
  script("forget", [scriptText("process-end"), labFolder(lab), ...words]);

/** Where it is written down that the lab caused the mount on /run/netns. */
export const netnsMountRecord = (lab: string): string => `${inside(lab, undefined)}/NetnsMount`;

/** The record of a folder that was made for a file. */
export const folderRecord = (lab: string, folder: string): string => `${inside(lab, undefined)}/Folder-${hash(folder)}`;
