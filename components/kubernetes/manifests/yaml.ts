// YAML text in, plain values with their places out. Values mean what they mean to kubectl, which reads YAML with Go's
// yaml.v2: booleans are also written yes, no, on, off, y and n, `<<` merges, 0644 and 0o644 are octal; times are plain text.

import {
  type Alias,
  type Document,
  LineCounter,
  type Node,
  type ParsedNode,
  type Scalar,
  type YAMLError,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseAllDocuments,
  visit,
} from "yaml";
import type { Place } from "./problem";
import type { Path, Source } from "./source";
import type { Problem } from "./types";

export interface YamlDocument {
  readonly value: unknown;
  readonly source: Source;
}

/** Enough for a lab in which every pod repeats an anchor; too few for the documents that expand to billions of values. */
const maxAliasCount = 10_000;

export function readYaml(file: string, text: string): { documents: YamlDocument[]; problems: Problem[] } {
  const lines = new LineCounter();
  const documents: YamlDocument[] = [];
  const problems: Problem[] = [];
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: "1.1",
    stringKeys: true,
    customTags: (tags) => [...tags.filter((tag) => typeof tag === "string" || !isTime(tag)), "intOct"],
  });
  for (const document of parsed) {
    const aliases = aliasesIn(document);
    const wrong = [...faultsOf(document), ...unknownAliases(aliases), ...badMerges(document, aliases)];
    for (const { offset, message } of wrong) problems.push({ ...placeIn(file, lines, offset), message });
    if (wrong.length > 0 || document.contents === null) continue;
    try {
      const value: unknown = document.toJS({ maxAliasCount });
      if (value !== null) documents.push({ value, source: yamlSource(file, lines, document, aliases) });
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error; // what yaml throws for aliases without end
      const message = "the aliases (*name) in this document expand without end; write the values out";
      problems.push({ ...placeIn(file, lines, document.contents.range[0]), message });
    }
  }
  return { documents, problems };
}

/** 12:30 is a number of seconds in YAML 1.1 and 2025-01-01 a date; to Kubernetes both are text. */
const isTime = ({ tag, format }: { tag: string; format?: string }): boolean =>
  format === "TIME" || tag.endsWith(":timestamp");

interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** The first syntax error, since those after it follow from it, and every key that is given twice. */
function faultsOf(document: Document.Parsed): Fault[] {
  const { errors, warnings } = document;
  const syntax = errors.filter(({ code }) => code !== "DUPLICATE_KEY").slice(0, 1);
  const twice = errors.filter(({ code }) => code === "DUPLICATE_KEY");
  const merged = mergedObjects(document).filter(({ keys }) => keys.length > 1);
  const explained = new Set(merged.flatMap(({ keys }) => keys));
  const rest = [...syntax, ...twice.filter(({ pos: [offset] }) => !explained.has(offset)), ...warnings];
  return [
    ...merged.map(({ first, keys: [offset = 0] }) => ({ offset, message: separatorMissing(first) })),
    ...rest.map((error) => ({ offset: error.pos[0], message: explain(error) })),
  ];
}

const separatorMissing = (key: string): string =>
  `${key} is given twice in the same object; a "---" seems to be missing in front of this one, on a line of its own`;

/** An object that stands in another one's document: the key that it begins with, and where its keys are that the document has already. */
interface Merged {
  readonly first: string;
  readonly keys: number[];
}

/** Objects begin with apiVersion or kind, and have each of the two once. */
function mergedObjects({ contents }: Document.Parsed): Merged[] {
  const objects: Merged[] = [];
  const known = new Set<string>();
  let own = new Set<string>();
  for (const { key } of isMap(contents) && contents.flow !== true ? contents.items : []) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    if (own.has(name) && ["apiVersion", "kind"].includes(name)) {
      objects.push({ first: name, keys: [] });
      own = new Set();
    }
    if (known.has(name) && !own.has(name)) objects.at(-1)?.keys.push(key.range?.[0] ?? 0);
    known.add(name);
    own.add(name);
  }
  return objects;
}

/** What yaml calls an error, in words for someone who wrote a list of pods. */
function explain({ code, message }: YAMLError): string {
  const [, bracket] = /must be sufficiently indented and end with a (.)/.exec(message) ?? [];
  if (bracket !== undefined) return `a bracket before this place is not closed; add the "${bracket}"`;
  switch (code) {
    case "DUPLICATE_KEY":
      return "this key is given twice in the same mapping; keep one of the two";
    case "TAB_AS_INDENT":
      return "a tab indents this line; YAML takes spaces only";
    case "BAD_INDENT":
      return "this line does not align with the lines before it; give what belongs together the same number of spaces";
    case "BLOCK_AS_IMPLICIT_KEY":
      return 'there are two ": " on this line; begin a nested mapping on a line of its own, or put the text in quotes';
    case "MULTILINE_IMPLICIT_KEY":
      return 'there is no ":" after this key; add it, or put text of several lines in quotes';
    case "BAD_SCALAR_START":
      return "text cannot begin with this character; put it in quotes";
    case "NON_STRING_KEY":
      return "a mapping or list cannot be a key; put text with braces in quotes, and templates ({{ ... }}) are not filled in here";
    case "TAG_RESOLVE_FAILED":
      return `${lower(message)}; leave the tag (!...) out`;
    case "MISSING_CHAR":
      if (/^Missing closing .quote/.test(message)) return "a quote before this place is not closed; close it";
  }
  return `broken YAML: ${lower(message)}; check the indentation, the quotes and the brackets around here`;
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

type Aliases = ReadonlyMap<Alias, Node | undefined>;

/** What each alias stands for: the last node before it with that anchor. In one walk; yaml itself takes one per alias. */
function aliasesIn(document: Document.Parsed): Aliases {
  const anchors = new Map<string, Node>();
  const aliases = new Map<Alias, Node | undefined>();
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) aliases.set(node, anchors.get(node.source));
      else if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return aliases;
}

const unknownAliases = (aliases: Aliases): Fault[] =>
  [...aliases]
    .filter(([, node]) => node === undefined)
    .map(([{ source, range }]) => ({
      offset: range?.[0] ?? 0,
      message: `no anchor &${source} comes before this alias; text that begins with "*" needs quotes`,
    }));

/** `<<` takes a mapping or a list of mappings; yaml throws at anything else, without a place. */
function badMerges(document: Document.Parsed, aliases: Aliases): Fault[] {
  const faults: Fault[] = [];
  const target = (node: unknown): unknown => (isAlias(node) ? aliases.get(node) : node);
  visit(document, {
    Pair(_key, { key, value }) {
      if (!isMergeKey(key)) return;
      const merged = target(value);
      const sources = isSeq(merged) ? merged.items.map(target) : [merged];
      if (sources.every(isMap)) return;
      const message =
        '"<<" merges mappings, but this is none; write an alias (*name) of a mapping, or put "<<" in quotes';
      faults.push({ offset: key.range?.[0] ?? 0, message });
    },
  });
  return faults;
}

const isMergeKey = (key: unknown): key is Scalar => isScalar(key) && key.type === "PLAIN" && key.source === "<<";

function placeIn(file: string, lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col };
}

/** A value and the key it stands under; a list item has no key. */
interface Found {
  readonly key?: Node;
  readonly value?: Node;
}

function yamlSource(file: string, lines: LineCounter, document: Document.Parsed, aliases: Aliases): Source {
  const resolve = (node: unknown): Node | undefined =>
    isAlias(node) ? aliases.get(node) : isNode(node) ? node : undefined;

  const find = (path: Path): { found: Found; depth: number } => {
    let found: Found = { value: document.contents as ParsedNode };
    for (const [depth, key] of path.entries()) {
      const next = child(found.value, key);
      if (next === undefined) return { found, depth };
      found = next;
    }
    return { found, depth: path.length };
  };

  const child = (parent: Node | undefined, key: string | number): Found | undefined => {
    if (isSeq(parent)) {
      const value = resolve(parent.items[Number(key)]);
      return value && { value };
    }
    if (!isMap(parent)) return undefined;
    let merged: Found | undefined;
    for (const pair of parent.items) {
      if (isScalar(pair.key) && String(pair.key.value) === String(key))
        return { key: pair.key, value: resolve(pair.value) };
      if (isMergeKey(pair.key)) merged ??= childOfMerged(resolve(pair.value), key);
    }
    return merged;
  };

  const childOfMerged = (merged: Node | undefined, key: string | number): Found | undefined => {
    for (const item of isSeq(merged) ? merged.items.map(resolve) : [merged]) {
      const found = child(item, key);
      if (found) return found;
    }
    return undefined;
  };

  return {
    place(path, part = "value") {
      const { key, value } = find(path).found;
      const empty = isScalar(value) && value.value === null && key !== undefined;
      const node = part === "key" || empty ? (key ?? value) : (value ?? key);
      return placeIn(file, lines, node?.range?.[0] ?? 0);
    },
    has: (path) => find(path).depth === path.length,
    text(path) {
      const { found, depth } = find(path);
      return depth === path.length && isScalar(found.value) ? found.value.source : undefined;
    },
  };
}
