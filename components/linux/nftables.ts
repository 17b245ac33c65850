// What nft(8) prints of a table, and how it takes it back. Each line is a rule, or one property of a set, map or chain.
import { remembered } from "./remembered";

export interface NftObject {
  /** What is in its block, but for elements. */
  readonly lines: readonly string[];
  readonly elements: readonly NftElement[];
}

export interface NftElement {
  readonly text: string;
  /** The text without its comment and, in a map, what it leads to. */
  readonly key: string;
  readonly comment: string | undefined;
  /** The chain that an element of a verdict map leads to. */
  readonly target: string | undefined;
}

export interface NftTable {
  readonly comment: string | undefined;
  readonly sets: ReadonlyMap<string, NftObject>;
  readonly maps: ReadonlyMap<string, NftObject>;
  readonly chains: ReadonlyMap<string, NftObject>;
}

/** What `nft -s list table` prints. */
export const readTable = remembered((text): NftTable => {
  const objects = [...text.matchAll(/^\t(set|map|chain) (\S+) \{\n([^]*?)^\t\}$/gm)];
  const ofKind = (wanted: string): Map<string, NftObject> =>
    new Map(objects.flatMap(([, kind, name = "", body = ""]) => (kind === wanted ? [[name, readBlock(body)]] : [])));
  return {
    comment: /^\tcomment "(.*)"$/m.exec(text)?.[1],
    sets: ofKind("set"),
    maps: ofKind("map"),
    chains: ofKind("chain"),
  };
});

function readBlock(body: string): NftObject {
  const [, before = body, elements = ""] = /^([^]*?)^\t\telements = \{ ([^]*) \}$/m.exec(body) ?? [];
  return {
    lines: before.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()])),
    elements: (elements.match(/(?:"[^"]*"|[^,"])+/g) ?? []).map((element) => readElement(element.trim())),
  };
}

export const readElement = (text: string): NftElement => ({
  text,
  key: text.replace(/ (comment "|: )[^]*$/, ""),
  comment: / comment "([^"]*)"/.exec(text)?.[1],
  target: / : (?:goto|jump) (\S+)$/.exec(text)?.[1],
});

/** What comes before a chain's rules: hook and comment. */
export const isHeader = (line: string): boolean => /^(type |comment ")/.test(line);

/**
 * The rule as nft has to hear it to print it so. It drops the braces of a set with one element; those that it prints are of a
 * set whose elements joined to one, so the element is said twice.
 */
export const forInput = (rule: string): string => rule.replaceAll(/(?<!vmap )\{ ([^\s,{}]+) \}/g, "{ $1, $1 }");
