import { type Cases, failed, noNamespace, said } from "./cases";

const element = "10.96.0.20 . tcp . 80 : goto service-A";
const none = '10.96.0.20 . tcp . 80 comment "default/web" : drop';
const args = {
  host: "local",
  netns: "kt-one",
  table: "lab",
  name: "default/web",
  sets: { "affinity-A": ["type ipv4_addr", "timeout 3h"] },
  chains: { "service-A": ["ip saddr @affinity-A goto endpoint-A"], "endpoint-A": [] },
  elements: { ips: [element], none: [] as string[] },
};
const base = {
  ...{ name: "base", comment: "of the lab", sets: { addresses: ["type ipv4_addr"] } },
  ...{ maps: { ips: ["type ipv4_addr . inet_proto . inet_service : verdict", 'comment "all"'] } },
  chains: { input: ["type filter hook input priority filter; policy accept;", "ip saddr != { 10.0.0.0/8 } drop"] },
  elements: { addresses: ["192.168.0.11"] },
};
const nft = (...lines: string[]) => `ip netns exec kt-one nft -f - <<'EOF'\n${lines.join("\n")}\nEOF`;
const chain = (name: string) => [`add chain ip lab ${name}`, `flush chain ip lab ${name}`];
const rule = "add rule ip lab service-A ip saddr @affinity-A goto endpoint-A";
const list = (...lines: string[]) => said(`table ip lab {\n\tcomment "of the lab"\n${lines.join("\n")}\n}\n`);
const block = (head: string, ...lines: string[]) =>
  [`\t${head} {`, ...lines.map((line) => `\t\t${line}`), "\t}\n"].join("\n");
const listed = [
  block("set affinity-A", ...args.sets["affinity-A"]),
  block("chain service-A", ...args.chains["service-A"]),
  block("chain endpoint-A"),
];
const map = (name: string, ...elements: string[]) =>
  block(`map ${name}`, "type ipv4_addr", `elements = { ${elements.join(",\n\t\t\t     ")} }`);

export const cases: Cases = {
  token: "podnet:linux:NftablesRules",
  args,
  refused: [
    [{ name: "two words" }, "name", /without white space/],
    [{ table: "a b" }, "table", /letters, digits/],
    [{ family: "arp" }, "family", /write one of ip, ip6, inet/],
    [{ comment: 'say "a"' }, "comment", /./],
    [{ chains: { "a b": [] } }, "chains.a b", /letters, digits/],
    [{ chains: { a: ["accept\nflush ruleset"] } }, "chains.a.0", /one line/],
    [{ elements: { a: ["1.1.1.1 }; flush ruleset"] } }, "elements.a.0", /one line/],
    [{ entries: ["a;b"] }, "entries.0", /letters, digits/],
  ],
  accepted: [{ sets: undefined, chains: undefined, elements: undefined }, base, { entries: ["service-A", "local-A"] }],
  create: [
    [
      {},
      [
        nft(
          ...chain("service-A"),
          ...chain("endpoint-A"),
          "add set ip lab affinity-A { type ipv4_addr; timeout 3h; }",
          rule,
          `add element ip lab ips { ${element} }`,
        ),
      ],
    ],
    [
      base,
      [
        nft(
          'add table ip lab { comment "of the lab"; }',
          "add chain ip lab input { type filter hook input priority filter; policy accept; }",
          "flush chain ip lab input",
          "add set ip lab addresses { type ipv4_addr; }",
          'add map ip lab ips { type ipv4_addr . inet_proto . inet_service : verdict; comment "all"; }',
          "add rule ip lab input ip saddr != { 10.0.0.0/8, 10.0.0.0/8 } drop",
          "add element ip lab addresses { 192.168.0.11 }",
        ),
      ],
    ],
    [
      { netns: undefined, family: "inet", sets: undefined, chains: { a: ["accept"] }, elements: undefined },
      ["nft -f - <<'EOF'\nadd chain inet lab a\nflush chain inet lab a\nadd rule inet lab a accept\nEOF"],
    ],
  ],
  change: {
    chains: [
      [
        { chains: { ...args.chains, "service-A": ["drop"] } },
        {},
        [nft(...chain("service-A"), ...chain("endpoint-A"), rule)],
      ],
      [
        {},
        { chains: { "service-A": [] } },
        [nft(...chain("service-A"), ...chain("endpoint-A"), "delete chain ip lab endpoint-A")],
        { earlier: [args] },
      ],
      [
        { chains: { a: ["type nat hook input priority 0; policy accept;", "accept"] } },
        { chains: { a: ["type filter hook input priority 0; policy accept;", "accept"] } },
        [
          nft(
            ...["flush chain ip lab a", "delete chain ip lab a"],
            "add chain ip lab a { type filter hook input priority 0; policy accept; }",
            "add rule ip lab a accept",
          ),
        ],
      ],
      // What leads to a chain that is made anew goes first.
      [
        { chains: { ...args.chains, "service-A": ['comment "theirs"', ...args.chains["service-A"]] } },
        {},
        [
          nft(
            ...["flush chain ip lab service-A", ...chain("endpoint-A")],
            "delete element ip lab ips { 10.96.0.20 . tcp . 80 }",
            ...["delete chain ip lab service-A", "add chain ip lab service-A"],
            ...[rule, `add element ip lab ips { ${element} }`],
          ),
        ],
      ],
    ],
    sets: [
      [
        { sets: { "affinity-A": ["type ipv4_addr", "timeout 1h"] } },
        {},
        [
          nft(
            ...[...chain("service-A"), ...chain("endpoint-A"), "delete set ip lab affinity-A"],
            ...["add set ip lab affinity-A { type ipv4_addr; timeout 3h; }", rule],
          ),
        ],
      ],
      [
        {},
        { sets: {}, chains: { "service-A": [], "endpoint-A": [] } },
        [
          nft(
            ...[...chain("service-A"), ...chain("endpoint-A")],
            ...["add set ip lab affinity-A { type ipv4_addr; timeout 3h; }", "delete set ip lab affinity-A"],
          ),
        ],
        { earlier: [args] },
      ],
    ],
    maps: [
      [
        { chains: {} },
        { chains: {}, maps: { m: ["type mark : verdict"] } },
        [nft("add map ip lab m { type mark : verdict; }")],
      ],
      // Its elements go with it.
      [
        { chains: {}, maps: { ips: ["type mark : verdict"] } },
        { chains: {}, maps: { ips: ["type ipv4_addr . inet_proto . inet_service : verdict"] } },
        [
          nft(
            ...["delete element ip lab ips { 10.96.0.20 . tcp . 80 }", "delete map ip lab ips"],
            "add map ip lab ips { type ipv4_addr . inet_proto . inet_service : verdict; }",
            `add element ip lab ips { ${element} }`,
          ),
        ],
      ],
    ],
    elements: [
      [{ elements: { ips: [], none: [] } }, {}, [nft(`add element ip lab ips { ${element} }`)]],
      [
        { elements: { ips: [element], none: [none] } },
        {},
        [nft("delete element ip lab none { 10.96.0.20 . tcp . 80 }")],
      ],
      [
        { elements: { ips: ["10.96.0.20 . tcp . 80 : drop"], none: [] } },
        {},
        [nft("delete element ip lab ips { 10.96.0.20 . tcp . 80 }", `add element ip lab ips { ${element} }`)],
      ],
    ],
  },
  remove: [
    [
      {},
      [
        nft(
          ...["flush chain ip lab service-A", "flush chain ip lab endpoint-A"],
          "delete element ip lab ips { 10.96.0.20 . tcp . 80 }",
          ...["delete chain ip lab service-A", "delete chain ip lab endpoint-A", "delete set ip lab affinity-A"],
        ),
      ],
    ],
    [base, [nft("delete table ip lab")]],
  ],
  removeNothing: [],
  found: [
    [
      "no such table",
      {},
      [failed("Error: No such file or directory\nlist table ip lab\n              ^^^")],
      undefined,
    ],
    ["no such namespace", {}, [noNamespace], undefined],
    [
      "nothing of it",
      {},
      [list(map("ips", "10.96.0.21 . tcp . 80 : goto service-B"), block("chain service-B", "accept"))],
      undefined,
    ],
    ["all of it", {}, [list(...listed, map("ips", element, "10.96.0.21 . tcp . 80 : goto service-B"))], args],
    ["the table with another comment", { comment: "of us" }, [list()], /the comment "of the lab"/],
    ["the table without a comment", base, [said("table ip lab {\n}\n")], /no comment/],
    [
      "a map in place of a set",
      { sets: { one: ["type ipv4_addr"] }, chains: undefined, elements: undefined },
      [list(map("one", element))],
      { sets: { one: ["type ipv4_addr"] } },
    ],
    [
      "an empty chain, and nothing else",
      { sets: undefined, elements: undefined, chains: { a: [] } },
      [list(block("chain a"))],
      { chains: { a: [] } },
    ],
    [
      "of what only the name is known: elements that bear it",
      { sets: undefined, elements: undefined, chains: undefined },
      [list(map("other", "10.0.0.1"), map("none", none, "10.96.0.21 . tcp . 80 : drop"))],
      { elements: { none: [none] } },
    ],
    [
      "rules and elements by hand, and one of before",
      {},
      [
        list(
          block("chain service-A", "drop"),
          map(
            "ips",
            "10.96.0.20 . tcp . 80 : accept",
            "10.96.0.99 . tcp . 80 : goto service-A",
            "10.96.0.98 . udp . 1 : drop",
          ),
          map(
            "none",
            '10.96.0.97 . tcp . 80 comment "default/web" : drop',
            '10.96.0.96 . tcp . 80 comment "other" : drop',
          ),
        ),
      ],
      {
        sets: {},
        chains: { "service-A": ["drop"] },
        elements: {
          ips: ["10.96.0.20 . tcp . 80 : accept", "10.96.0.99 . tcp . 80 : goto service-A"],
          none: ['10.96.0.97 . tcp . 80 comment "default/web" : drop'],
        },
      },
    ],
    [
      "a chain that it may have, and should not",
      { entries: ["service-A", "local-A"] },
      [list(...listed, block("chain local-A", "drop"), map("ips", element, "10.96.0.21 . tcp . 80 : goto local-A"))],
      {
        chains: { ...args.chains, "local-A": ["drop"] },
        elements: { ips: [element, "10.96.0.21 . tcp . 80 : goto local-A"], none: [] },
      },
    ],
    [
      "all that is in a set of its own",
      base,
      [
        list(
          block("set addresses", "type ipv4_addr", "elements = { 192.168.0.11, 192.168.0.12 }"),
          map("ips", element).replace("type ipv4_addr", base.maps.ips.join("\n\t\t")),
          block("chain input", ...base.chains.input),
        ),
      ],
      { ...base, elements: { addresses: ["192.168.0.11", "192.168.0.12"] } },
    ],
    [
      "as the kernel wrote it when it was set: in our words",
      { chains: { a: ["mark 1 drop"] }, saved: { chains: { a: ["meta mark 0x00000001 drop"] } } },
      [list(block("chain a", "meta mark 0x00000001 drop"))],
      {
        ...{ sets: {}, chains: { a: ["mark 1 drop"] }, elements: { ips: [], none: [] } },
        saved: { chains: { a: ["meta mark 0x00000001 drop"] } },
      },
    ],
  ],
  ids: [
    [{}, "local,kt-one,ip,lab,default/web"],
    [{ netns: undefined, family: "inet" }, "local,,inet,lab,default/web"],
  ],
};
