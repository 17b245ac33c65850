import { type Table, gone, hostIsFixed } from "./row";

const anew = "another interface";
const settings = { ipv4: { arp_notify: 1 }, ipv6: { accept_ra: 0, accept_dad: 0 } };

export const bridge: Table = {
  kind: "Bridge",
  args: { name: "br0", addresses: ["10.0.0.1/24"], conf: settings },
  properties: {
    host: hostIsFixed,
    netns: "a bridge cannot leave its namespace: the kernel calls it immutable (netns-immutable of ip -d link)",
    name: [
      {
        drift: "renamed",
        script: "ip -n $N link set br0 down; ip -n $N link set br0 name br7; ip -n $N addr flush dev br7",
        shows: gone,
        anew,
        leaves: /br7/,
      },
    ],
    mtu: [
      { drift: "smaller", script: "ip -n $N link set br0 mtu 1400" },
      { drift: "larger", script: "ip -n $N link set br0 mtu 9000" },
      {
        drift: "too small for IPv6, whose settings and addresses go",
        args: { addresses: ["fd00::1/64", "10.0.0.1/24"] },
        script: "ip -n $N link set br0 mtu 1279",
        shows: "addresses conf.ipv6.accept_dad conf.ipv6.accept_ra mtu",
      },
    ],
    mac: [
      {
        drift: "another",
        args: { mac: "02:00:00:00:00:01" },
        script: "ip -n $N link set br0 address 02:00:00:00:00:02",
      },
      {
        drift: "another, where nobody asked for one",
        script: "ip -n $N link set br0 address 02:00:00:00:00:02",
        shows: {},
        leaves: /^link .*br0/,
      },
    ],
    addresses: [
      { drift: "one more", script: "ip -n $N addr add 10.9.9.9/32 dev br0" },
      { drift: "one more of its subnet", script: "ip -n $N addr add 10.0.0.9/24 dev br0" },
      { drift: "none left", script: "ip -n $N addr flush dev br0" },
      {
        drift: "another prefix length",
        script: "ip -n $N addr del 10.0.0.1/24 dev br0; ip -n $N addr add 10.0.0.1/16 dev br0",
      },
      {
        drift: "another that comes first in the subnet",
        script: "ip -n $N addr del 10.0.0.1/24 dev br0; ip -n $N addr add 10.0.0.9/24 dev br0",
      },
      {
        drift: "an IPv6 address's prefix length",
        args: { addresses: ["fd00::1/64"] },
        script: "ip -n $N addr del fd00::1/64 dev br0; ip -n $N addr add fd00::1/80 dev br0",
      },
      {
        drift: "one for a single other end",
        script: "ip -n $N addr add 10.9.9.9 peer 10.9.9.8/32 dev br0",
      },
    ],
    stp: [
      { drift: "on", script: "ip -n $N link set br0 type bridge stp_state 1" },
      { drift: "off", args: { stp: true }, script: "ip -n $N link set br0 type bridge stp_state 0" },
    ],
    ageingTime: [
      { drift: "shorter", script: "ip -n $N link set br0 type bridge ageing_time 12300" },
      { drift: "by half a second", script: "ip -n $N link set br0 type bridge ageing_time 30050" },
      { drift: "no longer 0", args: { ageingTime: 0 }, script: "ip -n $N link set br0 type bridge ageing_time 100" },
    ],
    "conf.ipv4": [
      {
        drift: "a setting",
        script: "ip netns exec $N sysctl -qw net.ipv4.conf.br0.arp_notify=0",
        shows: "conf.ipv4.arp_notify",
      },
    ],
    "conf.ipv6": [
      {
        drift: "a setting",
        script: "ip netns exec $N sysctl -qw net.ipv6.conf.br0.accept_ra=1",
        shows: "conf.ipv6.accept_ra",
      },
    ],
    up: [
      { drift: "down", script: "ip -n $N link set br0 down" },
      {
        drift: "down, and its IPv6 address with it",
        args: { addresses: ["fd00::1/64"] },
        script: "ip -n $N link set br0 down",
        shows: "addresses up",
      },
      { drift: "up", args: { up: false }, script: "ip -n $N link set br0 up" },
    ],
  },
  deleted: [{ drift: "deleted", script: "ip -n $N link del br0", anew }],
  replaced: [
    {
      drift: "by a cable",
      script: "ip -n $N link del br0; ip -n $N link add br0 type veth peer name br0-far",
      anew,
    },
    {
      drift: "by a VXLAN interface",
      script: "ip -n $N link del br0; ip -n $N link add br0 type vxlan id 7 dstport 4789 dev lo",
      anew,
    },
  ],
};
