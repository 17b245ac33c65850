/**
 * What iptables-save(8) and `nft -s list table` print of a node, in an order that does not depend on chance:
 * kube-proxy takes the service ports as they come out of a hash table. The order of rules of one service port is its own.
 */
import { gunzipSync, gzipSync } from "node:zlib";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Mode = "iptables" | "nftables";

export interface Dump {
  /** What there is besides rules: sysctls and counters. */
  readonly facts: readonly string[];
  readonly text: string;
}

/** Big files are compressed; `zcat` and `zdiff` show them. */
const fileOf = (name: string, mode: Mode): string =>
  join(__dirname, mode, name.startsWith("random-") ? `${name}.txt.gz` : `${name}.txt`);

export function writeDump(name: string, mode: Mode, { facts, text }: Dump): void {
  const content = [...facts.map((fact) => `# ${fact}\n`), ordered(mode, text)].join("");
  const file = fileOf(name, mode);
  writeFileSync(file, file.endsWith(".gz") ? gzipSync(content, { level: 9 }) : content);
}

export function readDump(name: string, mode: Mode): Dump {
  const file = fileOf(name, mode);
  const content = readFileSync(file);
  const lines = (file.endsWith(".gz") ? gunzipSync(content) : content).toString().split("\n");
  const isFact = (line: string): boolean => line.startsWith("# ");
  return {
    facts: lines.filter(isFact).map((line) => line.slice(2)),
    text: lines.filter((line) => !isFact(line)).join("\n"),
  };
}

export const ordered = (mode: Mode, text: string): string =>
  mode === "iptables" ? orderedSave(text) : orderedList(text);

/** Table by table; chains by name, as iptables-save has those that are not built in. */
function orderedSave(text: string): string {
  const tables = [...text.matchAll(/^\*(\w+)\n([^]*?)^COMMIT$/gm)].map(([, table = "", body = ""]) => {
    const lines = body.split("\n");
    const made = lines.flatMap((line) => /^:(\S+) - /.exec(line)?.[1] ?? []);
    const rules = lines.filter((line) => line.startsWith("-A "));
    const chains = [...new Set([...made, ...rules.map(chainOf)])].sort();
    const declared = chains.filter((chain) => made.includes(chain)).map((chain) => `:${chain} - [0:0]`);
    const inOrder = chains.flatMap((chain) => byService(rules.filter((rule) => chainOf(rule) === chain)));
    return [`*${table}`, ...declared, ...inOrder, "COMMIT\n"].join("\n");
  });
  return tables.sort().join("");
}

const chainOf = (rule: string): string => rule.split(" ")[1] ?? "";

const nodePorts = "kubernetes service nodeports";

/** Rules of service ports that follow each other, sorted by service port; those of the node stay where they are. */
function byService(rules: readonly string[]): string[] {
  const runs: string[][] = [];
  let before: boolean | undefined;
  for (const rule of rules) {
    const isOfPort = keyOf(rule) !== undefined;
    if (isOfPort === before) runs.at(-1)?.push(rule);
    else runs.push([rule]);
    before = isOfPort;
  }
  // One rule for each address that takes NodePorts, which come in any order as well.
  const rank = (rule: string): string => keyOf(rule) ?? (rule.includes(nodePorts) ? rule : "");
  return runs.flatMap((run) => run.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0)));
}

/** `namespace/service:port` at the beginning of the comment. */
const keyOf = (rule: string): string | undefined => / --comment "([\w-]+\/[\w-]+(?::[\w-]+)?)[ "]/.exec(rule)?.[1];

/** Objects by kind and name, elements one per line. */
function orderedList(text: string): string {
  const [, head = "", body = ""] = /^(table [^]*?)(\t(?:set|map|chain) [^]*)\}\n*$/.exec(text) ?? [];
  const objects = body.match(/^\t(?:set|map|chain) [^]*?^\t\}$/gm) ?? [];
  const withElements = objects.map((object) =>
    object.replace(/^\t\telements = \{ ([^]*) \}$/m, (_, elements: string) => {
      const lines = elements.split(/,\s+/).sort();
      return ["\t\telements = {", ...lines.map((line) => `\t\t\t${line},`), "\t\t}"].join("\n");
    }),
  );
  return `${head}${withElements.sort().join("\n")}\n}\n`;
}
