// The rules of a whole node as one text, for iptables-restore(8) and nft(8) to take in one go.
import { forInput } from "../../linux/nftables";
import type { IptablesRules, TableRules } from "./iptables";
import { type NftablesRules, nftablesTable } from "./nftables";

const tables = ["mangle", "filter", "nat"] as const;
const builtIn = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/** What is in each chain once all groups of rules are there. @param groups the node's and the service ports' */
export function chainsOf(groups: readonly IptablesRules[], table: (typeof tables)[number]): Record<string, string[]> {
  const chains: Record<string, string[]> = {};
  const put = (rules: TableRules["rules"] = {}): void => {
    for (const [chain, lines] of Object.entries(rules)) chains[chain] = [...(chains[chain] ?? []), ...lines];
  };
  for (const group of groups) put(group[table]?.rules);
  for (const group of groups) put(group[table]?.shared);
  for (const group of groups) put(group[table]?.chains);
  return chains;
}

/** For `iptables-restore --noflush`, where nothing of it is there yet. */
export function iptablesText(groups: readonly IptablesRules[]): string {
  const lines = tables.flatMap((table) => {
    const chains = Object.entries(chainsOf(groups, table));
    return [
      `*${table}`,
      ...chains.flatMap(([chain]) => (builtIn.has(chain) ? [] : [`:${chain} - [0:0]`])),
      ...chains.flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
      "COMMIT",
    ];
  });
  return lines.map((line) => `${line}\n`).join("");
}

/** For `nft -f`, where nothing of it is there yet. */
export const nftablesText = (groups: readonly NftablesRules[]): string => forInput(nftablesListing(groups));

/** What `nft -s list table` prints then, but for the order. */
export function nftablesListing(groups: readonly NftablesRules[]): string {
  const elements: Record<string, string[]> = {};
  for (const group of groups)
    for (const [name, its] of Object.entries(group.elements ?? {}))
      elements[name] = [...(elements[name] ?? []), ...its];
  const objects = (kind: "set" | "map" | "chain"): string[] =>
    groups
      .flatMap((group) => Object.entries(group[`${kind}s`] ?? {}))
      .map(([name, lines]) => block(kind, name, lines, elements[name] ?? []));
  const { family, name, comment } = nftablesTable;
  const body = [...objects("set"), ...objects("map"), ...objects("chain")].join("\n");
  return `table ${family} ${name} {\n\tcomment "${comment}"\n${body}}\n`;
}

function block(kind: string, name: string, lines: readonly string[], elements: readonly string[]): string {
  const all = elements.length === 0 ? lines : [...lines, `elements = { ${elements.join(",\n\t\t\t     ")} }`];
  return `\t${kind} ${name} {\n${all.map((line) => `\t\t${line}\n`).join("")}\t}\n`;
}
