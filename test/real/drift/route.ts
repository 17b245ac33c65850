import { type Table, gone, hostIsFixed, netnsIsFixed } from "./row";

const set = (words: string): string => `ip -n $N route replace ${words}`;
const v6 = { destination: "fd09::/64", via: "fd00::9" };

export const route: Table = {
  kind: "Route",
  args: { destination: "10.9.0.0/24", via: "10.0.0.9" },
  beside: {
    bridge: [
      "Bridge",
      { name: "br0", addresses: ["10.0.0.1/24", "10.0.0.2/24", "fd00::1/64"], conf: { ipv6: { accept_dad: 0 } } },
    ],
    second: ["Bridge", { name: "br1", addresses: ["10.1.0.1/24"] }],
  },
  properties: {
    host: hostIsFixed,
    netns: netnsIsFixed,
    destination: "of another destination there is another route",
    metric: "of another metric there is another route",
    table: "in another table there is another route",
    via: [
      { drift: "another way", script: set("10.9.0.0/24 via 10.0.0.8") },
      { drift: "another way, which needs another interface", script: set("10.9.0.0/24 via 10.1.0.9") },
      { drift: "no way at all, as if they were on the link", script: set("10.9.0.0/24 dev br0") },
      { drift: "another way for IPv6", args: v6, script: "ip -n $N -6 route replace fd09::/64 via fd00::8" },
      {
        drift: "another way, of a metric and in a table",
        args: { metric: 7, table: "100" },
        script: set("10.9.0.0/24 via 10.0.0.8 metric 7 table 100"),
      },
    ],
    dev: [
      { drift: "another", args: { via: undefined, dev: "br0" }, script: set("10.9.0.0/24 dev br1 scope link") },
      {
        drift: "another, by another way",
        args: { dev: "br0" },
        script: set("10.9.0.0/24 via 10.1.0.9 dev br1"),
        shows: "dev via",
      },
    ],
    src: [
      { drift: "another", args: { src: "10.0.0.1" }, script: set("10.9.0.0/24 via 10.0.0.9 src 10.0.0.2") },
      { drift: "one where none should be", script: set("10.9.0.0/24 via 10.0.0.9 src 10.0.0.2") },
      { drift: "none", args: { src: "10.0.0.2" }, script: set("10.9.0.0/24 via 10.0.0.9") },
    ],
    scope: [
      {
        drift: "another",
        args: { via: undefined, dev: "br0", scope: "link" },
        script: set("10.9.0.0/24 dev br0 scope global"),
      },
    ],
    onlink: [
      { drift: "on", script: set("10.9.0.0/24 via 10.0.0.9 dev br0 onlink") },
      { drift: "off", args: { dev: "br0", onlink: true }, script: set("10.9.0.0/24 via 10.0.0.9 dev br0") },
    ],
    type: [
      { drift: "a black hole", script: set("blackhole 10.9.0.0/24"), shows: "type via" },
      {
        drift: "a black hole for IPv6",
        args: v6,
        script: "ip -n $N -6 route del fd09::/64; ip -n $N -6 route add blackhole fd09::/64",
        shows: "type via",
      },
      { drift: "prohibited", args: { via: undefined, type: "unreachable" }, script: set("prohibit 10.9.0.0/24") },
      {
        drift: "a way out of a black hole",
        args: { via: undefined, type: "blackhole" },
        script: set("10.9.0.0/24 via 10.0.0.9"),
        shows: "type via",
      },
    ],
  },
  deleted: [
    { drift: "deleted", script: "ip -n $N route del 10.9.0.0/24" },
    { drift: "of IPv6", args: v6, script: "ip -n $N -6 route del fd09::/64" },
    {
      drift: "made again with another metric",
      script: "ip -n $N route del 10.9.0.0/24; ip -n $N route add 10.9.0.0/24 via 10.0.0.9 metric 7",
      leaves: /metric 7/,
    },
    {
      drift: "made again in another table",
      script: "ip -n $N route del 10.9.0.0/24; ip -n $N route add 10.9.0.0/24 via 10.0.0.9 table 100",
      leaves: /table 100/,
    },
    {
      drift: "with its interface down",
      args: { via: "10.1.0.9" },
      script: "ip -n $N link set br1 down",
      shows: { second: "up", it: gone },
    },
  ],
  replaced: [
    {
      drift: "by one that shares out over two ways",
      script: set("10.9.0.0/24 nexthop via 10.0.0.9 nexthop via 10.0.0.8"),
      shows: "via",
    },
    {
      drift: "by one to a next hop that has a number",
      script: "ip -n $N nexthop add id 7 via 10.0.0.8 dev br0; ip -n $N route replace 10.9.0.0/24 nhid 7",
      shows: "via",
    },
  ],
};
