// A group of iptables chains that belong together. The kernel takes the whole group in one step (iptables-restore(8)).
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { builtInChains, chainPattern, readSave, ruleText, table } from "./iptables";
import { type Context, type Kind, parts } from "./kind";
import { type Fault, host, netns } from "./schema";
import { inOurWords } from "./words";

const args = Type.Object({
  host,
  netns,
  table,
  chains: Type.Record(Type.String(), Type.Array(ruleText), {
    description: "Rules by chain, in order, each as iptables-save prints it but without `-A <chain>`.",
  }),
});

interface Chains extends Static<typeof args> {
  /** The rules as the kernel gave them back when they had just been set: iptables-save has a form of its own. */
  readonly saved?: Record<string, string[]>;
}

function validate({ chains }: Chains): Fault[] {
  const wrong = Object.keys(chains).filter(
    (chain) => builtInChains.has(chain) || !new RegExp(chainPattern).test(chain),
  );
  const reason =
    "a group holds chains of its own, with names of 1-28 characters; IptablesRule puts one rule into a chain of others";
  const faults = wrong.map((chain) => ({ property: `chains.${chain}`, reason }));
  return Object.keys(chains).length > 0
    ? faults
    : [{ property: "chains", reason: "is empty; name at least one chain" }];
}

const restore = ({ netns, table }: Chains, lines: readonly string[]): Command => ({
  argv: within(netns, ["iptables-restore", "-w", "--noflush"]),
  stdin: `*${table}\n${lines.map((line) => `${line}\n`).join("")}COMMIT\n`,
});

/** To declare a chain of one's own makes it, or empties it; both together with its new rules. */
function commands(want: Chains, found: Chains | undefined, { earlier = [] }: Context<Chains>): Command[] {
  const known = new Set(earlier.flatMap(({ chains }) => Object.keys(chains)));
  const dropped = [...known].filter((chain) => !(chain in want.chains));
  if (found && dropped.length === 0 && sameChains(want.chains, found.chains)) return [];
  const names = [...Object.keys(want.chains), ...dropped];
  return [
    restore(want, [
      ...names.map((chain) => `:${chain} - [0:0]`),
      ...Object.entries(want.chains).flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
      ...dropped.map((chain) => `-X ${chain}`),
    ]),
  ];
}

const sameChains = (a: Chains["chains"], b: Chains["chains"]): boolean => {
  const text = (chains: Chains["chains"]): string => JSON.stringify(Object.entries(chains).sort());
  return text(a) === text(b);
};

function removal(_: Chains, found: Chains | undefined): Command[] {
  if (!found) return [];
  const names = Object.keys(found.chains);
  return [restore(found, [...names.map((chain) => `:${chain} - [0:0]`), ...names.map((chain) => `-X ${chain}`)])];
}

function probe({ netns, table }: Chains): Command[] {
  return [{ argv: within(netns, ["iptables-save", "-t", table]) }];
}

function parse([output]: readonly Output[], want: Chains): Chains | undefined {
  if (!output || saysNotFound(output)) return undefined;
  const { chains, rules } = readSave(output.stdout);
  const ours = chains.filter((chain) => Object.hasOwn(want.chains, chain));
  if (ours.length === 0) return undefined;
  const saved = Object.fromEntries(
    ours.map((chain) => [chain, rules.filter((rule) => rule.chain === chain).map(({ text }) => text)]),
  );
  const said = Object.entries(saved).map(([chain, lines]): [string, string[]] => [
    chain,
    inOurWords(lines, want.chains[chain] ?? [], want.saved?.[chain] ?? []),
  ]);
  return { ...want, chains: Object.fromEntries(said), saved };
}

export const iptablesChainsKind: Kind<typeof args, Chains> = {
  token: "podnet:linux:IptablesChains",
  description: "A group of user-defined iptables chains with their rules, set in one step (iptables-restore(8)).",
  args,
  identity: ["host", "netns", "table"],
  validate,
  id: ({ netns = "", table, chains }) => `${netns},${table},${Object.keys(chains).join("+")}`,
  fromId: (id) => {
    const [netns, table, names = ""] = parts(id, 3);
    return {
      ...(netns ? { netns } : {}),
      table,
      chains: Object.fromEntries(names.split("+").map((name) => [name, []])),
    };
  },
  within: ({ netns }) => [netns],
  remembers: true,
  commands,
  removal,
  probe,
  parse,
  applied: (want, found) => ({ ...want, saved: found.saved }),
  computed: ["saved"],
};
