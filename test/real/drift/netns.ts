import { type Table, gone, hostIsFixed } from "./row";

const setting = "net.ipv6.conf.default.dad_transmits";
const anew = "another namespace";

export const netns: Table = {
  kind: "NetworkNamespace",
  args: { name: "$N", sysctls: { [setting]: "0", "net.ipv4.ping_group_range": "0 100" } },
  properties: {
    host: hostIsFixed,
    name: [
      {
        drift: "given another name",
        script: ": >/run/netns/$N-moved; mount --bind /run/netns/$N /run/netns/$N-moved; ip netns del $N",
        shows: gone,
        anew,
      },
    ],
    loopback: [
      { drift: "down", script: "ip -n $N link set lo down" },
      { drift: "up", args: { loopback: false }, script: "ip -n $N link set lo up", leaves: /^route local 127/ },
    ],
    sysctls: [
      {
        drift: "a setting",
        script: `ip netns exec $N sysctl -qw ${setting}=1`,
        shows: `sysctls["${setting}"]`,
      },
      {
        drift: "a setting of several numbers",
        script: "ip netns exec $N sysctl -qw net.ipv4.ping_group_range='0 7'",
        shows: 'sysctls["net.ipv4.ping_group_range"]',
      },
    ],
  },
  deleted: [
    { drift: "deleted", script: "ip netns del $N", anew },
    { drift: "its mount alone gone", script: "umount /run/netns/$N", anew },
  ],
  replaced: [
    { drift: "by a file", script: "ip netns del $N; : >/run/netns/$N", anew },
    {
      drift: "by another of its name",
      script: "ip netns del $N; ip netns add $N",
      shows: `loopback sysctls["net.ipv4.ping_group_range"] sysctls["${setting}"]`,
      anew,
    },
  ],
};
