// Removes a lab from a host by nothing but what is written down there: no state, no program, no files of the lab.
// A file among the records that is not one, or not whole, is told and not obeyed.
import { dirname } from "node:path";
import type { Output, Runner } from "../host";
import { type Kind, resourceId } from "./kind";
import {
  type OwnedRecord,
  anotherLab,
  folderRecord,
  forgetRest,
  netnsMountRecord,
  ownedFolder,
  ownerMark,
  projectOwner,
  recordPath,
} from "./owned";
import { Reconciler } from "./reconcile";
import { kinds } from "./registry";
import { faultsOf } from "./schema";

export interface Swept {
  /** What was removed, or would be: `NetworkNamespace demo.node1`. */
  readonly removed: readonly string[];
  /** What is still there, and why: one sentence each. */
  readonly left: readonly string[];
}

interface Found {
  readonly path: string;
  /** Undefined for what is no plain file. */
  readonly content: string | undefined;
}

/** One thing that is written down. */
interface Written {
  readonly path: string;
  readonly what: string;
  readonly kind: Kind;
  readonly record: OwnedRecord;
}

interface Notes {
  /** Whose the lab is; nobody knows of an old one. */
  readonly owner: string | undefined;
  readonly written: readonly Written[];
  /** Folders that were made for files, by path, with their notes. */
  readonly folders: readonly (readonly [folder: string, note: string])[];
  /** What belongs to a record that is gone, or was never finished. */
  readonly scraps: readonly string[];
  readonly strange: readonly string[];
}

/**
 * Removes what is written down of objects that are no part of the lab.
 * @param isPart by the path of the record
 * @param owner whose state says what is a part; of another's lab it says nothing
 */
export async function sweepLeftovers(
  host: Runner,
  lab: string,
  isPart: (record: string) => boolean,
  owner: string,
): Promise<Swept> {
  const notes = await readNotes(host, lab, isPart);
  if (notes.owner !== undefined && notes.owner !== owner) return { removed: [], left: [] };
  const failures = new Map<string, string>();
  const removed = await removeAll(host, lab, notes, failures);
  return { removed, left: [...failures.values()] };
}

/**
 * @param dryRun only says what would be removed
 * @param owner whose lab alone is meant; without one, whosever it is
 */
export async function sweep(host: Runner, lab: string, dryRun = false, owner?: string): Promise<Swept> {
  const first = await readNotes(host, lab);
  if (owner !== undefined && first.owner !== undefined && first.owner !== owner)
    throw anotherLab(host.name, { lab, owner }, first.owner);
  if (dryRun) return { removed: told(first), left: first.strange };
  const removed: string[] = [];
  const failures = new Map<string, string>();
  // Whoever was killed while at work may have written something down a moment ago, so it looks again until nothing is new.
  const tried = new Set<string>();
  for (let notes = first; ; notes = await readNotes(host, lab)) {
    const next = notes.written.filter(({ path }) => !tried.has(path));
    if (next.length === 0) break;
    for (const { path } of next) tried.add(path);
    removed.push(...(await removeAll(host, lab, { ...notes, written: next }, failures)));
  }
  removed.push(...(await clear(host, lab)));
  const after = await readNotes(host, lab);
  if (after.owner === undefined) removed.push(...whose(first));
  const still = [
    ...after.written.map(({ what }) => what),
    ...after.folders.map(([folder]) => `folder ${folder}: not empty`),
  ];
  return { removed, left: [...still.map((what) => failures.get(what) ?? what), ...after.strange] };
}

const told = (notes: Notes): string[] => [
  ...inOrderOfRemoval(notes.written).flatMap((group) => group.map(({ what }) => what)),
  ...notes.folders.map(([folder]) => `folder ${folder}`),
  ...whose(notes),
];

const whose = ({ owner }: Notes): string[] => (owner === undefined ? [] : [`the lab of ${owner}`]);

/** The other way round than they can be made, kind by kind. What lies in a namespace that goes is gone with it. */
function inOrderOfRemoval(written: readonly Written[]): Written[][] {
  const going = new Set(written.map(({ kind, record }) => kind.space?.(record.args)));
  const inGoing = ({ kind, record: { args } }: Written): boolean =>
    kind.within(args).some((netns) => netns !== undefined && going.has(netns));
  const alone = written.filter((each) => !inGoing(each));
  return [...kinds].reverse().map((kind) => alone.filter((each) => each.kind === kind));
}

async function removeAll(
  host: Runner,
  lab: string,
  { owner = projectOwner(), written }: Notes,
  failures: Map<string, string>,
): Promise<string[]> {
  // A record names its host as the lab called it then; here it is this one.
  const reconciler = new Reconciler(lab, owner, () => host);
  const removed: string[] = [];
  for (const group of inOrderOfRemoval(written)) {
    await Promise.all(
      group.map(async ({ what, kind, record }) => {
        try {
          await reconciler.delete(kind, record.args);
          removed.push(what);
        } catch (error) {
          failures.set(what, `${what}: ${(error as Error).message}`);
        }
      }),
    );
  }
  return removed;
}

/** What no record stands for any more: notes on folders, files beside records, and the mount on /run/netns. */
async function clear(host: Runner, lab: string): Promise<string[]> {
  const { folders, scraps } = await readNotes(host, lab);
  const [gone] = await host.run([
    { argv: ["sh", "-c", clearFolders, "sh", ...folders.flat()] },
    { argv: ["sh", "-c", clearScraps, "sh", ...scraps] },
    forgetRest(lab),
  ]);
  return (gone?.stdout ?? "")
    .split("\n")
    .filter((folder) => folder !== "")
    .map((folder) => `folder ${folder}`);
}

const clearFolders =
  'while [ $# -gt 1 ]; do if [ -d "$1" ]; then rmdir "$1" 2>/dev/null && echo "$1" && rm -f "$2"; else rm -f "$2"; fi; shift 2; done; :';

/** A process that still runs has lost its record, and goes like one that has not. Field 22 of stat is the time of its start (proc(5)). */
const clearScraps = String.raw`for file; do
  case $file in *.pid)
    { read -r pid && read -r born; } <"$file" &&
      [ "$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 20)" = "$born" ] && kill -9 "-$pid" "$pid"
  esac
  rm -f "$file"
done 2>/dev/null; :`;

/** The paths of all files, each in a line, in hexadecimal. */
const list = String.raw`[ ! -d "$1" ] || find "$1" -mindepth 1 ! -type d -print0 | perl -0ne 'chomp; print unpack("H*", $_), "\n"'`;

/** For each of these paths a line: its type, its path and its content, both in hexadecimal; of a log nobody needs the content. */
const read = String.raw`perl -e '
  for (map { chomp; pack "H*", $_ } <STDIN>) {
    my ($type, $text) = (-f $_ && !-l $_ ? "file" : "other", "");
    if ($type eq "file" && !/\.log$/ && open(my $file, "<", $_)) { read $file, $text, 1 << 24 }
    print join(" ", $type, unpack("H*", $_), unpack("H*", $text)), "\n";
  }'`;

/** @param isKnown paths of records that nobody needs to read, for there may be thousands */
async function readNotes(
  host: Runner,
  lab: string,
  isKnown: (record: string) => boolean = () => false,
): Promise<Notes> {
  const [names] = await host.run([{ argv: ["sh", "-c", list, "sh", ownedFolder(lab)] }]);
  const paths = linesOf(names).map(fromHex);
  const asked = paths.filter((path) => !isKnown(path));
  const stdin = asked.map((path) => `${Buffer.from(path).toString("hex")}\n`).join("");
  const [contents] = await host.run([{ argv: ["sh", "-c", read], stdin }]);
  return sort(lab, linesOf(contents).map(readLine), new Set(paths));
}

const linesOf = (output: Output | undefined): string[] =>
  (output?.stdout ?? "").split("\n").filter((line) => line !== "");

const fromHex = (text: string): string => Buffer.from(text, "hex").toString("utf8");

function readLine(line: string): Found {
  const [type, path = "", content = ""] = line.split(" ");
  return { path: fromHex(path), content: type === "file" ? fromHex(content) : undefined };
}

/** @param records paths of all that is there, whether it was read or not */
function sort(lab: string, found: readonly Found[], records: ReadonlySet<string>): Notes {
  const written: Written[] = [];
  const folders: [string, string][] = [];
  const scraps: string[] = [];
  const strange: string[] = [];
  let owner: string | undefined;
  for (const { path, content } of found) {
    const base = path.replace(/(\.\d+)?\.(pid|log|new)$/, "");
    if (path === netnsMountRecord(lab) && content !== undefined) continue;
    if (path === ownerMark(lab) && content !== undefined) owner = content.trimEnd() || undefined;
    else if (content === undefined || !isNoteName(lab, base)) strange.push(`${path}: no file of podnet's`);
    else if (path.endsWith(".new") || (base !== path && !records.has(base))) scraps.push(path);
    else if (base !== path)
      continue; // Goes with its record.
    else if (/\/Folder-[^/]+$/.test(path)) readFolder(path, content);
    else readRecord(path, content);
  }
  // The innermost folder first.
  folders.sort(([a], [b]) => b.length - a.length);
  return { owner, written, folders, scraps, strange };

  /** The note is there before the folder is: one without its line was never acted on. */
  function readFolder(path: string, content: string): void {
    const folder = content.trimEnd();
    if (folder === "") scraps.push(path);
    else if (path === folderRecord(lab, folder)) folders.push([folder, path]);
    else strange.push(`${path}: names ${folder}, which is another note's folder`);
  }

  function readRecord(path: string, content: string): void {
    try {
      written.push(parseRecord(lab, path, content));
    } catch (error) {
      strange.push(`${path}: ${(error as Error).message}`);
    }
  }
}

const isNoteName = (lab: string, path: string): boolean => {
  const name = path.slice(ownedFolder(lab).length + 1);
  return (
    path === ownerMark(lab) ||
    (dirname(path).startsWith(ownedFolder(lab)) &&
      /^(host|netns-[0-9a-f]{20})\/[A-Z][A-Za-z]+-[0-9a-f]{20}$/.test(name))
  );
};

/** A record is obeyed only when all of it makes sense, and when it lies where podnet would have put it. */
function parseRecord(lab: string, path: string, content: string): Written {
  const record = parseJson(content) as Partial<OwnedRecord> | null;
  const kind = kinds.find(({ token }) => token === record?.token);
  if (!kind || !record?.args) throw new Error("no record of anything that podnet knows");
  const { args, before } = record;
  for (const values of before === undefined ? [args] : [args, before]) {
    const [fault] = [...faultsOf(kind.args, values), ...(kind.validate?.(values as OwnedRecord["args"]) ?? [])];
    if (fault) throw new Error(`${fault.property} ${fault.reason}`);
  }
  if (recordPath(lab, kind, args) !== path)
    throw new Error(`speaks of ${resourceId(kind, args)}, whose record lies elsewhere`);
  const what = `${kind.token.split(":")[2]} ${kind.id(args).replace(/^,/, "")}`;
  return { path, what, kind, record: { token: kind.token, args, before, undo: [] } };
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    throw new Error("not a whole record");
  }
}
