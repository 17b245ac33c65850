// What podnet's own scripts do, known by a piece of their text. test/unit/linux/scripts.test.ts runs the real ones.
import { basename, dirname } from "node:path";
import type { Output } from "../../../components/host";
import { refuse, said, unknownCommand } from "./answer";
import { enter, ip as ipIn } from "./ip";
import { sysctl } from "./sysctl";
import { inside, isFolder, makeFolder, move, removeFolder, removeTree, write } from "./files";
import type { Kernel, Process, Space } from "./kernel";

type Words = readonly string[];
type Script = (kernel: Kernel, args: Words, stdin: string, space: Space) => Output;

const pairs = (words: Words): [string, string][] =>
  words.flatMap((word, i): [string, string][] => (i % 2 === 0 ? [[word, words[i + 1] ?? ""]] : []));

/** By a piece of the script's text: of a shell's any, of Perl's a piece of its first lines. */
const scripts: readonly (readonly [text: string, script: Script])[] = [
  ["f=/proc/sys/net/ipv4/conf/$dev/promote_secondaries", removeAddresses],
  ["-mindepth 1 ! -type d", listNotes],
  ['pack "H*", $_ } <STDIN>', readNotes],
  ["find \"$1\" -name '.*' -prune", listFiles],
  ['rmdir "$1" 2>/dev/null && echo "$1"', sweepFolders],
  ["for file; do\n  case $file in *.pid)", sweepScraps],
  ["# Writes down one object", writeRecord],
  ["# Says whose an object is", askOwnership],
  ["# Forgets what was written down", forget],
  ["# Writes a file in one step", writeFile],
  ["# Reads a file", readFile],
  ["# Makes the folders above a file", makeFolders],
  ["# Removes the folders that were made", clearFolders],
  ["# Notes that it is the lab that causes the mount", noteMount],
  ["# Says what a name below /run/netns stands for", lookAtNetns],
  ["# Reads the network namespace", readNetns],
  ["exit 0 unless grep { -e } splice @ARGV, 0, 2", endStarted],
  ["# Finds processes of a lab that hold ports", endHolders],
  ["# Ends what a lab left running", endProcesses],
  ["# Finds a process that a lab started", findProcess],
  ["# Starts a process", startProcess],
  ["# Waits until a process", waitForProcess],
];

/** What a script of podnet's does, in sh or in Perl: its text stands behind -c or -e. */
export function script(kernel: Kernel, space: Space, argv: Words, stdin: string): Output {
  const [program, , text = "", ...rest] = argv;
  const run = scripts.find(([piece]) => text.includes(piece))?.[1] ?? unknownCommand(argv);
  return run(kernel, program === "sh" ? rest.slice(1) : rest, stdin, space);
}

function writeRecord({ files }: Kernel, [path = "", owner = "", isNew]: Words, stdin: string): Output {
  const mark = `${dirname(dirname(path))}/owner`;
  const whose = files.get(mark)?.content.trimEnd();
  if (whose !== undefined && whose !== owner) refuse(3, whose);
  makeFolder(files, dirname(path));
  write(files, mark, `${owner}\n`);
  if (isNew !== undefined && files.has(path)) refuse(4, "");
  write(files, path, stdin);
  return said();
}

function askOwnership({ files }: Kernel, [record = "", mark = "", ...spaces]: Words): Output {
  const where = spaces.every((space) => files.has(space)) ? "inside" : "outside";
  return said(`${where}\n${files.get(mark)?.content.trimEnd() ?? ""}\n${files.get(record)?.content ?? ""}`);
}

function writeFile({ files }: Kernel, [mode = "", path = "", unfinished = ""]: Words, stdin: string): Output {
  write(files, unfinished, stdin);
  const file = files.get(unfinished);
  if (file) file.mode = mode;
  move(files, unfinished, path);
  return said();
}

function readFile({ files }: Kernel, [path = ""]: Words): Output {
  const file = files.get(path);
  if (file === undefined) return said();
  const content = file.type === "file" ? Buffer.from(file.content).toString("hex") : "";
  return said(`${file.mode} ${file.type}\n${content}`);
}

function makeFolders({ files }: Kernel, words: Words): Output {
  const missing = pairs(words).filter(([folder]) => !isFolder(files, folder));
  for (const [folder, note] of missing.reverse()) {
    write(files, note, `${folder}\n`);
    makeFolder(files, folder);
  }
  return said();
}

function clearFolders({ files }: Kernel, words: Words): Output {
  for (const [folder, note] of pairs(words)) {
    if (!files.has(note) || (isFolder(files, folder) && !removeFolder(files, folder))) break;
    files.delete(note);
  }
  return said();
}

function noteMount({ files, netnsIsMounted }: Kernel, [note = ""]: Words): Output {
  if (!netnsIsMounted) write(files, note, "");
  return said();
}

function removeAddresses(kernel: Kernel, [dev = "", ...addresses]: Words, _: string, space: Space): Output {
  const link = space.links.find(({ name }) => name === dev) ?? refuse(1, `cat: no ${dev}`);
  const conf = kernel.confOf(link);
  const before = conf.get("ipv4/promote_secondaries") ?? "0";
  conf.set("ipv4/promote_secondaries", "1");
  for (const address of addresses) ipIn(kernel, space, ["ip", "addr", "del", ...address.split(" "), "dev", dev]);
  conf.set("ipv4/promote_secondaries", before);
  return said();
}

/** The process that a file with its id and the time of its start stands for. */
function processOf(kernel: Kernel, path: string): Process | undefined {
  const [pid, born] = (kernel.files.get(path)?.content ?? "").split("\n").map(Number);
  const process = kernel.processes.get(pid ?? -1);
  return process?.born === born ? process : undefined;
}

function findProcess(kernel: Kernel, [record = "", pidFile = "", place = "", ...marks]: Words): Output {
  const { files } = kernel;
  if (!files.has(record)) refuse(3, "");
  if (!/^\d+\n\d+\n/.test(files.get(pidFile)?.content ?? "")) {
    const found = [...kernel.processes.values()].find((process) => marks.every((mark) => process.marks.includes(mark)));
    if (found) write(files, pidFile, `${found.pid}\n${found.born}\n`);
  }
  const process = processOf(kernel, pidFile);
  const space = place === "/proc/self/ns/net" ? kernel.host : kernel.files.get(place)?.space;
  return process && process.space === space ? said(files.get(record)?.content) : refuse(3, "");
}

function lookAtNetns(kernel: Kernel, [path = ""]: Words): Output {
  const file = kernel.files.get(path);
  if (file?.space === kernel.host) return said("the host's own network namespace");
  return said(
    file === undefined ? "" : file.space === undefined ? "a file without a namespace" : "a network namespace",
  );
}

function readNetns(kernel: Kernel, names: Words, _: string, space: Space): Output {
  const lo = space.links.find(({ name }) => name === "lo");
  const values = names.map((name) => sysctl(kernel, space, ["sysctl", "-n", name]).stdout.trim());
  return said([lo?.up ? "up" : "down", ...values].map((line) => `${line}\n`).join(""));
}

function endStarted(kernel: Kernel, [pidFile = "", log = "", ...words]: Words): Output {
  return kernel.files.has(pidFile) || kernel.files.has(log) ? endProcesses(kernel, words) : said();
}

function endHolders(kernel: Kernel, [, , pattern = "", count, ...words]: Words): Output {
  const staying = new Map(pairs(words.slice(0, Number(count))));
  const numbers = words.slice(Number(count)).map((port) => port.split(":")[1] ?? "");
  for (const path of pidFilesOf(kernel, pattern)) {
    const process = processOf(kernel, path);
    const stays = process?.marks.includes(`PODNET_SPEC=${staying.get(path)}`);
    if (process && !stays && ports(process).some((port) => numbers.includes(port)))
      kernel.processes.delete(process.pid);
  }
  return said();
}

const pidFilesOf = ({ files }: Kernel, pattern: string): string[] =>
  pattern.endsWith("/*.pid") ? inside(files, dirname(pattern)).filter((path) => path.endsWith(".pid")) : [pattern];

/** What carries the marks, is in the namespace, or has its id in one of the files. */
function endProcesses(kernel: Kernel, [, lab = "", ...groups]: Words): Output {
  for (let rest = groups; rest.length > 0; rest = rest.slice(3 + Number(rest[2])))
    endGroup(kernel, lab, rest[0] ?? "", rest[1] ?? "", rest.slice(3, 3 + Number(rest[2])));
  return said();
}

function endGroup(kernel: Kernel, lab: string, name: string, place: string, patterns: Words): void {
  const space = kernel.files.get(place)?.space;
  const written = patterns.flatMap((pattern) => pidFilesOf(kernel, pattern)).map((path) => processOf(kernel, path));
  const isNamed = (mark: string): boolean =>
    /(^|,)$/.test(name) ? mark.startsWith(`PODNET_PROCESS=${name}`) : mark === `PODNET_PROCESS=${name}`;
  for (const process of kernel.processes.values()) {
    const isMarked = process.marks.includes(`PODNET_LAB=${lab}`) && process.marks.some(isNamed);
    const isInside = space !== undefined && space !== kernel.host && process.space === space;
    if (isMarked || isInside || written.includes(process)) kernel.processes.delete(process.pid);
  }
}

function listNotes({ files }: Kernel, [folder = ""]: Words): Output {
  const hex = (text: string): string => Buffer.from(text).toString("hex");
  const below = [...files].filter(([path, { type }]) => path.startsWith(`${folder}/`) && type === "file");
  return said(below.map(([path]) => `${hex(path)}\n`).join(""));
}

function readNotes({ files }: Kernel, _: Words, stdin: string): Output {
  const lines = stdin.split("\n").filter((line) => line !== "");
  const content = (line: string): string => files.get(Buffer.from(line, "hex").toString())?.content ?? "";
  return said(lines.map((line) => `file ${line} ${Buffer.from(content(line)).toString("hex")}\n`).join(""));
}

function listFiles({ files }: Kernel, [folder = "", notes = "", mark = ""]: Words): Output {
  const hex = (text: string): string => Buffer.from(text).toString("hex");
  const isListed = (path: string): boolean =>
    path.startsWith(`${notes}/File-`) || (path.startsWith(`${folder}/`) && !path.includes("/."));
  const lines = [...files]
    .filter(([path, { type }]) => type === "file" && isListed(path))
    .map(([path, { content }]) => `${hex(path)} ${hex(content)}\n`);
  return said(`${files.get(mark)?.content ?? "\n"}${lines.join("")}`);
}

function sweepFolders({ files }: Kernel, words: Words): Output {
  const gone: string[] = [];
  for (const [folder, note] of pairs(words)) {
    if (isFolder(files, folder) && !removeFolder(files, folder)) continue;
    gone.push(folder);
    files.delete(note);
  }
  return said(gone.map((folder) => `${folder}\n`).join(""));
}

function sweepScraps(kernel: Kernel, paths: Words): Output {
  for (const path of paths) {
    const process = path.endsWith(".pid") ? processOf(kernel, path) : undefined;
    if (process) kernel.processes.delete(process.pid);
    kernel.files.delete(path);
  }
  return said();
}

function forget(kernel: Kernel, [, lab = "", record = "", within = ""]: Words): Output {
  const { files } = kernel;
  const [owned, parent] = [`${lab}/.owned`, dirname(lab)];
  for (const path of [record, `${record}.pid`, `${record}.log`]) files.delete(path);
  if (within !== "" && isFolder(files, within)) removeTree(files, within);
  passOnMount(kernel, owned, parent);
  for (const folder of inside(files, owned)) if (!folder.endsWith("/host")) removeFolder(files, folder);
  removeFolder(files, `${owned}/host`);
  if (isFolder(files, owned) && !inside(files, owned).some((path) => isFolder(files, path))) {
    endProcesses(kernel, ["2", basename(lab), "", "", "0"]);
    files.delete(`${owned}/owner`);
  }
  for (const folder of [owned, lab, parent]) removeFolder(files, folder);
  return said();
}

/** Who caused the mount on /run/netns undoes it behind the last namespace, or leaves the duty to another lab. */
function passOnMount(kernel: Kernel, owned: string, parent: string): void {
  const { files } = kernel;
  const mark = `${owned}/host/NetnsMount`;
  if (!files.has(mark)) return;
  if (inside(files, "/run/netns").length === 0) {
    kernel.netnsIsMounted = false;
    removeFolder(files, "/run/netns");
    files.delete(mark);
  } else if (inside(files, owned).flatMap((path) => inside(files, path)).length === 1) {
    files.delete(mark);
    const heir = inside(files, parent).find(
      (lab) => `${lab}/.owned` !== owned && isFolder(files, `${lab}/.owned/host`),
    );
    if (heir !== undefined) write(files, `${heir}/.owned/host/NetnsMount`, "");
  }
}

/** Programs of processes: `server PORT...` listens, `silent` never does, `crash` ends at once, `missing` is none. */
const ports = (process: Process): readonly string[] =>
  process.command[0] === "server" ? process.command.slice(1) : [];

function startProcess(kernel: Kernel, [log = "", pidFile = "", count, ...rest]: Words, _: string, here: Space): Output {
  const program = rest.slice(Number(count));
  const enters = program[0] === "ip";
  const space: Space = enters ? enter(kernel, program[3]) : here;
  const words = enters ? program.slice(program.indexOf("env") + 2) : rest;
  const command = words.slice(words.findIndex((word) => !word.includes("=")));
  const others = [...kernel.processes.values()].filter((other) => other.space === space).flatMap(ports);
  const process = kernel.start(
    space,
    command,
    words.filter((word) => word.startsWith("PODNET_")),
  );
  write(kernel.files, pidFile, `${process.pid}\n${process.born}\n`);
  const isTaken = ports(process).some((port) => others.includes(port));
  const [first = ""] = command;
  const last =
    first === "missing" ? "missing: No such file or directory" : isTaken ? "bind: Address already in use" : "";
  write(kernel.files, log, last);
  if (last !== "" || first === "crash") kernel.processes.delete(process.pid);
  return said();
}

function waitForProcess(kernel: Kernel, [pidFile = "", ...rest]: Words): Output {
  const process = processOf(kernel, pidFile);
  const [log = "", limit, , count] = rest;
  const wanted = rest.slice(4 + Number(count)).map((port) => port.split(":")[1] ?? "");
  if (!process) {
    const last = kernel.files.get(log)?.content ?? "";
    refuse(1, `it ended at once${last === "" ? " without a word" : `: ${last}`}`);
  }
  const silent = wanted.filter((port) => !ports(process).includes(port));
  return said(
    silent.length === 0 ? "" : `it runs, but does not listen on ${silent.join(" ")} after ${limit} seconds\n`,
  );
}
