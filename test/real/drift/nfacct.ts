import { type Table, hostIsFixed, netnsIsFixed } from "./row";

const nfacct = (words: string): string => `ip netns exec $N nfacct ${words}`;
const script = (...words: string[]): string => words.map(nfacct).join("; ");

export const nfacctCounter: Table = {
  kind: "NfacctCounter",
  args: { name: "drops" },
  properties: {
    host: hostIsFixed,
    netns: netnsIsFixed,
    name: "a counter keeps its name as long as it is there",
  },
  deleted: [
    { drift: "deleted", script: script("delete drops") },
    { drift: "with all counters", script: script("flush") },
    { drift: "made again under another name", script: script("delete drops", "add others"), leaves: /others/ },
  ],
  replaced: [
    {
      drift: "by one with a quota, which matches nothing before that is used up",
      script: script("delete drops", "add drops packet 1000"),
    },
  ],
};
