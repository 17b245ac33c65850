import { type Table, gone, hostIsFixed, netnsIsFixed } from "./row";

export const sysctl: Table = {
  kind: "Sysctl",
  args: { name: "net.ipv4.ip_forward", value: "1" },
  properties: {
    host: hostIsFixed,
    netns: netnsIsFixed,
    name: "the kernel gives its settings their names",
    value: [
      { drift: "a switch", script: "ip netns exec $N sysctl -qw net.ipv4.ip_forward=0" },
      {
        drift: "one of several numbers",
        args: { name: "net.ipv4.ip_local_port_range", value: "40000 50000" },
        script: "ip netns exec $N sysctl -qw net.ipv4.ip_local_port_range='40000 50001'",
      },
      {
        drift: "of a bridge's packet filter",
        args: { name: "net.bridge.bridge-nf-call-iptables", value: "1" },
        script: "ip netns exec $N sysctl -qw net.bridge.bridge-nf-call-iptables=0",
      },
      {
        drift: "of an interface with a dot in its name",
        beside: { bridge: ["Bridge", { name: "br0.7" }] },
        args: { name: "net/ipv4/conf/br0.7/arp_notify", value: "1" },
        script: "ip netns exec $N sysctl -qw net/ipv4/conf/br0.7/arp_notify=0",
      },
    ],
  },
  deleted: [
    {
      drift: "with the interface whose setting it is",
      beside: { bridge: ["Bridge", { name: "br0" }] },
      args: { name: "net.ipv4.conf.br0.arp_notify", value: "1" },
      script: "ip -n $N link del br0",
      shows: { bridge: gone, it: gone },
      anew: "another interface",
    },
  ],
  replaced: "nobody can put anything else in the place of a setting",
};
