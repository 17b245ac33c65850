// All tables, and their rows with a name each.
import { bridge } from "./bridge";
import { conntrack } from "./conntrack";
import { file } from "./file";
import { iptablesChains } from "./iptables-chains";
import { iptablesRule } from "./iptables-rule";
import { iptablesRules } from "./iptables-rules";
import { neighbour } from "./neighbour";
import { netns } from "./netns";
import { nfacctCounter } from "./nfacct";
import { nftablesRules } from "./nftables-rules";
import { process } from "./process";
import { route } from "./route";
import { type Beside, type Row, type Table, gone } from "./row";
import { sysctl } from "./sysctl";
import { veth } from "./veth";

export const tables: readonly Table[] = [
  file,
  netns,
  sysctl,
  bridge,
  veth,
  neighbour,
  route,
  nfacctCounter,
  iptablesChains,
  iptablesRule,
  iptablesRules,
  nftablesRules,
  conntrack,
  process,
];

export interface NamedRow {
  readonly name: string;
  readonly kind: string;
  /** The property, `deleted` or `replaced`. */
  readonly of: string;
  readonly row: Row;
  /** All that is made for the row, in this order; the last is the object, `it`. */
  readonly objects: Beside;
  readonly shows: Readonly<Record<string, string>>;
}

export const rows: readonly NamedRow[] = tables.flatMap((table) => {
  const { kind, args, beside, properties, deleted, replaced } = table;
  const all = Object.entries({ ...properties, deleted, replaced }).flatMap(([of, rows]) =>
    typeof rows === "string" ? [] : rows.map((row) => ({ of, row })),
  );
  return all.map(({ of, row }, i): NamedRow => {
    const said = row.shows ?? (of === "deleted" || of === "replaced" ? gone : of);
    return {
      name: `${kind.toLowerCase()}${i + 1}`,
      ...{ kind, of, row },
      objects: { ...beside, ...row.beside, it: [kind, { ...args, ...row.args }] },
      shows: typeof said === "string" ? { it: said } : said,
    };
  });
});

export type Place = "N" | "O" | "F";

/** What `$N`, `$O` and `$F` stand for. */
export const placesOf = (lab: string, { name }: NamedRow): Readonly<Record<Place, string>> => ({
  N: `${lab}.${name}`,
  O: `${lab}.${name}-other`,
  F: `/run/${lab}/${name}`,
});
