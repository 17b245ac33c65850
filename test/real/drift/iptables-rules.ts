import { type Row, type Table, gone, hostIsFixed, netnsIsFixed } from "./row";

const jump = '-m comment --comment "web jump" -j SVC';
/** Without a comment nobody knows it again when it was edited. */
const plain = "-d 10.9.9.9/32 -j RETURN";
const visit = "-d 10.0.0.1/32 -j SVC";
const last = '-d 127.0.0.0/8 -m comment --comment "web last" -j RETURN';
const baseJump = '-m comment --comment "base jump" -j SERVICES';

/** What the group has in each of the tables. */
const part = {
  chains: {
    SVC: ["-s 10.0.0.0/8 -j SEP", '-m comment --comment "not these" -j RETURN', "-j SEP"],
    SEP: ["-j ACCEPT"],
    "NO-RULE": [],
  },
  shared: { PORTS: [last, "-j ACCEPT"] },
  rules: { OUTPUT: [jump, plain] },
};

const scriptIn =
  (table: string) =>
  (...words: string[]): string =>
    words.map((each) => `ip netns exec $N iptables -w -t ${table} ${each}`).join("; ");
const script = scriptIn("nat");
const chains = "tables.nat.chains";
const ports = "tables.nat.shared.PORTS";
const output = "tables.nat.rules.OUTPUT";
const services = "tables.nat.rules.SERVICES";

/** One table is as the other, so what may happen stands at length in one. */
const rowsIn = (table: string): Record<string, readonly Row[]> => ({
  [`tables.${table}.chains`]: [
    { drift: "a rule gone", script: scriptIn(table)("-D SVC 2"), shows: `tables.${table}.chains.SVC` },
  ],
  [`tables.${table}.shared`]: [
    { drift: "a rule gone", script: scriptIn(table)("-D PORTS 2"), shows: `tables.${table}.shared.PORTS` },
  ],
  [`tables.${table}.rules`]: [
    { drift: "a rule gone", script: scriptIn(table)(`-D OUTPUT ${jump}`), shows: `tables.${table}.rules.OUTPUT` },
  ],
});

export const iptablesRules: Table = {
  kind: "IptablesRules",
  args: {
    name: "web",
    tables: {
      raw: part,
      mangle: part,
      nat: { ...part, rules: { ...part.rules, SERVICES: [visit] } },
      filter: part,
    },
  },
  beside: {
    base: [
      "IptablesRules",
      { name: "base", tables: { nat: { shared: { SERVICES: ["-j RETURN"] }, rules: { OUTPUT: [baseJump] } } } },
    ],
  },
  properties: {
    host: hostIsFixed,
    netns: netnsIsFixed,
    name: "rules of another name are another group's",
    ...rowsIn("raw"),
    ...rowsIn("mangle"),
    ...rowsIn("filter"),
    "tables.nat.chains": [
      { drift: "a rule gone", script: script("-D SVC 1"), shows: `${chains}.SVC` },
      { drift: "a rule more at the end", script: script("-A SVC -j RETURN"), shows: `${chains}.SVC` },
      { drift: "a rule more at the beginning", script: script("-I SEP -j RETURN"), shows: `${chains}.SEP` },
      { drift: "a rule more in between", script: script("-I SVC 2 -j RETURN"), shows: `${chains}.SVC` },
      { drift: "a rule where none should be", script: script("-A NO-RULE -j SVC"), shows: `${chains}["NO-RULE"]` },
      { drift: "a rule twice", script: script("-A SEP -j ACCEPT"), shows: `${chains}.SEP` },
      { drift: "a rule edited", script: script("-R SVC 1 -s 10.0.0.0/9 -j SEP"), shows: `${chains}.SVC` },
      {
        drift: "a rule's comment",
        script: script('-R SVC 2 -m comment --comment "these" -j RETURN'),
        shows: `${chains}.SVC`,
      },
      {
        drift: "another order",
        script: script("-D SVC 1", "-A SVC -s 10.0.0.0/8 -j SEP"),
        shows: `${chains}.SVC`,
      },
      {
        drift: "a rule in another chain",
        script: script("-D SEP 1", "-A SVC -j ACCEPT"),
        shows: `${chains}.SEP ${chains}.SVC`,
      },
      { drift: "all rules gone", script: script("-F SVC"), shows: `${chains}.SVC` },
      { drift: "a chain gone", script: script("-X NO-RULE"), shows: `${chains}["NO-RULE"]` },
      {
        drift: "a chain gone, and all that lead to it",
        script: script(`-D OUTPUT ${jump}`, `-D SERVICES ${visit}`, "-F SVC", "-X SVC"),
        shows: `${chains}.SVC ${output} ${services}`,
      },
      {
        drift: "a chain renamed, which jumps follow",
        script: script("-E SEP OTHER"),
        shows: `${chains}.SEP ${chains}.SVC`,
        leaves: /OTHER/,
      },
    ],
    "tables.nat.shared": [
      { drift: "a rule gone", script: script("-D PORTS 1"), shows: ports },
      {
        drift: "a rule edited that has a comment",
        script: script(`-R PORTS 1 ${last.replace("127", "126")}`),
        shows: ports,
      },
      { drift: "a rule edited that has none", script: script("-R PORTS 2 -j RETURN"), shows: ports },
      { drift: "another order", script: script("-D PORTS 1", `-A PORTS ${last}`), shows: ports },
      { drift: "a rule twice", script: script("-A PORTS -j ACCEPT"), shows: ports },
      { drift: "somebody's rule in between", script: script("-I PORTS 2 -d 1.1.1.1 -j RETURN"), shows: ports },
      { drift: "somebody's rule behind", script: script("-A PORTS -d 1.1.1.1 -j RETURN"), shows: ports },
      {
        drift: "somebody's rule in front, where others put theirs",
        script: script("-I PORTS -d 1.1.1.1 -j RETURN"),
        shows: {},
        leaves: /1\.1\.1\.1/,
      },
      {
        drift: "a rule gone, and somebody's in front",
        script: script("-D PORTS 2", "-I PORTS -d 1.1.1.1 -j RETURN"),
        shows: ports,
        leaves: /1\.1\.1\.1/,
      },
      {
        drift: "moved in front of somebody's rule",
        script: script("-A PORTS -d 1.1.1.1 -j RETURN", "-D PORTS 2", "-A PORTS -j ACCEPT"),
        shows: ports,
      },
      { drift: "all rules gone", script: script("-F PORTS"), shows: ports },
      { drift: "the chain gone", script: script("-F PORTS", "-X PORTS"), shows: ports },
    ],
    "tables.nat.rules": [
      { drift: "the jump in a built-in chain gone", script: script(`-D OUTPUT ${jump}`), shows: output },
      {
        drift: "a rule edited that has a comment",
        script: script(`-D OUTPUT ${jump}`, `-I OUTPUT -s 10.0.0.0/8 ${jump}`),
        shows: output,
      },
      {
        drift: "a rule edited that leads to a chain of the group's",
        script: script("-R SERVICES 1 -d 10.0.0.2/32 -j SVC"),
        shows: services,
      },
      {
        drift: "a rule edited that nothing tells from those of others",
        script: script(`-D OUTPUT ${plain}`, "-A OUTPUT -d 10.9.9.8/32 -j RETURN"),
        shows: output,
        leaves: /10\.9\.9\.8/,
      },
      { drift: "a rule twice", script: script(`-A OUTPUT ${plain}`), shows: output },
      { drift: "another order", script: script(`-D OUTPUT ${plain}`, `-I OUTPUT ${plain}`), shows: output },
      {
        drift: "somebody's rules before and behind",
        script: script("-I OUTPUT -d 1.1.1.1 -j RETURN", "-A OUTPUT -d 1.1.1.1 -j ACCEPT"),
        shows: {},
        leaves: /1\.1\.1\.1/,
      },
      {
        drift: "moved behind somebody's rule",
        script: script("-A OUTPUT -d 1.1.1.1 -j RETURN", `-D OUTPUT ${plain}`, `-A OUTPUT ${plain}`),
        shows: {},
        leaves: /1\.1\.1\.1/,
      },
      {
        drift: "one more that leads to a chain of the group's",
        script: script("-I SERVICES -d 10.0.0.3 -j SVC"),
        shows: services,
      },
      {
        drift: "one more of the group's name",
        script: script('-A OUTPUT -m comment --comment "web more" -j RETURN'),
        shows: output,
      },
      {
        drift: "in another built-in chain",
        script: script(`-D OUTPUT ${plain}`, `-A POSTROUTING ${plain}`),
        shows: output,
        leaves: /-A POSTROUTING/,
      },
      {
        drift: "a built-in chain emptied",
        script: script("-F OUTPUT"),
        shows: { base: output, it: output },
      },
      {
        drift: "a chain of others emptied",
        script: script("-F SERVICES"),
        shows: { base: "tables.nat.shared.SERVICES", it: services },
      },
      {
        drift: "a chain of others gone",
        script: script(`-D OUTPUT ${baseJump}`, "-F SERVICES", "-X SERVICES"),
        shows: { base: gone, it: services },
      },
    ],
  },
  deleted: [
    {
      drift: "deleted",
      script: ["raw", "mangle", "nat", "filter"].map((table) => scriptIn(table)("-F", "-X")).join("; "),
      shows: { base: gone, it: gone },
    },
    {
      drift: "with all tables",
      script: "ip netns exec $N nft flush ruleset",
      shows: { base: gone, it: gone },
    },
  ],
  replaced: "chains of one name are of one type to iptables; what only nft(8) can make it cannot read",
};
