import { type Cases, answer, failed, noNamespace, said } from "./cases";

const comment = '-m comment --comment "of the lab"';
const args = { host: "local", netns: "kt-one", table: "nat", chain: "POSTROUTING", rule: `${comment} -j ACCEPT` };
const iptables = (words: string) => `ip netns exec kt-one iptables -w -t nat ${words}`;
const words = "-m comment --comment 'of the lab' -j ACCEPT";
const save = (...rules: string[]) =>
  said(`*nat\n:POSTROUTING ACCEPT [0:0]\n${rules.map((rule) => `-A POSTROUTING ${rule}`).join("\n")}\nCOMMIT\n`);
const yes = said("");
const no = answer("ip netns exec kt-one iptables -w -t nat -C POSTROUTING -s 10.0.0.0/24 -j RETURN");

export const cases: Cases = {
  token: "podnet:linux:IptablesRule",
  args,
  refused: [
    [{ rule: "ACCEPT" }, "rule", /one line of options/],
    [{ rule: "-j ACCEPT\n-j DROP" }, "rule", /one line of options/],
    [{ rule: "" }, "rule", /one line of options/],
    [{ chain: "a b" }, "chain", /match/],
    [{ position: 0 }, "position", /1/],
    [{ table: "x" }, "table", /write one of/],
  ],
  create: [
    [{}, [iptables(`-A POSTROUTING ${words}`)]],
    [{ position: 1 }, [iptables(`-I POSTROUTING 1 ${words}`)]],
    [
      {
        netns: undefined,
        table: "filter",
        rule: '! -d 10.0.0.1 -m comment --comment "it\'s \\"so\\" \\\\ $(x)" -j DROP',
      },
      [`iptables -w -t filter -A POSTROUTING '!' -d 10.0.0.1 -m comment --comment 'it'\\''s "so" \\ $(x)' -j DROP`],
    ],
  ],
  change: {
    rule: [
      [{ rule: `${comment} -j DROP`, position: 3 }, {}, [iptables(`-R POSTROUTING 3 ${words}`)]],
      // Where it stands is not known.
      [
        { rule: "-p tcp --dport 80 -j DROP" },
        {},
        [iptables("-D POSTROUTING -p tcp --dport 80 -j DROP"), iptables(`-A POSTROUTING ${words}`)],
      ],
    ],
    position: [
      [{ position: 3 }, { position: 1 }, [iptables("-D POSTROUTING 3"), iptables(`-I POSTROUTING 1 ${words}`)]],
      [{ position: 3 }, {}, []],
      [{}, { position: 1 }, []],
      [{ rule: `${comment} -j DROP`, position: 1 }, { position: 1 }, [iptables(`-R POSTROUTING 1 ${words}`)]],
      [
        { rule: `${comment} -j DROP`, position: 2 },
        { position: 1 },
        [iptables("-D POSTROUTING 2"), iptables(`-I POSTROUTING 1 ${words}`)],
      ],
    ],
  },
  remove: [
    [{}, [iptables(`-D POSTROUTING ${words}`)]],
    // What is there, not what should be.
    [{ rule: `${comment} -j DROP` }, [iptables("-D POSTROUTING -m comment --comment 'of the lab' -j DROP")]],
  ],
  removeNothing: [],
  found: [
    ["as it is written", {}, [answer("ip netns exec kt-one iptables-save -t nat", 2), yes], { position: 1 }],
    [
      "written in another way",
      { rule: "-p tcp -s 10.0.0.1 --dport 80 -j RETURN" },
      [answer("ip netns exec kt-one iptables-save -t nat", 2), yes],
      {},
    ],
    [
      "changed by hand, with its comment",
      {},
      [save("-j RETURN", `${comment} -j DROP`), no],
      { rule: `${comment} -j DROP`, position: 2 },
    ],
    ["without its comment", {}, [save("-j ACCEPT"), no], undefined],
    ["gone", {}, [answer("ip netns exec kt-one iptables-save -t nat"), no], undefined],
    [
      "without its chain",
      { chain: "NOSUCH" },
      [answer("ip netns exec kt-one iptables-save -t nat"), failed("iptables: Bad rule")],
      undefined,
    ],
    [
      "without the chain that it jumps to",
      { rule: "-j NOSUCH" },
      [save(), failed("iptables v1.8.9 (nf_tables): Chain 'NOSUCH' does not exist", 2)],
      undefined,
    ],
    ["no such namespace", {}, [noNamespace, noNamespace], undefined],
    ["twice", {}, [save(`${comment} -j ACCEPT`, `${comment} -j ACCEPT`), yes], { position: 1 }],
    [
      "twice, once in its place",
      { position: 2 },
      [save(`${comment} -j ACCEPT`, `${comment} -j ACCEPT`), yes],
      { position: 2 },
    ],
  ],
  ids: [
    [{}, `local,kt-one,nat,POSTROUTING,${comment} -j ACCEPT`],
    [
      { netns: undefined, rule: "-m multiport --dports 1,2 -j DROP" },
      "local,,nat,POSTROUTING,-m multiport --dports 1,2 -j DROP",
    ],
  ],
};
