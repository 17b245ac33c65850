import { type Table, gone, hostIsFixed, netnsIsFixed } from "./row";

const iptables = (words: string): string => `ip netns exec $N iptables -w -t nat ${words}`;
const script = (...words: string[]): string => words.map(iptables).join("; ");
const comment = '-m comment --comment "of the lab"';
const rule = `-s 10.0.0.0/8 ${comment} -j ACCEPT`;
/** Without a comment nobody knows it again when it was edited. */
const plain = { rule: "-s 10.0.0.0/8 -j ACCEPT" };
/** A rule of others that was there before. */
const first = { rule: "-d 127.0.0.0/8 -j RETURN" };

export const iptablesRule: Table = {
  kind: "IptablesRule",
  args: { table: "nat", chain: "POSTROUTING", rule },
  beside: { first: ["IptablesRule", { table: "nat", chain: "POSTROUTING", ...first }] },
  properties: {
    host: hostIsFixed,
    netns: netnsIsFixed,
    table: "in another table there is another rule",
    chain: "in another chain there is another rule",
    rule: [
      { drift: "there twice", script: script(`-A POSTROUTING ${rule}`), shows: {}, leaves: /of the lab/ },
      { drift: "edited", script: script(`-R POSTROUTING 2 -s 10.0.0.0/9 ${comment} -j ACCEPT`) },
      {
        drift: "edited, and others before it",
        script: script(`-R POSTROUTING 2 -s 10.0.0.0/9 ${comment} -j ACCEPT`, "-I POSTROUTING -d 1.1.1.1 -j RETURN"),
        leaves: /1\.1\.1\.1/,
      },
      {
        drift: "edited, at a place of its own",
        args: { position: 1 },
        script: script(`-R POSTROUTING 1 -s 10.0.0.0/9 ${comment} -j ACCEPT`),
      },
    ],
    position: [
      {
        drift: "moved",
        args: { position: 1 },
        script: script("-D POSTROUTING 1", `-A POSTROUTING ${rule}`),
      },
      {
        drift: "another before it",
        args: { position: 1 },
        script: script("-I POSTROUTING -d 1.1.1.1 -j RETURN"),
        leaves: /1\.1\.1\.1/,
      },
      {
        drift: "moved and edited",
        args: { position: 1 },
        script: script("-D POSTROUTING 1", `-A POSTROUTING -s 10.0.0.0/9 ${comment} -j ACCEPT`),
        shows: "position rule",
      },
      {
        drift: "another before it, where nobody asked for a place",
        script: script("-I POSTROUTING -d 1.1.1.1 -j RETURN"),
        shows: {},
        leaves: /1\.1\.1\.1/,
      },
      {
        drift: "there twice, once at the place that it should have",
        args: { position: 2 },
        script: script(`-R POSTROUTING 1 ${rule}`),
        shows: { first: gone },
        leaves: /-A POSTROUTING/,
      },
    ],
  },
  deleted: [
    { drift: "deleted", script: script("-D POSTROUTING 2") },
    { drift: "the chain emptied", script: script("-F POSTROUTING"), shows: { first: gone, it: gone } },
    {
      drift: "edited, without a comment",
      args: plain,
      script: script("-R POSTROUTING 2 -s 10.0.0.0/9 -j ACCEPT"),
      leaves: /10\.0\.0\.0\/9/,
    },
  ],
  replaced: [
    {
      drift: "by one of its words in another chain",
      script: script("-D POSTROUTING 2", `-A OUTPUT ${rule}`),
      leaves: /-A OUTPUT/,
    },
  ],
};
