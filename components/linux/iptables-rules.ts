// Rules that belong together, in several chains of several tables: some in chains of their own, some in chains that others
// use too. The kernel takes those of a table in one step (iptables-restore(8)).
import { isDeepStrictEqual } from "node:util";
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { type SavedTable, builtInChains, chainPattern, commentOf, readTables, ruleText, tables } from "./iptables";
import { type Context, type Kind, parts } from "./kind";
import { type Fault, closed, host, netns } from "./schema";
import { inOurWords } from "./words";

const byChain = (description: string) =>
  Type.Optional(Type.Record(Type.String(), Type.Array(ruleText), { description }));

const rulesOfTable = Type.Object(
  {
    chains: byChain("Chains of its own, with all their rules in order."),
    shared: byChain("Chains of its own in which others put rules too: its rules, behind those of others."),
    rules: byChain(
      "Rules in chains of others, in front of what is there. Rules of the group that are found in one of these chains and not asked for go.",
    ),
  },
  closed,
);

const args = Type.Object({
  host,
  netns,
  name: Type.String({
    pattern: '^[^\\s"\\\\,]+$',
    errorMessage: "a group has a name without white space, comma, quote and backslash",
    description:
      "Name of the group. In chains that others use its rules are known by it: their comments begin with it.",
  }),
  tables: Type.Object(
    {
      raw: Type.Optional(rulesOfTable),
      mangle: Type.Optional(rulesOfTable),
      nat: Type.Optional(rulesOfTable),
      filter: Type.Optional(rulesOfTable),
    },
    { ...closed, description: "Rules by table, each as iptables-save prints it but without `-A <chain>`." },
  ),
});

type Lines = Record<string, string[]>;
type TableRules = Static<typeof rulesOfTable>;
type Tables = Static<typeof args>["tables"];

interface Rules extends Static<typeof args> {
  /** The rules as the kernel gave them back when they had just been set, where these are other words. */
  readonly saved?: Tables;
}

function validate({ tables: all }: Rules): Fault[] {
  const faults: Fault[] = [];
  for (const [table, { chains = {}, shared = {}, rules = {} }] of entries(all)) {
    const at = (kind: string, chain: string): string => `tables.${table}.${kind}.${chain}`;
    for (const [kind, lines] of Object.entries({ chains, shared }))
      for (const chain of Object.keys(lines))
        if (builtInChains.has(chain) || !isChain(chain))
          faults.push({
            property: at(kind, chain),
            reason: "a chain of its own has a name of 1-28 characters, and is not built in",
          });
    for (const chain of Object.keys(rules)) {
      if (!isChain(chain))
        faults.push({ property: at("rules", chain), reason: "a chain has a name of 1-28 characters" });
      if (chain in chains || chain in shared)
        faults.push({ property: at("rules", chain), reason: "is a chain of its own; put the rules there" });
    }
  }
  return faults;
}

const isChain = (name: string): boolean => new RegExp(chainPattern).test(name);

const entries = (all: Tables): [keyof Tables, TableRules][] =>
  tables.flatMap((table) => (all[table] ? [[table, all[table]] as [keyof Tables, TableRules]] : []));

function restore({ netns }: Rules, all: readonly (readonly [table: string, lines: readonly string[]])[]): Command[] {
  const changed = all.filter(([, lines]) => lines.length > 0);
  if (changed.length === 0) return [];
  const text = changed.flatMap(([table, lines]) => [`*${table}`, ...lines, "COMMIT"]);
  return [
    { argv: within(netns, ["iptables-restore", "-w", "--noflush"]), stdin: text.map((line) => `${line}\n`).join("") },
  ];
}

/** One text for several, so that each table is gone through once. Chains come first, because rules may lead to any of them. */
function merge(texts: readonly string[]): string {
  const all = new Map<string, { readonly chains: string[]; readonly rules: string[] }>();
  let table = "";
  for (const text of texts.flatMap((each) => each.split("\n"))) {
    if (text.startsWith("*")) table = text;
    else if (text !== "" && text !== "COMMIT") {
      const lines = all.get(table) ?? { chains: [], rules: [] };
      all.set(table, lines);
      lines[text.startsWith(":") ? "chains" : "rules"].push(text);
    }
  }
  const sections = [...all].flatMap(([first, { chains, rules }]) => [first, ...chains, ...rules, "COMMIT"]);
  return sections.map((text) => `${text}\n`).join("");
}

function commands(want: Rules, found: Rules | undefined, { earlier = [] }: Context<Rules>): Command[] {
  const inTable = (table: keyof Tables): string[] =>
    change(
      want.tables[table],
      found?.tables[table],
      earlier.flatMap((each) => each.tables[table] ?? []),
    );
  return restore(
    want,
    tables.map((table) => [table, inTable(table)]),
  );
}

/** To declare a chain makes it, or empties it. */
const declare = (chain: string): string => `:${chain} - [0:0]`;

/** Only what differs, all in one step: another rule of these chains does not lose its counters. */
function change(want: TableRules = {}, found: TableRules = {}, earlier: readonly TableRules[] = []): string[] {
  const { chains = {}, shared = {}, rules = {} } = want;
  const dropped = [...new Set(earlier.flatMap(ownChains))].filter((chain) => !ownChains(want).includes(chain));
  const changed = differing(chains, found.chains);
  const missing = Object.keys(shared).filter((chain) => !found.shared?.[chain]);
  const tails = differing(shared, { ...none(shared), ...found.shared });
  const heads = differing({ ...none(found.rules), ...rules }, { ...none(rules), ...found.rules });
  const gone = [
    ...tails.flatMap((chain) => (found.shared?.[chain] ?? []).map((rule) => `-D ${chain} ${rule}`)),
    ...heads.flatMap((chain) => (found.rules?.[chain] ?? []).map((rule) => `-D ${chain} ${rule}`)),
  ];
  const put = (verb: string, chain: string, lines: readonly string[] = []): string[] =>
    lines.map((rule) => `${verb} ${chain} ${rule}`);
  return [
    ...[...missing, ...changed, ...dropped].map(declare),
    ...gone,
    ...changed.flatMap((chain) => put("-A", chain, chains[chain])),
    ...tails.flatMap((chain) => put("-A", chain, shared[chain])),
    // Each in front of the one before it.
    ...heads.flatMap((chain) => put("-I", chain, [...(rules[chain] ?? [])].reverse())),
    ...dropped.map((chain) => `-X ${chain}`),
  ];
}

/** The same chains without rules. */
const none = (lines: Lines = {}): Lines => Object.fromEntries(Object.keys(lines).map((chain) => [chain, []]));

const ownChains = ({ chains = {}, shared = {} }: TableRules): string[] => [
  ...Object.keys(chains),
  ...Object.keys(shared),
];

const differing = (want: Lines, found: Lines = {}): string[] =>
  Object.keys(want).filter((chain) => found[chain]?.join("\n") !== want[chain]?.join("\n") || !found[chain]);

function removal(_: Rules, found: Rules | undefined): Command[] {
  if (!found) return [];
  return restore(
    found,
    entries(found.tables).map(([table, its]) => {
      const own = ownChains(its);
      const others = Object.entries(its.rules ?? {});
      return [
        table,
        [
          ...own.map(declare),
          ...others.flatMap(([chain, lines]) => lines.map((rule) => `-D ${chain} ${rule}`)),
          ...own.map((chain) => `-X ${chain}`),
        ],
      ];
    }),
  );
}

function probe({ netns }: Rules): Command[] {
  return [{ argv: within(netns, ["iptables-save"]) }];
}

function parse([output]: readonly Output[], want: Rules): Rules | undefined {
  if (!output || saysNotFound(output)) return undefined;
  const there = readTables(output.stdout);
  const asked = entries(want.tables);
  const found: Tables = Object.fromEntries(
    (asked.length > 0 ? asked : named(there, want.name)).map(([table, its]) => [
      table,
      look(there.get(table) ?? new Map(), its, want.saved?.[table as keyof Tables] ?? its, want.name),
    ]),
  );
  const isThere = entries(found).some(
    ([, its]) => ownChains(its).length > 0 || Object.values(its.rules ?? {}).some((lines) => lines.length > 0),
  );
  return isThere ? { ...want, tables: found } : undefined;
}

/** Where a group has rules of which only its name is known, as of one that is imported. */
const named = (there: ReturnType<typeof readTables>, name: string): [string, TableRules][] =>
  [...there].map(([table, chains]) => {
    const its = [...chains].filter(([, lines]) => lines.some((line) => isNamed(line, name)));
    return [table, { rules: Object.fromEntries(its.map(([chain]) => [chain, []])) }];
  });

function isNamed(line: string, name: string): boolean {
  const comment = line.includes(name) ? commentOf(line) : undefined;
  return comment === name || comment?.startsWith(`${name} `) === true;
}

/** What there is of a table's part. @param saved how the kernel writes it */
function look(there: SavedTable, want: TableRules, saved: TableRules, name: string): TableRules {
  const linesOf = (chain: string): readonly string[] => there.get(chain) ?? [];
  const own = ownChains(want);
  const ofGroup = (line: string, asked: readonly string[] = []): boolean =>
    asked.includes(line) || isNamed(line, name) || own.includes(/ ?-[jg] (\S+)/.exec(line)?.[1] ?? "");
  // Behind its own rules nothing of others has a place.
  const tail = (chain: string): readonly string[] => {
    const lines = linesOf(chain);
    const first = lines.findIndex((line) => saved.shared?.[chain]?.includes(line) || isNamed(line, name));
    return first < 0 ? [] : lines.slice(first);
  };
  const pick = (kind: keyof TableRules, linesAt: (chain: string) => readonly string[]): TableRules => {
    const asked = want[kind];
    if (!asked) return {};
    const chains = Object.keys(asked).filter((chain) => kind === "rules" || there.has(chain));
    return {
      [kind]: Object.fromEntries(
        chains.map((chain) => [chain, inOurWords(linesAt(chain), asked[chain] ?? [], saved[kind]?.[chain] ?? [])]),
      ),
    };
  };
  return {
    ...pick("chains", linesOf),
    ...pick("shared", tail),
    ...pick("rules", (chain) => linesOf(chain).filter((line) => ofGroup(line, saved.rules?.[chain]))),
  };
}

/** The kernel's words are kept only where they are other words: a cluster has thousands of groups. */
function applied(want: Rules, found: Rules): Rules {
  const { saved: _, ...asked } = want;
  return isDeepStrictEqual(found.tables, asked.tables) ? asked : { ...asked, saved: found.tables };
}

export const iptablesRulesKind: Kind<typeof args, Rules> = {
  token: "podnet:linux:IptablesRules",
  description:
    "A group of iptables rules, in chains of its own and in chains that others use too, set in one step (iptables-restore(8)).",
  args,
  identity: ["host", "netns", "name"],
  validate,
  id: ({ netns = "", name }) => `${netns},${name}`,
  fromId: (id) => {
    const [netns, name] = parts(id, 2);
    return { ...(netns ? { netns } : {}), name, tables: {} };
  },
  within: ({ netns }) => [netns],
  commands,
  removal,
  probe,
  shared: true,
  remembers: true,
  merge,
  parse,
  applied,
  computed: ["saved"],
};
