import { type Table, gone, hostIsFixed, netnsIsFixed } from "./row";

const script = (...commands: string[]): string => `ip netns exec $N nft '${commands.join("; ")}'`;

const hook = "type filter hook input priority filter + 10; policy accept;";
const service = "10.96.0.20 . tcp . 80";
const services = ["type ipv4_addr . inet_proto . inet_service : verdict", 'comment "all services"'];
const affinity = ["type ipv4_addr", "size 65535", "flags dynamic,timeout", "timeout 3h"];
const chains = {
  service: ["ip saddr @affinity goto endpoint", "ip saddr @own accept", "tcp dport vmap @ports", "goto endpoint"],
  endpoint: ['comment "of the service"', "drop"],
  hooked: [hook, "ip saddr { 10.0.0.1, 10.0.0.3 } accept", "drop"],
  none: [],
};

const add = (chain: keyof typeof chains, ...rules: string[]): string[] =>
  rules.map((rule) => `add rule ip lab ${chain} ${rule}`);
/** The same rules again, but for those that are another's words. */
const refill = (chain: "service" | "hooked", ...rules: string[]): string[] => [
  `flush chain ip lab ${chain}`,
  ...add(chain, ...rules),
];
const [toAffine = "", toOwn = "", toPorts = "", toRest = ""] = chains.service;
const [, some = "", rest = ""] = chains.hooked;

export const nftablesRules: Table = {
  kind: "NftablesRules",
  args: {
    table: "lab",
    name: "web",
    sets: { affinity, own: ["type ipv4_addr"] },
    maps: { ports: ["type inet_service : verdict"] },
    chains,
    elements: {
      ...{ services: [`${service} : goto service`], nobody: [] },
      ...{ own: ["10.0.0.1", "10.0.0.2"], ports: ["80 : accept"] },
    },
    entries: ["service", "local"],
  },
  beside: {
    base: [
      "NftablesRules",
      {
        ...{ table: "lab", name: "base", comment: "of the lab", maps: { services, nobody: services } },
        chains: { input: ["ip daddr . meta l4proto . th dport vmap @services"] },
      },
    ],
  },
  properties: {
    host: hostIsFixed,
    netns: netnsIsFixed,
    family: "in a table of another family there are other objects",
    table: "in another table there are other objects",
    name: "elements of another name are another group's",
    comment: [
      {
        drift: "the table made again with another",
        script: script("delete table ip lab", 'add table ip lab { comment "of others"; }'),
        shows: { base: gone, it: gone },
      },
      {
        drift: "the table made again without one",
        script: script("delete table ip lab", "add table ip lab", "add chain ip lab input"),
        shows: { base: gone, it: gone },
      },
    ],
    entries: "which chains a group may have the program alone says",
    sets: [
      {
        drift: "a set gone, and what names it",
        script: script("flush chain ip lab service", "delete set ip lab affinity"),
        shows: "chains.service sets.affinity",
      },
      {
        drift: "a set with another timeout",
        script: script(
          ...["flush chain ip lab service", "delete set ip lab affinity"],
          `add set ip lab affinity { ${affinity.join("; ").replace("3h", "1h")}; }`,
          ...add("service", toAffine, toOwn, toPorts, toRest),
        ),
        shows: "sets.affinity",
      },
      {
        drift: "another set with the same elements",
        script: script(
          ...["flush chain ip lab service", "delete set ip lab own"],
          'add set ip lab own { type ipv4_addr; comment "new"; elements = { 10.0.0.1, 10.0.0.2 }; }',
          ...add("service", toAffine, toOwn, toPorts, toRest),
        ),
        shows: "sets.own",
      },
      {
        drift: "somebody's set",
        script: script("add set ip lab theirs { type ipv4_addr; }"),
        shows: {},
        leaves: /theirs/,
      },
    ],
    maps: [
      {
        drift: "a map gone, and what names it",
        script: script(...refill("service", toAffine, toOwn, toRest), "delete map ip lab ports"),
        shows: "chains.service elements.ports maps.ports",
      },
      {
        drift: "another map with the same elements",
        script: script(
          ...["flush chain ip lab service", "delete map ip lab ports"],
          'add map ip lab ports { type inet_service : verdict; comment "new"; elements = { 80 : accept }; }',
          ...add("service", toAffine, toOwn, toPorts, toRest),
        ),
        shows: "maps.ports",
      },
      {
        drift: "a map of others, and what is in it",
        script: script(
          ...["flush chain ip lab input", "delete map ip lab services"],
          "add map ip lab services { type ipv4_addr . inet_proto . inet_service : verdict; }",
        ),
        shows: { base: "chains.input maps.services", it: "elements.services" },
      },
    ],
    chains: [
      { drift: "a rule gone", script: script(...refill("service", toAffine, toOwn, toPorts)), shows: "chains.service" },
      { drift: "a rule more at the end", script: script(...add("hooked", "accept")), shows: "chains.hooked" },
      {
        drift: "a rule more at the beginning",
        script: script("insert rule ip lab endpoint accept"),
        shows: "chains.endpoint",
      },
      {
        drift: "a rule more in between",
        script: script(...refill("hooked", some, "accept", rest)),
        shows: "chains.hooked",
      },
      { drift: "a rule where none should be", script: script(...add("none", "accept")), shows: "chains.none" },
      { drift: "a rule twice", script: script(...add("endpoint", "drop")), shows: "chains.endpoint" },
      {
        drift: "a rule edited",
        script: script(...refill("hooked", "ip saddr { 10.0.0.1, 10.0.0.4 } accept", rest)),
        shows: "chains.hooked",
      },
      { drift: "another order", script: script(...refill("hooked", rest, some)), shows: "chains.hooked" },
      {
        drift: "a rule in another chain",
        script: script(...refill("hooked", rest), ...add("none", some)),
        shows: "chains.hooked chains.none",
      },
      { drift: "all rules gone", script: script("flush chain ip lab service"), shows: "chains.service" },
      { drift: "a chain gone", script: script("delete chain ip lab none"), shows: "chains.none" },
      {
        drift: "a chain gone, and all that lead to it",
        script: script(
          `delete element ip lab services { ${service} }`,
          ...["flush chain ip lab service", "delete chain ip lab service"],
        ),
        shows: "chains.service elements.services",
      },
      {
        drift: "a chain renamed, which jumps follow",
        script: script("rename chain ip lab endpoint other"),
        shows: "chains.endpoint chains.service",
        leaves: /^nftables other/,
      },
      {
        drift: "a chain renamed, which elements follow",
        script: script("rename chain ip lab service other"),
        shows: "chains.service elements.services",
        leaves: /^nftables other/,
      },
      {
        drift: "a hook's policy",
        script: script("add chain ip lab hooked { policy drop; }"),
        shows: "chains.hooked",
      },
      {
        drift: "a hook's priority",
        script: script(
          ...["flush chain ip lab hooked", "delete chain ip lab hooked"],
          `add chain ip lab hooked { ${hook.replace("10", "20")} }`,
          ...add("hooked", some, rest),
        ),
        shows: "chains.hooked",
      },
      {
        drift: "without its hook",
        script: script(
          ...["flush chain ip lab hooked", "delete chain ip lab hooked", "add chain ip lab hooked"],
          ...add("hooked", some, rest),
        ),
        shows: "chains.hooked",
      },
      {
        drift: "with a hook where none should be",
        script: script("delete chain ip lab none", `add chain ip lab none { ${hook} }`),
        shows: "chains.none",
      },
      {
        drift: "a comment, of a chain that rules lead to",
        script: script(
          ...["flush chain ip lab service", "flush chain ip lab endpoint", "delete chain ip lab endpoint"],
          'add chain ip lab endpoint { comment "of nobody"; }',
          ...[...add("endpoint", "drop"), ...add("service", toAffine, toOwn, toPorts, toRest)],
        ),
        shows: "chains.endpoint",
      },
      {
        drift: "a comment, of a chain that an element leads to",
        script: script(
          ...[`delete element ip lab services { ${service} }`, "flush chain ip lab service"],
          ...["delete chain ip lab service", 'add chain ip lab service { comment "of nobody"; }'],
          ...add("service", toAffine, toOwn, toPorts, toRest),
          `add element ip lab services { ${service} : goto service }`,
        ),
        shows: "chains.service",
      },
      {
        drift: "a chain that it may have, and should not",
        script: script(
          ...["add chain ip lab local", "add rule ip lab local drop"],
          "add element ip lab services { 10.96.0.21 . tcp . 80 : goto local }",
        ),
        shows: "chains.local elements.services",
      },
      {
        drift: "somebody's chain and rule",
        script: script("add chain ip lab theirs", "add rule ip lab theirs goto none"),
        shows: {},
        leaves: /theirs/,
      },
      {
        drift: "a rule more in a chain of others",
        script: script("add rule ip lab input goto service"),
        shows: { base: "chains.input" },
      },
    ],
    elements: [
      {
        drift: "one gone of a map of others",
        script: script(`delete element ip lab services { ${service} }`),
        shows: "elements.services",
      },
      {
        drift: "one that leads elsewhere, in a map of others",
        script: script(
          `delete element ip lab services { ${service} }`,
          `add element ip lab services { ${service} : goto endpoint }`,
        ),
        shows: "elements.services",
      },
      {
        drift: "one more that leads to a chain of the group's",
        script: script("add element ip lab services { 10.96.0.21 . tcp . 80 : goto service }"),
        shows: "elements.services",
      },
      {
        drift: "one more of the group's name",
        script: script('add element ip lab nobody { 10.96.0.21 . tcp . 80 comment "web" : drop }'),
        shows: "elements.nobody",
      },
      {
        drift: "somebody's in a map of others",
        script: script("add element ip lab services { 10.96.0.21 . tcp . 80 : drop }"),
        shows: {},
        leaves: /10\.96\.0\.21/,
      },
      {
        drift: "a map of others emptied",
        script: script("flush map ip lab services"),
        shows: "elements.services",
      },
      {
        drift: "one more in a set of its own",
        script: script("add element ip lab own { 10.0.0.3 }"),
        shows: "elements.own",
      },
      {
        drift: "one less in a set of its own",
        script: script("delete element ip lab own { 10.0.0.1 }"),
        shows: "elements.own",
      },
      {
        drift: "another in a set of its own",
        script: script("delete element ip lab own { 10.0.0.1 }", "add element ip lab own { 10.0.0.3 }"),
        shows: "elements.own",
      },
      {
        drift: "one with a comment",
        script: script("delete element ip lab own { 10.0.0.1 }", 'add element ip lab own { 10.0.0.1 comment "new" }'),
        shows: "elements.own",
      },
      { drift: "a set of its own emptied", script: script("flush set ip lab own"), shows: "elements.own" },
      {
        drift: "another meaning in a map of its own",
        script: script("delete element ip lab ports { 80 }", "add element ip lab ports { 80 : drop }"),
        shows: "elements.ports",
      },
      {
        drift: "one more where nobody said what is in the set",
        script: script("add element ip lab affinity { 10.0.0.9 }"),
        shows: {},
        leaves: /10\.0\.0\.9/,
      },
    ],
  },
  deleted: [
    {
      drift: "deleted",
      script: script(
        ...[`delete element ip lab services { ${service} }`],
        ...["service", "endpoint", "hooked", "none"].map((chain) => `flush chain ip lab ${chain}`),
        ...["service", "endpoint", "hooked", "none"].map((chain) => `delete chain ip lab ${chain}`),
        ...["delete set ip lab affinity", "delete set ip lab own", "delete map ip lab ports"],
      ),
    },
    { drift: "with the whole table", script: script("delete table ip lab"), shows: { base: gone, it: gone } },
    { drift: "with all tables", script: script("flush ruleset"), shows: { base: gone, it: gone } },
    {
      drift: "all but the table emptied",
      script: script(
        "flush table ip lab",
        "flush map ip lab services",
        "flush set ip lab own",
        "flush map ip lab ports",
      ),
      shows: {
        base: "chains.input",
        it: "chains.endpoint chains.hooked chains.service elements.own elements.ports elements.services",
      },
    },
  ],
  replaced: [
    {
      drift: "a set by a map",
      script: script(
        ...["flush chain ip lab service", "delete set ip lab own"],
        "add map ip lab own { type ipv4_addr : verdict; elements = { 10.0.0.1 : accept }; }",
      ),
      shows: "chains.service elements.own sets.own",
    },
    {
      drift: "a map by a set",
      script: script(
        ...["flush chain ip lab service", "delete map ip lab ports"],
        "add set ip lab ports { type inet_service; elements = { 80 }; }",
      ),
      shows: "chains.service elements.ports maps.ports",
    },
  ],
};
