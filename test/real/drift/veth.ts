import { type Row, type Table, type Values, gone, hostIsFixed } from "./row";

const anew = "another pair";
const conf = { ipv4: { arp_notify: 1 }, ipv6: { accept_dad: 0 } };

/** Of the end `dev` in the namespace `space`, whose properties have the given prefix. */
function rowsOfEnd(prefix: string, space: string, dev: string): Record<string, readonly Row[]> {
  const end = (values: Values): Values => (prefix === "" ? values : { peer: { netns: "$O", name: "far", ...values } });
  const set = (words: string): string => `ip -n ${space} link set ${dev} ${words}`;
  const address = (words: string): string => `ip -n ${space} addr ${words} dev ${dev}`;
  const bridges: Row["beside"] = {
    first: ["Bridge", { netns: space, name: "br1", mac: "02:00:00:00:00:b1" }],
    second: ["Bridge", { netns: space, name: "br2", mac: "02:00:00:00:00:b2" }],
  };
  const port = { beside: bridges, args: end({ master: "br1" }) };
  const hairpin = { beside: bridges, args: end({ master: "br1", hairpin: true }) };
  const rows: Record<string, readonly Row[]> = {
    name: [
      {
        drift: "renamed",
        script: `${set("down")}; ${set("name other")}`,
        shows: gone,
        anew,
      },
    ],
    netns: [
      { drift: "moved to the other end's", script: set(`netns ${space === "$N" ? "$O" : "$N"}`), shows: gone, anew },
    ],
    mtu: [{ drift: "smaller", script: set("mtu 1400") }],
    mac: [{ drift: "another", args: end({ mac: "02:00:00:00:00:01" }), script: set("address 02:00:00:00:00:02") }],
    addresses: [
      { drift: "one more", args: end({ addresses: ["10.0.0.1/24"] }), script: address("add 10.9.9.9/32") },
      { drift: "one where none should be", script: address("add 10.9.9.9/32") },
      { drift: "one less", args: end({ addresses: ["10.0.0.1/24", "fd00::1/64"] }), script: address("del fd00::1/64") },
    ],
    master: [
      { drift: "out of its bridge", ...port, script: set("nomaster") },
      { drift: "in another bridge", ...port, script: set("master br2") },
      { drift: "in a bridge, where it should be in none", beside: bridges, script: set("master br2") },
      {
        drift: "in another bridge, and so without hairpin",
        ...hairpin,
        script: set("master br2"),
        shows: `${prefix}hairpin ${prefix}master`,
      },
    ],
    hairpin: [
      { drift: "off", ...hairpin, script: set("type bridge_slave hairpin off") },
      { drift: "on", ...port, script: set("type bridge_slave hairpin on") },
    ],
    "conf.ipv4": [
      {
        drift: "a setting",
        args: end({ conf }),
        script: `ip netns exec ${space} sysctl -qw net.ipv4.conf.${dev}.arp_notify=0`,
        shows: `${prefix}conf.ipv4.arp_notify`,
      },
    ],
    "conf.ipv6": [
      {
        drift: "a setting",
        args: end({ conf }),
        script: `ip netns exec ${space} sysctl -qw net.ipv6.conf.${dev}.accept_dad=1`,
        shows: `${prefix}conf.ipv6.accept_dad`,
      },
    ],
    up: [
      { drift: "down", script: set("down") },
      { drift: "up", args: end({ up: false }), script: set("up") },
    ],
  };
  return Object.fromEntries(Object.entries(rows).map(([path, rows]) => [`${prefix}${path}`, rows]));
}

export const veth: Table = {
  kind: "Veth",
  args: { name: "near", peer: { netns: "$O", name: "far" } },
  beside: { other: ["NetworkNamespace", { name: "$O" }] },
  properties: { host: hostIsFixed, ...rowsOfEnd("", "$N", "near"), ...rowsOfEnd("peer.", "$O", "far") },
  deleted: [
    { drift: "deleted", script: "ip -n $N link del near", anew },
    { drift: "deleted from the other end", script: "ip -n $O link del far", anew },
  ],
  replaced: [
    { drift: "by a bridge", script: "ip -n $N link del near; ip -n $N link add near type bridge", anew },
    { drift: "the other end by a bridge", script: "ip -n $N link del near; ip -n $O link add far type bridge", anew },
    {
      drift: "by two others, which do not lead to each other",
      script:
        "ip -n $N link del near; ip -n $N link add near type veth peer name near-far; ip -n $O link add far type veth peer name far-far",
      anew,
    },
    {
      drift: "by two others across",
      script:
        "ip -n $N link del near; ip link add near netns $N type veth peer name a netns $O; ip link add far netns $O type veth peer name b netns $N",
      anew,
    },
  ],
};
