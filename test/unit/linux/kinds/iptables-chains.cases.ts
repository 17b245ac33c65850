import { type Cases, answer, noNamespace, said } from "./cases";

const args = { host: "local", netns: "kt-one", table: "nat", chains: { A: ["-d 10.0.0.1 -j B"], B: ["-j RETURN"] } };
const restore = (...lines: string[]) =>
  `ip netns exec kt-one iptables-restore -w --noflush <<'EOF'\n*nat\n${lines.join("\n")}\nCOMMIT\nEOF`;
const save = (...lines: string[]) => said(`*nat\n:PREROUTING ACCEPT [0:0]\n${lines.join("\n")}\nCOMMIT\n`);
const asSaved = { A: ["-d 10.0.0.1/32 -j B"], B: ["-j RETURN"] };

export const cases: Cases = {
  token: "podnet:linux:IptablesChains",
  args,
  refused: [
    [{ chains: {} }, "chains", /is empty/],
    [{ chains: { POSTROUTING: [] } }, "chains.POSTROUTING", /chains of its own/],
    [{ chains: { ["a".repeat(29)]: [] } }, "chains.aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /1-28 characters/],
    [{ chains: { "a b": [] } }, "chains.a b", /1-28 characters/],
    [{ chains: { "-A": [] } }, "chains.-A", /1-28 characters/],
    [{ chains: { A: ["-j RETURN\nCOMMIT"] } }, "chains.A.0", /one line/],
    [{ chains: { A: ["RETURN"] } }, "chains.A.0", /one line of options/],
    [{ table: "security" }, "table", /write one of filter, nat, mangle, raw/],
  ],
  accepted: [{ chains: { ["a".repeat(28)]: [] } }, { chains: { A: ["! -d 10.0.0.1 -j RETURN"] } }],
  create: [
    [{}, [restore(":A - [0:0]", ":B - [0:0]", "-A A -d 10.0.0.1 -j B", "-A B -j RETURN")]],
    [
      { netns: undefined, table: "filter", chains: { A: [] } },
      ["iptables-restore -w --noflush <<'EOF'\n*filter\n:A - [0:0]\nCOMMIT\nEOF"],
    ],
  ],
  change: {
    chains: [
      [
        { chains: { A: [], B: [] } },
        {},
        [restore(":A - [0:0]", ":B - [0:0]", "-A A -d 10.0.0.1 -j B", "-A B -j RETURN")],
      ],
      [{ chains: { B: ["-j RETURN"], A: ["-d 10.0.0.1 -j B"] } }, {}, []],
      [{}, { chains: { A: [] } }, [restore(":A - [0:0]", ":B - [0:0]", "-X B")], { earlier: [args] }],
      // Dropped, and gone already.
      [
        { chains: { A: [] } },
        { chains: { A: [] } },
        [restore(":A - [0:0]", ":B - [0:0]", "-X B")],
        { earlier: [args] },
      ],
      [
        {},
        { chains: { A: [], EOF: [] } },
        [`ip netns exec kt-one iptables-restore -w --noflush <<'EOF'\n*nat\n:A - [0:0]\n:EOF - [0:0]\nCOMMIT\nEOF`],
      ],
    ],
  },
  remove: [
    [{}, [restore(":A - [0:0]", ":B - [0:0]", "-X A", "-X B")]],
    [{ chains: { B: [] } }, [restore(":B - [0:0]", "-X B")]],
  ],
  removeNothing: [],
  found: [
    ["nothing of it", {}, [answer("ip netns exec kt-one iptables-save -t nat")], undefined],
    ["no such namespace", {}, [noNamespace], undefined],
    [
      "a real one",
      { chains: { "LAB-A": [], "LAB-B": [] } },
      [answer("ip netns exec kt-one iptables-save -t nat", 4)],
      {
        chains: { "LAB-A": ["-d 10.0.0.1/32 -j LAB-B"], "LAB-B": [] },
        saved: { "LAB-A": ["-d 10.0.0.1/32 -j LAB-B"], "LAB-B": [] },
      },
    ],
    [
      "as the kernel wrote it when it was set: in our words",
      { saved: asSaved },
      [save(":A - [0:0]", ":B - [0:0]", "-A A -d 10.0.0.1/32 -j B", "-A B -j RETURN")],
      { chains: args.chains, saved: asSaved },
    ],
    [
      "with a line by hand before ours",
      { saved: asSaved },
      [save(":A - [0:0]", ":B - [0:0]", "-A A -j DROP", "-A A -d 10.0.0.1/32 -j B", "-A B -j RETURN")],
      {
        chains: { A: ["-j DROP", "-d 10.0.0.1 -j B"], B: ["-j RETURN"] },
        saved: { A: ["-j DROP", "-d 10.0.0.1/32 -j B"], B: ["-j RETURN"] },
      },
    ],
    [
      "one chain deleted",
      {},
      [save(":B - [0:0]", "-A B -j RETURN")],
      { chains: { B: ["-j RETURN"] }, saved: { B: ["-j RETURN"] } },
    ],
    [
      "two spellings of one rule",
      {
        chains: { A: ["-s 1.1.1.1 -j B", "-s 1.1.1.1/32 -j B"] },
        saved: { A: ["-s 1.1.1.1/32 -j B", "-s 1.1.1.1/32 -j B"] },
      },
      [save(":A - [0:0]", "-A A -s 1.1.1.1/32 -j B", "-A A -s 1.1.1.1/32 -j B")],
      {
        chains: { A: ["-s 1.1.1.1 -j B", "-s 1.1.1.1/32 -j B"] },
        saved: { A: ["-s 1.1.1.1/32 -j B", "-s 1.1.1.1/32 -j B"] },
      },
    ],
    [
      "a chain of others called as something every object has",
      {},
      [save(":constructor - [0:0]", "-A constructor -j RETURN")],
      undefined,
    ],
  ],
  ids: [
    [{}, "local,kt-one,nat,A+B"],
    [{ netns: undefined, chains: { A: [] } }, "local,,nat,A"],
  ],
};
