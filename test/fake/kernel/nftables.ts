// nft(8): tables with sets, maps, chains and elements. A rule is the text that nft prints.
import type { Output } from "../../../components/host";
import { refuse, said, unknownCommand } from "./answer";
import type { NftTable, Space } from "./kernel";

const notFound = (): never => refuse(1, "Error: No such file or directory");
const exists = (): never => refuse(1, "Error: Could not process rule: File exists");
const busy = (): never => refuse(1, "Error: Could not process rule: Device or resource busy");

export function nft(space: Space, argv: readonly string[], stdin: string): Output {
  const words = argv.join(" ");
  if (words === "nft -f -") return run(space, stdin);
  const [, table = ""] = /^nft -s list table (\S+ \S+)$/.exec(words) ?? unknownCommand(argv);
  return said(list(table, space.nftables.get(table) ?? notFound()));
}

function list(name: string, { comment, objects }: NftTable): string {
  const blocks = [...objects].map(([object, { header, lines }]) => {
    const content = object.startsWith("chain ")
      ? lines
      : lines.length > 0
        ? [`elements = { ${lines.join(",\n\t\t\t     ")} }`]
        : [];
    return `\t${object} {\n${[...header, ...content].map((line) => `\t\t${line}\n`).join("")}\t}\n`;
  });
  return `table ${name} {\n${comment === "" ? "" : `\tcomment "${comment}"\n`}${blocks.join("\n")}}\n`;
}

/** All lines take effect at once, or none does. */
function run(space: Space, stdin: string): Output {
  const after = new Map([...space.nftables].map(([name, table]) => [name, copy(table)]));
  for (const line of stdin.split("\n")) if (line !== "") execute(after, line);
  for (const table of after.values()) expectWhole(table);
  space.nftables.clear();
  for (const [name, table] of after) space.nftables.set(name, table);
  return said();
}

const copy = ({ comment, objects }: NftTable): NftTable => ({
  comment,
  objects: new Map([...objects].map(([name, { header, lines }]) => [name, { header, lines: [...lines] }])),
});

function execute(tables: Map<string, NftTable>, line: string): void {
  const [, verb, kind, at = "", name = "", rest = ""] =
    /^(add|delete|flush) (\S+) (\S+ \S+)(?: ([^\s{]+))?(?: (.*))?$/.exec(line) ?? [];
  if (verb === undefined || kind === undefined) unknownCommand([line]);
  const inBraces = /^\{ (.*) \}$/.exec(rest)?.[1] ?? "";
  if (kind === "table" && verb === "add") {
    if (!tables.has(at)) tables.set(at, { comment: /comment "(.*)"/.exec(inBraces)?.[1] ?? "", objects: new Map() });
    return;
  }
  const table = tables.get(at) ?? notFound();
  if (kind === "table") tables.delete(at);
  else if (kind === "element") changeElement(table, verb, name, inBraces);
  else if (kind === "rule") (table.objects.get(`chain ${name}`) ?? notFound()).lines.push(asPrinted(rest));
  else if (verb === "flush") (table.objects.get(`${kind} ${name}`) ?? notFound()).lines.splice(0);
  else if (verb === "delete") {
    const { lines } = table.objects.get(`${kind} ${name}`) ?? notFound();
    if (kind === "chain" && lines.length > 0) busy();
    table.objects.delete(`${kind} ${name}`);
  } else if (!table.objects.has(`${kind} ${name}`))
    table.objects.set(`${kind} ${name}`, { header: headerOf(kind, inBraces), lines: [] });
}

/** A chain prints its hook in one line, a set its properties in lines of their own. */
function headerOf(kind: string, text: string): string[] {
  const properties =
    text
      .match(/(?:"[^"]*"|[^;"])+/g)
      ?.map((property) => property.trim())
      .filter(Boolean) ?? [];
  const isHook = (property: string): boolean => /^(type|policy) /.test(property);
  if (kind !== "chain") return properties;
  const hook = properties
    .filter(isHook)
    .map((property) => `${property};`)
    .join(" ");
  return [...(hook === "" ? [] : [hook]), ...properties.filter((property) => !isHook(property))];
}

/** Of two same elements in a rule's set one is left, in its braces. */
const asPrinted = (rule: string): string => rule.replaceAll(/\{ (\S+), \1 \}/g, "{ $1 }");

const keyOf = (element: string): string => element.replace(/ (comment "|: ).*$/, "");

function changeElement({ objects }: NftTable, verb: string, name: string, element: string): void {
  const { lines } = objects.get(`set ${name}`) ?? objects.get(`map ${name}`) ?? notFound();
  const at = lines.findIndex((other) => keyOf(other) === keyOf(element));
  if (verb === "delete") lines.splice(at < 0 ? notFound() : at, 1);
  else if (at < 0) lines.push(element);
  else if (lines[at] !== element) exists();
}

/** What is named is there. */
function expectWhole({ objects }: NftTable): void {
  for (const { lines } of objects.values())
    for (const line of lines) {
      for (const [, chain] of line.matchAll(/\b(?:jump|goto) ([^\s,}]+)/g)) if (!objects.has(`chain ${chain}`)) busy();
      for (const [, set] of line.matchAll(/@(\S+)/g))
        if (!objects.has(`set ${set}`) && !objects.has(`map ${set}`)) busy();
    }
}
