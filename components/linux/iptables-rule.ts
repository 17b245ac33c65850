// One iptables rule in a chain that others own too, such as POSTROUTING (iptables(8)).
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { chainPattern, commentOf, readSave, ruleText, table, wordsOf } from "./iptables";
import { type Kind, parts } from "./kind";
import { host, netns } from "./schema";

const args = Type.Object({
  host,
  netns,
  table,
  chain: Type.String({ pattern: chainPattern, description: "Chain, as POSTROUTING." }),
  rule: { ...ruleText, description: "The rule as iptables-save prints it but without `-A <chain>`." },
  position: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: "Place in the chain, 1 for the first; without it, behind the rules that are there.",
    }),
  ),
});

type Rule = Static<typeof args>;

const iptables = ({ netns, table }: Rule, ...argv: string[]): Command => ({
  argv: within(netns, ["iptables", "-w", "-t", table, ...argv]),
});

function commands(want: Rule, found: Rule | undefined): Command[] {
  const { chain, rule, position } = want;
  const words = wordsOf(rule);
  const put = position === undefined ? ["-A", chain, ...words] : ["-I", chain, `${position}`, ...words];
  if (!found) return [iptables(want, ...put)];
  // Of a rule that iptables writes in another way it is not known where it stands.
  const isInPlace = position === undefined || found.position === undefined || found.position === position;
  if (found.rule === rule && isInPlace) return [];
  if (isInPlace && found.position !== undefined) return [iptables(want, "-R", chain, `${found.position}`, ...words)];
  const old = found.position === undefined ? wordsOf(found.rule) : [`${found.position}`];
  return [iptables(want, "-D", chain, ...old), iptables(want, ...put)];
}

function removal(want: Rule, found: Rule | undefined): Command[] {
  return found ? [iptables(want, "-D", want.chain, ...wordsOf(found.rule))] : [];
}

/** Whether the rule is there only iptables itself can tell (`-C`): it has more than one way to write the same. */
function probe(want: Rule): Command[] {
  return [
    { argv: within(want.netns, ["iptables-save", "-t", want.table]) },
    { ...iptables(want, "-C", want.chain, ...wordsOf(want.rule)), mayFail: true },
  ];
}

function parse([save, check]: readonly Output[], want: Rule): Rule | undefined {
  if (!save || !check || saysNotFound(save)) return undefined;
  const rules = readSave(save.stdout).rules.filter(({ chain }) => chain === want.chain);
  const lines = rules.map(({ text }) => text);
  const comment = commentOf(want.rule);
  const hasItsComment = (line: string): boolean => comment !== undefined && commentOf(line) === comment;
  // It may stand there more than once, and one of them where it should.
  const places = lines.flatMap((line, i) => (line === want.rule ? [i + 1] : []));
  const at = places.find((place) => place === want.position) ?? places[0] ?? lines.findIndex(hasItsComment) + 1;
  const { position: _, ...rest } = want;
  const found = { ...rest, ...(at > 0 ? { position: at } : {}) };
  if (check.code === 0) return found;
  return at > 0 ? { ...found, rule: lines[at - 1] ?? want.rule } : undefined;
}

export const iptablesRuleKind: Kind<typeof args> = {
  token: "podnet:linux:IptablesRule",
  description: "One iptables rule in a chain that others own too (iptables(8)).",
  args,
  identity: ["host", "netns", "table", "chain"],
  derived: ["position"],
  id: ({ netns = "", table, chain, rule }) => `${netns},${table},${chain},${rule}`,
  fromId: (id) => {
    const [netns, table, chain, rule] = parts(id, 4);
    return { ...(netns ? { netns } : {}), table, chain, rule };
  },
  within: ({ netns }) => [netns],
  commands,
  removal,
  probe,
  parse,
};
