import { type Table, hostIsFixed, netnsIsFixed } from "./row";

const iptables = (words: string): string => `ip netns exec $N iptables -w -t nat ${words}`;
const script = (...words: string[]): string => words.map(iptables).join("; ");

export const iptablesChains: Table = {
  kind: "IptablesChains",
  args: {
    table: "nat",
    chains: {
      ONE: ["-d 10.0.0.0/8 -j RETURN", "-d 172.16.0.0/12 -j TWO", "-j MASQUERADE"],
      TWO: ['-m comment --comment "not these" -j RETURN'],
      "NO-RULE": [],
    },
  },
  properties: {
    host: hostIsFixed,
    netns: netnsIsFixed,
    table: "in another table there are other chains",
    chains: [
      { drift: "a rule gone", script: script("-D ONE 1"), shows: "chains.ONE" },
      { drift: "a rule more at the end", script: script("-A ONE -j RETURN"), shows: "chains.ONE" },
      { drift: "a rule more at the beginning", script: script("-I TWO -j RETURN"), shows: "chains.TWO" },
      { drift: "a rule where none should be", script: script("-A NO-RULE -j RETURN"), shows: 'chains["NO-RULE"]' },
      { drift: "a rule twice", script: script("-I ONE -d 10.0.0.0/8 -j RETURN"), shows: "chains.ONE" },
      { drift: "a rule edited", script: script("-R ONE 1 -d 10.0.0.0/9 -j RETURN"), shows: "chains.ONE" },
      {
        drift: "a rule's comment",
        script: script('-R TWO 1 -m comment --comment "these" -j RETURN'),
        shows: "chains.TWO",
      },
      {
        drift: "another order",
        script: script("-D ONE -d 10.0.0.0/8 -j RETURN", "-I ONE 2 -d 10.0.0.0/8 -j RETURN"),
        shows: "chains.ONE",
      },
      { drift: "all rules gone", script: script("-F ONE"), shows: "chains.ONE" },
      { drift: "a chain gone", script: script("-X NO-RULE"), shows: 'chains["NO-RULE"]' },
      {
        drift: "a chain gone, and the jump to it",
        script: script("-D ONE 2", "-F TWO", "-X TWO"),
        shows: "chains.ONE chains.TWO",
      },
      {
        drift: "a chain renamed, which a jump follows",
        script: script("-E TWO THREE"),
        shows: "chains.ONE chains.TWO",
        leaves: /THREE/,
      },
    ],
  },
  deleted: [
    { drift: "deleted", script: script("-F", "-X") },
    { drift: "with the whole table", script: "ip netns exec $N nft delete table ip nat" },
  ],
  replaced: "chains of one name are of one type to iptables; what only nft(8) can make it cannot read",
};
