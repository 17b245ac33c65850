import { type Cases, answer, noNamespace, said } from "./cases";

const jump = '-p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 -j SVC-A';
const port = '-p tcp -m comment --comment "default/web" -m tcp --dport 30080 -j SVC-A';
const args = {
  host: "local",
  netns: "kt-one",
  name: "default/web",
  tables: { nat: { chains: { "SVC-A": ["-j SEP-A"], "SEP-A": [] }, rules: { SERVICES: [jump], NODEPORTS: [] } } },
};
const withRules = (rules: Record<string, string[]>) => ({ tables: { nat: { ...args.tables.nat, rules } } });
const withChains = (chains: Record<string, string[]>) => ({ tables: { nat: { ...args.tables.nat, chains } } });
const base = (tail: string[]) => ({
  name: "base",
  tables: {
    nat: { shared: { SERVICES: tail }, rules: { OUTPUT: ["-j SERVICES"] } },
    filter: { chains: { EMPTY: [] } },
  },
});
const last = '-m comment --comment "base last" -j RETURN';
const restore = (...lines: string[]) =>
  `ip netns exec kt-one iptables-restore -w --noflush <<'EOF'\n${lines.join("\n")}\nEOF`;
const nat = (...lines: string[]) => restore("*nat", ...lines, "COMMIT");
const save = (...lines: string[]) =>
  said(`*filter\n:EMPTY - [0:0]\nCOMMIT\n*nat\n:OUTPUT ACCEPT [0:0]\n${lines.join("\n")}\nCOMMIT\n`);
const chains = [":SERVICES - [0:0]", ":NODEPORTS - [0:0]", ":SVC-A - [0:0]", ":SEP-A - [0:0]"];

export const cases: Cases = {
  token: "podnet:linux:IptablesRules",
  args,
  refused: [
    [{ name: "two words" }, "name", /without white space/],
    [{ name: "a,b" }, "name", /without white space, comma/],
    [{ tables: { security: {} } }, "tables.security", /no property here/],
    [{ tables: { nat: { rule: {} } } }, "tables.nat.rule", /no property here/],
    [{ tables: { nat: { chains: { OUTPUT: [] } } } }, "tables.nat.chains.OUTPUT", /not built in/],
    [{ tables: { nat: { shared: { ["a".repeat(29)]: [] } } } }, `tables.nat.shared.${"a".repeat(29)}`, /1-28 char/],
    [{ tables: { nat: { rules: { "a b": [] } } } }, "tables.nat.rules.a b", /1-28 characters/],
    [{ tables: { nat: { chains: { A: [] }, rules: { A: [] } } } }, "tables.nat.rules.A", /put the rules there/],
    [{ tables: { nat: { chains: { A: ["-j B\nCOMMIT"] } } } }, "tables.nat.chains.A.0", /one line/],
  ],
  accepted: [{ tables: {} }, { tables: { raw: {}, mangle: { rules: { OUTPUT: ["! -d 10.0.0.1/32 -j RETURN"] } } } }],
  create: [
    [{}, [nat(":SVC-A - [0:0]", ":SEP-A - [0:0]", "-A SVC-A -j SEP-A", `-I SERVICES ${jump}`)]],
    // The first comes to stand in front.
    [
      withRules({ SERVICES: [jump, port] }),
      [nat(":SVC-A - [0:0]", ":SEP-A - [0:0]", "-A SVC-A -j SEP-A", `-I SERVICES ${port}`, `-I SERVICES ${jump}`)],
    ],
    [
      base([last]),
      [
        restore(
          ...["*filter", ":EMPTY - [0:0]", "COMMIT"],
          ...["*nat", ":SERVICES - [0:0]", `-A SERVICES ${last}`, "-I OUTPUT -j SERVICES", "COMMIT"],
        ),
      ],
    ],
    [
      { netns: undefined, tables: { filter: { rules: { INPUT: ["-j DROP"] } } } },
      ["iptables-restore -w --noflush <<'EOF'\n*filter\n-I INPUT -j DROP\nCOMMIT\nEOF"],
    ],
  ],
  change: {
    tables: [
      [withChains({ "SVC-A": ["-j DROP"], "SEP-A": [] }), {}, [nat(":SVC-A - [0:0]", "-A SVC-A -j SEP-A")]],
      [withChains({ "SVC-A": ["-j SEP-A"] }), {}, [nat(":SEP-A - [0:0]")]],
      [
        {},
        withChains({ "SVC-A": ["-j SEP-B"], "SEP-B": [] }),
        [nat(":SVC-A - [0:0]", ":SEP-B - [0:0]", ":SEP-A - [0:0]", "-A SVC-A -j SEP-B", "-X SEP-A")],
        { earlier: [args] },
      ],
      [withRules({ SERVICES: [], NODEPORTS: [] }), {}, [nat(`-I SERVICES ${jump}`)]],
      [withRules({ SERVICES: [jump], NODEPORTS: [port] }), {}, [nat(`-D NODEPORTS ${port}`)]],
      [
        withRules({ SERVICES: [jump, jump], NODEPORTS: [] }),
        {},
        [nat(`-D SERVICES ${jump}`, `-D SERVICES ${jump}`, `-I SERVICES ${jump}`)],
      ],
      // Somebody put a rule behind the last one.
      [
        base([last, "-j DROP"]),
        base([last]),
        [nat(`-D SERVICES ${last}`, "-D SERVICES -j DROP", `-A SERVICES ${last}`)],
      ],
      [base([]), base([last]), [nat(`-A SERVICES ${last}`)]],
      [
        { tables: {} },
        { tables: {} },
        [nat(":SVC-A - [0:0]", ":SEP-A - [0:0]", "-X SVC-A", "-X SEP-A")],
        { earlier: [args] },
      ],
    ],
  },
  remove: [
    [{}, [nat(":SVC-A - [0:0]", ":SEP-A - [0:0]", `-D SERVICES ${jump}`, "-X SVC-A", "-X SEP-A")]],
    [withRules({ SERVICES: [], NODEPORTS: [] }), [nat(":SVC-A - [0:0]", ":SEP-A - [0:0]", "-X SVC-A", "-X SEP-A")]],
  ],
  removeNothing: [],
  found: [
    ["nothing of it", {}, [answer("ip netns exec kt-one iptables-save -t nat")], undefined],
    ["no such namespace", {}, [noNamespace], undefined],
    ["chains of others alone", {}, [save(":SERVICES - [0:0]", "-A SERVICES -j RETURN")], undefined],
    ["all of it", {}, [save(...chains, `-A SERVICES ${jump}`, "-A SERVICES -j RETURN", "-A SVC-A -j SEP-A")], args],
    [
      "with rules by hand, a chain lost, and a rule of before",
      {},
      [
        save(
          ...chains.slice(0, 3),
          '-A SERVICES -m comment --comment "default/web of mine" -j DROP',
          "-A SERVICES -j SVC-A",
          '-A SERVICES -m comment --comment "default/web2 cluster IP" -j DROP',
          `-A NODEPORTS ${port}`,
          "-A SVC-A -j SEP-A",
          "-A SVC-A -j DROP",
        ),
      ],
      {
        tables: {
          nat: {
            chains: { "SVC-A": ["-j SEP-A", "-j DROP"] },
            rules: { SERVICES: ['-m comment --comment "default/web of mine" -j DROP', "-j SVC-A"], NODEPORTS: [port] },
          },
        },
      },
    ],
    [
      "of what only the name is known: rules that bear it",
      { tables: {} },
      [save(...chains, `-A SERVICES ${jump}`, "-A SVC-A -j SEP-A")],
      { tables: { nat: { rules: { SERVICES: [jump] } }, filter: { rules: {} } } },
    ],
    [
      "its last rules, and what came behind them",
      base([last]),
      [
        save(
          chains[0] ?? "",
          "-A OUTPUT -j SERVICES",
          `-A SERVICES ${jump}`,
          `-A SERVICES ${last}`,
          "-A SERVICES -j DROP",
        ),
      ],
      base([last, "-j DROP"]),
    ],
    [
      "as the kernel wrote it when it was set: in our words",
      { ...withChains({ A: ["-s 10.0.0.1 -j B"] }), saved: withChains({ A: ["-s 10.0.0.1/32 -j B"] }).tables },
      [save(":A - [0:0]", ":SERVICES - [0:0]", `-A SERVICES ${jump}`, "-A A -s 10.0.0.1/32 -j B")],
      { ...withChains({ A: ["-s 10.0.0.1 -j B"] }), saved: withChains({ A: ["-s 10.0.0.1/32 -j B"] }).tables },
    ],
  ],
  ids: [
    [{}, "local,kt-one,default/web"],
    [{ netns: undefined }, "local,,default/web"],
  ],
};
