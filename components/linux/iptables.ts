// What the two kinds of iptables share: tables, and rules in the words of iptables-save(8).
import { Type } from "@sinclair/typebox";
import { remembered } from "./remembered";

export const tables = ["filter", "nat", "mangle", "raw"] as const;

export const table = Type.Union(
  tables.map((table) => Type.Literal(table)),
  { description: `Table: ${tables.join(", ")}.` },
);

export const chainPattern = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,27}$";

export const builtInChains: ReadonlySet<string> = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

export const ruleText = Type.String({
  pattern: "^[-!][^\\n\\r\\0]+$",
  errorMessage: "write one line of options without -A and chain, as: -d 10.0.0.0/8 -j RETURN",
});

/** The words of a rule: iptables-save puts white space in double quotes and escapes `"` and `\` (xtables_save_string). */
export function wordsOf(rule: string): string[] {
  const words = rule.match(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(/"((?:\\.|[^"\\])*)"/g, (_, text: string) => text.replaceAll(/\\(.)/g, "$1")),
  );
}

interface SavedRule {
  readonly chain: string;
  /** Without `-A` and the chain. */
  readonly text: string;
}

/** What iptables-save(8) prints of one table. */
export function readSave(text: string): { chains: string[]; rules: SavedRule[] } {
  const lines = text.split("\n");
  return {
    chains: lines.flatMap((line) => /^:(\S+) /.exec(line)?.[1] ?? []),
    rules: lines.flatMap((line) => {
      const [, chain, text = ""] = /^-A (\S+)(?: (.*))?$/.exec(line) ?? [];
      return chain === undefined ? [] : [{ chain, text }];
    }),
  };
}

/** The rules of each chain that is there. */
export type SavedTable = ReadonlyMap<string, readonly string[]>;

/** What iptables-save(8) prints of all tables that are there, by table. */
export const readTables = remembered((text): ReadonlyMap<string, SavedTable> => {
  const parts = [...text.matchAll(/^\*(\S+)\n([^]*?)^COMMIT$/gm)];
  return new Map(parts.map(([, table = "", lines = ""]) => [table, byChain(readSave(lines))]));
});

function byChain({ chains, rules }: ReturnType<typeof readSave>): SavedTable {
  const found = new Map<string, string[]>(chains.map((chain) => [chain, []]));
  for (const { chain, text } of rules) found.get(chain)?.push(text);
  return found;
}

/** The comment of a rule, by which a rule that was changed by hand is still known. */
export function commentOf(rule: string): string | undefined {
  const words = wordsOf(rule);
  const at = words.indexOf("--comment");
  return at < 0 ? undefined : words[at + 1];
}
