// One iptables rule in a chain that others own too, such as POSTROUTING (iptables(8)).
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { chainPattern, commentOf, ruleText, table, wordsOf } from "./iptables";
import { type Kind, parts } from "./kind";
import { host, netns } from "./schema";

const args = Type.Object({
  host,
  netns,
  table,
  chain: Type.String({ pattern: chainPattern, description: "Chain, as POSTROUTING." }),
  rule: { ...ruleText, description: "The rule as iptables-save prints it but without `-A <chain>`." },
  position: Type.Optional(
    Type.Integer({ minimum: 1, description: "Place in the chain, 1 for the first; without it, behind the rules that are there." }),
  ),
});

type Rule = Static<typeof args>;

const iptables = ({ netns, table }: Rule, ...argv: string[]): Command => ({
  argv: within(netns, ["iptables", "-w", "-t", table, ...argv]),
});

function commands(want: Rule, found: Rule | undefined): Command[] {
  const { chain, rule, position } = want;
  const words = wordsOf(rule);
  const put = position === undefined ? iptables(want, "-A", chain, ...words) : iptables(want, "-I", chain, `${position}`, ...words);
  if (!found) return [put];
  if (found.rule === rule && (position === undefined || found.position === position)) return [];
  if (position === undefined || found.position === position) return [iptables(want, "-R", chain, `${found.position}`, ...words)];
  return [iptables(want, "-D", chain, `${found.position}`), put];
}

function removal(found: Rule): Command[] {
  return [iptables(found, "-D", found.chain, ...wordsOf(found.rule))];
}

/** Whether the rule is there only iptables itself can tell (`-C`): it has more than one way to write the same. */
function probe(want: Rule): Command[] {
  return [iptables(want, "-S", want.chain), { ...iptables(want, "-C", want.chain, ...wordsOf(want.rule)), mayFail: true }];
}

function parse([list, check]: readonly Output[], want: Rule): Rule | undefined {
  if (!list || !check || saysNotFound(list) || /No chain\/target\/match by that name|does not exist/.test(list.stderr)) return undefined;
  const prefix = `-A ${want.chain} `;
  const lines = list.stdout.split("\n").filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  const comment = commentOf(want.rule);
  const exact = lines.indexOf(want.rule);
  const at = exact >= 0 ? exact : lines.findIndex((line) => comment !== undefined && commentOf(line) === comment);
  if (check.code !== 0 && at < 0) return undefined;
  return { ...want, rule: check.code === 0 ? want.rule : (lines[at] ?? want.rule), position: at + 1 };
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
