import { type Table, gone, hostIsFixed, netnsIsFixed } from "./row";

const set = (words: string): string => `ip -n $N neigh replace 10.0.0.9 dev br0 ${words}`;
const [lladdr, another] = ["02:00:00:00:00:09", "02:00:00:00:00:10"];
const bridge = { name: "br0", addresses: ["10.0.0.1/24"] };

export const neighbour: Table = {
  kind: "Neighbour",
  args: { address: "10.0.0.9", dev: "br0", lladdr },
  beside: { bridge: ["Bridge", bridge] },
  properties: {
    host: hostIsFixed,
    netns: netnsIsFixed,
    address: "of another address there is another entry",
    dev: "of another interface there is another entry",
    proxy: "proxy entries have a table of their own, so one of either is another entry",
    lladdr: [{ drift: "another", script: set(`lladdr ${another} nud permanent`) }],
    state: [
      { drift: "no longer for good", script: set(`lladdr ${lladdr} nud reachable`) },
      { drift: "for good", args: { state: "noarp" }, script: set(`lladdr ${lladdr} nud permanent`) },
      {
        drift: "for good, which goes on by itself otherwise",
        args: { state: "stale" },
        script: set(`lladdr ${lladdr} nud permanent`),
      },
      { drift: "with another link address", script: set(`lladdr ${another} nud noarp`), shows: "lladdr state" },
    ],
  },
  deleted: [
    { drift: "deleted", script: "ip -n $N neigh del 10.0.0.9 dev br0" },
    { drift: "failed", script: set(`lladdr ${lladdr} nud failed`) },
    { drift: "with its interface down", script: "ip -n $N link set br0 down", shows: { bridge: "up", it: gone } },
    {
      drift: "with its interface",
      script: "ip -n $N link del br0",
      shows: { bridge: gone, it: gone },
      anew: "another interface",
    },
    {
      drift: "a proxy entry",
      args: { lladdr: undefined, proxy: true },
      script: "ip -n $N neigh del proxy 10.0.0.9 dev br0",
    },
  ],
  replaced: [
    {
      drift: "by a proxy entry",
      script: "ip -n $N neigh del 10.0.0.9 dev br0; ip -n $N neigh add proxy 10.0.0.9 dev br0",
      leaves: /proxy/,
    },
    {
      drift: "a proxy entry by a plain one",
      args: { lladdr: undefined, proxy: true },
      script: `ip -n $N neigh del proxy 10.0.0.9 dev br0; ${set(`lladdr ${lladdr} nud permanent`)}`,
      leaves: /lladdr/,
    },
  ],
};
