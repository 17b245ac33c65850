// The objects that the walk makes: at least one of each kind, each in several forms, with the damage that people do to it.
import type { Command } from "../../components/host";
import type { Kind } from "../../components/linux/kind";
import { script } from "../../components/linux/script";
import { kindOf } from "../../components/linux/registry";

export interface Item {
  readonly name: string;
  readonly kind: Kind;
  /** The items that have to be there first. */
  readonly needs: readonly string[];
  /** The namespace that takes it along. */
  readonly goesWith?: string;
  /** What it may be asked to be; from one to the next it is changed in place, or replaced. */
  readonly forms: readonly object[];
  /** What somebody may do to it by hand. A command that fails has done nothing. */
  readonly damage: readonly (readonly Command[])[];
  /** What somebody may have made before under the name of its first form, outside the lab's namespaces. */
  readonly foreign?: readonly Command[];
}

/** A command as one types it; words in double quotes stay together. */
export const typed = (text: string, stdin?: string): Command => ({
  argv: (text.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', "")),
  ...(stdin === undefined ? {} : { stdin }),
});

const hands = (...lines: readonly string[]): Command[] => lines.map((line) => typed(line));

interface Draft extends Omit<Item, "kind" | "name" | "needs"> {
  readonly needs?: readonly string[];
}

/** @param lab its namespaces' names start with it */
export function itemsOf(lab: string): Item[] {
  const [a, b] = [`${lab}.a`, `${lab}.b`];
  const host = "fake";
  const item = (kind: string, name: string, { needs = [], ...rest }: Draft): Item => ({
    ...{ name, needs, kind: kindOf(`podnet:linux:${kind}`) },
    ...rest,
    forms: rest.forms.map((form) => ({ host, ...form })),
  });
  const inA = { goesWith: "a", needs: ["a"] };
  const inB = { goesWith: "b", needs: ["b", "cable"] };
  const file = (path: string, content: string): Command =>
    script("write-file", ["0600", path, `${path}.by-hand`], content);
  const base = (tables: object): object => ({ netns: a, name: "base", tables });
  const last = '-m comment --comment "base last" -j RETURN';
  const web = '-m comment --comment "default/web"';
  const group = (chains: object, SERVICES: readonly string[]): object => ({
    netns: a,
    name: "default/web",
    tables: { nat: { chains, rules: { SERVICES } } },
  });
  const hook = "type filter hook input priority filter; policy accept;";
  const services = ["type ipv4_addr . inet_proto . inet_service : verdict", 'comment "all services"'];
  const table = (objects: object): object => ({
    ...{ netns: a, table: "lab", name: "base", comment: "of the lab", maps: { services } },
    ...objects,
  });
  const key = "10.96.0.1 . tcp . 80";
  const elements = (chains: object, sets: object, services: readonly string[]): object => ({
    ...{ netns: a, table: "lab", name: "default/web", chains, sets },
    ...{ elements: { services }, entries: ["svc-a", "svc-b"] },
  });
  const flush = `*nat\n:LAB-A - [0:0]\nCOMMIT\n`;

  return [
    item("NetworkNamespace", "a", {
      forms: [
        { name: a },
        { name: a, loopback: false },
        {
          name: a,
          sysctls: { "net.ipv6.conf.default.dad_transmits": "0", "net.ipv4.ip_local_port_range": "1024 2000" },
        },
      ],
      damage: [
        hands(`ip netns del ${a}`),
        hands(`ip -n ${a} link set dev lo down`),
        hands(`ip netns exec ${a} sysctl -q -w net.ipv6.conf.default.dad_transmits=5`),
        [typed(`rm -f /run/netns/${a}`), file(`/run/netns/${a}`, "")],
        hands(`ip netns del ${a}`, `ip netns add ${a}`),
      ],
      foreign: hands(`ip netns add ${a}`),
    }),
    item("NetworkNamespace", "b", {
      forms: [{ name: b }],
      damage: [hands(`ip netns del ${b}`)],
      foreign: hands(`ip netns add ${b}`),
    }),
    item("Sysctl", "forwarding", {
      ...inA,
      forms: [
        { netns: a, name: "net.ipv4.ip_forward", value: "1" },
        { netns: a, name: "net.ipv4.ip_forward", value: "0" },
      ],
      damage: [hands(`ip netns exec ${a} sysctl -q -w net.ipv4.ip_forward=0`)],
    }),
    item("Sysctl", "ports of the host", {
      forms: [
        { name: "net.ipv4.ip_local_port_range", value: "2000 3000" },
        { name: "net.ipv4.ip_local_port_range", value: "2000 4000" },
      ],
      damage: [hands(`sysctl -q -w "net.ipv4.ip_local_port_range=5000 6000"`)],
    }),
    item("Bridge", "bridge", {
      ...inA,
      forms: [
        { netns: a, name: "cbr0", mtu: 1400, mac: "0a:58:0a:00:00:01", addresses: ["10.0.0.1/24", "fd00::1/64"] },
        { netns: a, name: "cbr0", mtu: 1400, addresses: ["10.0.0.1/24"], stp: true, ageingTime: 30 },
        {
          netns: a,
          name: "cbr0",
          mtu: 1450,
          addresses: ["10.0.0.2/24", "10.0.0.1/24"],
          conf: { ipv4: { arp_notify: 1 } },
        },
        { netns: a, name: "cbr0", mtu: 1400, addresses: ["fd00::1/64"], up: false },
      ],
      damage: [
        hands(`ip -n ${a} link del dev cbr0`),
        hands(`ip -n ${a} link set dev cbr0 mtu 1300`, `ip -n ${a} addr add 10.7.0.1/24 dev cbr0`),
        hands(`ip -n ${a} addr del 10.0.0.1/24 dev cbr0`),
        hands(`ip -n ${a} link set dev cbr0 address 0a:58:0a:00:00:09`),
        hands(`ip -n ${a} link set dev cbr0 down`),
        hands(`ip -n ${a} link del dev cbr0`, `ip -n ${a} link add dev cbr0 type dummy`),
        hands(
          `ip -n ${a} link set dev cbr0 type bridge stp_state 1`,
          `ip -n ${a} link set dev cbr0 type bridge ageing_time 100`,
        ),
        hands(`ip netns exec ${a} sysctl -q -w net/ipv4/conf/cbr0/arp_notify=0`),
      ],
    }),
    item("Bridge", "bridge of the host", {
      forms: [
        { name: `${lab}0`, mtu: 1400, addresses: ["10.66.0.1/24"] },
        { name: `${lab}0`, mtu: 1450, addresses: ["10.66.0.1/24", "10.67.0.1/24"] },
      ],
      damage: [hands(`ip link del dev ${lab}0`), hands(`ip link set dev ${lab}0 down`)],
      foreign: hands(`ip link add dev ${lab}0 type dummy`),
    }),
    item("Veth", "cable", {
      needs: ["a", "b", "bridge"],
      goesWith: "b",
      forms: [
        {
          ...{ netns: b, name: "eth0", mtu: 1400, addresses: ["10.0.0.10/24", "fd00::10/64"] },
          peer: { netns: a, name: "port1", mtu: 1400, master: "cbr0", hairpin: true },
        },
        {
          ...{ netns: b, name: "eth0", mtu: 1400, addresses: ["10.0.0.10/24", "10.0.0.11/24", "fd00::10/64"] },
          ...{ mac: "0a:58:0a:00:00:10", conf: { ipv4: { arp_notify: 1 }, ipv6: { accept_ra: 0 } } },
          peer: { netns: a, name: "port1", mtu: 1400 },
        },
        {
          ...{ netns: b, name: "eth0", mtu: 1300, addresses: ["10.0.0.10/24", "fd00::10/64"] },
          peer: { netns: a, name: "port2", mtu: 1300, master: "cbr0" },
        },
      ],
      damage: [
        hands(`ip -n ${b} link del dev eth0`),
        hands(`ip -n ${a} link set dev port1 nomaster`),
        hands(`ip -n ${a} link set dev port1 name other`),
        hands(`ip -n ${a} link set dev port1 netns ${b}`),
        hands(`ip -n ${b} link set dev eth0 down`),
        hands(`ip -n ${b} addr del 10.0.0.10/24 dev eth0`),
        hands(`ip -n ${b} link del dev eth0`, `ip -n ${b} link add dev eth0 type dummy`),
        hands(`ip -n ${b} link add dev eth0 type veth peer name port1`),
      ],
    }),
    item("Veth", "cable to the host", {
      needs: ["a"],
      forms: [
        { name: `${lab}1`, addresses: ["10.68.0.1/24"], peer: { netns: a, name: "uplink" } },
        {
          name: `${lab}1`,
          addresses: ["10.69.0.1/24"],
          peer: { netns: a, name: "uplink", addresses: ["10.69.0.2/24"] },
        },
      ],
      damage: [hands(`ip link del dev ${lab}1`), hands(`ip -n ${a} link del dev uplink`)],
      foreign: hands(`ip link add dev ${lab}1 type veth peer name ${lab}2`),
    }),
    item("Neighbour", "neighbour", {
      ...inB,
      forms: [
        { netns: b, dev: "eth0", address: "10.0.0.20", lladdr: "0a:58:0a:00:00:20" },
        { netns: b, dev: "eth0", address: "10.0.0.20", lladdr: "0a:58:0a:00:00:21", state: "noarp" },
        { netns: b, dev: "eth0", address: "10.0.0.20", proxy: true },
        { netns: b, dev: "eth0", address: "fd00::20", lladdr: "0a:58:0a:00:00:20" },
      ],
      damage: [
        hands(`ip -n ${b} neigh del 10.0.0.20 dev eth0`),
        hands(`ip -n ${b} neigh del proxy 10.0.0.20 dev eth0`),
        hands(`ip -n ${b} neigh replace 10.0.0.20 lladdr 0a:58:0a:00:00:99 dev eth0 nud permanent`),
      ],
    }),
    item("NfacctCounter", "counter", {
      ...inA,
      forms: [
        { netns: a, name: "dropped" },
        { netns: a, name: "accepted" },
      ],
      damage: [hands(`ip netns exec ${a} nfacct delete dropped`)],
    }),
    item("UdpFlows", "flows", {
      ...inA,
      forms: [
        { netns: a, destinations: ["10.96.0.10:53", ":30053"], servers: ["10.0.0.1:53"] },
        { netns: a, destinations: ["10.96.0.10:53", ":30053"], servers: ["10.0.0.2:53"] },
        { netns: a, destinations: ["10.96.0.10:53", ":30053"], servers: [] },
      ],
      damage: [
        hands(
          ...["10.0.0.7", "10.0.0.8", "10.0.0.9"].map(
            (server) =>
              `ip netns exec ${a} conntrack -I --orig-dst 10.0.0.1 --orig-port-dst 30053 --reply-src ${server} --reply-port-src 53`,
          ),
        ),
      ],
    }),
    item("Route", "default route", {
      ...inB,
      forms: [
        { netns: b, destination: "default", via: "10.0.0.1", dev: "eth0" },
        { netns: b, destination: "default", via: "10.0.0.2" },
        { netns: b, destination: "default", via: "10.0.0.1", dev: "eth0", src: "10.0.0.10", metric: 50 },
      ],
      damage: [
        hands(`ip -n ${b} route del default metric 0 table main`),
        hands(`ip -n ${b} route replace blackhole default`),
        hands(`ip -n ${b} route add default via 10.0.0.9 dev eth0 metric 500`),
      ],
    }),
    item("Route", "default route of IPv6", {
      ...inB,
      forms: [
        { netns: b, destination: "::/0", via: "fd00::1", dev: "eth0" },
        { netns: b, destination: "::/0", via: "fd00::2" },
      ],
      damage: [
        hands(`ip -n ${b} -6 route del ::/0 metric 1024 table main`),
        hands(`ip -n ${b} -6 route replace blackhole ::/0`),
      ],
    }),
    item("Route", "other route", {
      ...inB,
      forms: [
        { netns: b, destination: "10.9.0.0/24", via: "10.0.0.1" },
        { netns: b, destination: "10.9.0.0/24", type: "unreachable" },
        { netns: b, destination: "10.9.0.0/24", type: "blackhole", table: "100" },
        { netns: b, destination: "10.9.0.0/24", via: "10.1.1.1", dev: "eth0", onlink: true },
      ],
      damage: [
        hands(`ip -n ${b} route replace prohibit 10.9.0.0/24`),
        hands(`ip -n ${b} route add 10.9.0.0/24 via 10.0.0.9 metric 7`),
        hands(`ip -n ${b} route del 10.9.0.0/24 metric 0 table main`),
      ],
    }),
    item("Route", "route of the host", {
      forms: [
        { destination: "10.65.0.0/24", type: "blackhole" },
        { destination: "10.65.0.0/24", type: "unreachable" },
      ],
      damage: [hands("ip route del blackhole 10.65.0.0/24"), hands("ip route replace prohibit 10.65.0.0/24")],
      foreign: hands("ip route add prohibit 10.65.0.0/24"),
    }),
    item("IptablesChains", "chains", {
      ...inA,
      forms: [
        { netns: a, table: "nat", chains: { "LAB-A": ["-d 10.0.0.0/24 -j RETURN", "-j MASQUERADE"] } },
        {
          netns: a,
          table: "nat",
          chains: { "LAB-A": ["-d 10.0.0.1 -p tcp --dport 80 -j LAB-B"], "LAB-B": ["-j RETURN"] },
        },
        { netns: a, table: "nat", chains: { "LAB-A": [], "LAB-C": ["-j LAB-A"] } },
      ],
      damage: [
        hands(`ip netns exec ${a} iptables -w -t nat -A LAB-A -s 10.0.0.7 -j ACCEPT`),
        hands(`ip netns exec ${a} iptables -w -t nat -D LAB-A 1`),
        [typed(`ip netns exec ${a} iptables-restore -w --noflush`, flush)],
        [typed(`ip netns exec ${a} iptables-restore -w --noflush`, `*nat\n:LAB-B - [0:0]\n-X LAB-B\nCOMMIT\n`)],
      ],
    }),
    item("IptablesRule", "rule", {
      goesWith: "a",
      needs: ["a", "chains"],
      forms: [
        { netns: a, table: "nat", chain: "POSTROUTING", rule: '-m comment --comment "of the lab" -j LAB-A' },
        {
          netns: a,
          table: "nat",
          chain: "POSTROUTING",
          rule: '-m comment --comment "of the lab" -j LAB-A',
          position: 1,
        },
        { netns: a, table: "nat", chain: "POSTROUTING", rule: "-p tcp --dport 80 -j RETURN" },
        { netns: a, table: "nat", chain: "POSTROUTING", rule: "-s 10.0.0.0/24 -j LAB-A" },
        { netns: a, table: "nat", chain: "OUTPUT", rule: '-m comment --comment "of the lab" -j ACCEPT' },
      ],
      damage: [
        hands(`ip netns exec ${a} iptables -w -t nat -I POSTROUTING 1 -j ACCEPT`),
        hands(`ip netns exec ${a} iptables -w -t nat -D POSTROUTING 1`),
        hands(`ip netns exec ${a} iptables -w -t nat -R POSTROUTING 1 -m comment --comment "of the lab" -j ACCEPT`),
      ],
    }),
    item("IptablesRules", "base of rules", {
      ...inA,
      forms: [
        base({ nat: { shared: { SERVICES: [last] }, rules: { OUTPUT: ["-j SERVICES"] } } }),
        base({
          nat: { shared: { SERVICES: [last, "-j ACCEPT"], NODEPORTS: [] }, rules: { OUTPUT: [] } },
          filter: { chains: { EMPTY: ["-j DROP"] } },
        }),
      ],
      damage: [
        hands(`ip netns exec ${a} iptables -w -t nat -A SERVICES -j DROP`),
        hands(`ip netns exec ${a} iptables -w -t nat -F SERVICES`),
        hands(`ip netns exec ${a} iptables -w -t nat -F OUTPUT`),
      ],
    }),
    item("IptablesRules", "rules", {
      goesWith: "a",
      needs: ["a", "base of rules"],
      forms: [
        group({ "SVC-A": ["-j SEP-A"], "SEP-A": [] }, [`${web} -j SVC-A`, `${web} -j RETURN`]),
        group({ "SVC-A": ["-j SEP-B", "-s 10.0.0.1 -j SEP-B"], "SEP-B": ["-j ACCEPT"] }, [`${web} -j SVC-A`]),
        group({}, [`${web} -j DROP`]),
        group({ "SVC-A": [] }, []),
      ],
      damage: [
        hands(`ip netns exec ${a} iptables -w -t nat -A SVC-A -j DROP`),
        hands(`ip netns exec ${a} iptables -w -t nat -F SERVICES`),
        hands(`ip netns exec ${a} iptables -w -t nat -I SERVICES 1 -m comment --comment "default/web by hand" -j DROP`),
        hands(`ip netns exec ${a} iptables -w -t nat -D SERVICES 1`),
      ],
    }),
    item("NftablesRules", "table", {
      ...inA,
      forms: [
        table({ chains: { input: [hook, "ip saddr != { 10.0.0.0/8 } drop"], refuse: ["reject"] } }),
        table({
          chains: {
            input: [hook, "jump more"],
            refuse: ['comment "no"', "reject"],
            more: ["ip daddr @addresses drop"],
          },
          sets: { addresses: ["type ipv4_addr"] },
          elements: { addresses: ["10.0.0.1", "10.0.0.2"] },
        }),
      ],
      damage: [
        [typed(`ip netns exec ${a} nft -f -`, "delete table ip lab\n")],
        [typed(`ip netns exec ${a} nft -f -`, "flush chain ip lab input\nadd rule ip lab input accept\n")],
        [typed(`ip netns exec ${a} nft -f -`, "add element ip lab addresses { 10.0.0.9 }\n")],
      ],
    }),
    item("NftablesRules", "elements", {
      goesWith: "a",
      needs: ["a", "table"],
      forms: [
        elements({ "svc-a": ["ip saddr @known accept"] }, { known: ["type ipv4_addr", "timeout 3h"] }, [
          `${key} : goto svc-a`,
        ]),
        elements({ "svc-a": [], "sep-a": ["accept"] }, {}, [
          `${key} : goto svc-a`,
          "10.96.0.9 . udp . 53 : goto svc-a",
        ]),
        elements({}, {}, [`${key} comment "default/web" : goto refuse`]),
        elements({ "sep-a": [] }, { known: ["type ipv4_addr", "timeout 1h"] }, []),
      ],
      damage: [
        [typed(`ip netns exec ${a} nft -f -`, `delete element ip lab services { ${key} }\n`)],
        [
          typed(
            `ip netns exec ${a} nft -f -`,
            `delete element ip lab services { ${key} }\nadd element ip lab services { ${key} : drop }\n`,
          ),
        ],
        [typed(`ip netns exec ${a} nft -f -`, "add rule ip lab svc-a drop\n")],
        [typed(`ip netns exec ${a} nft -f -`, "add chain ip lab svc-b\n")],
      ],
    }),
    // Outside the lab's namespaces chains and rules are known by their names and words: asked for others while its state is
    // lost, podnet would not find out that these are its own. So here they only change within.
    item("IptablesChains", "chains of the host", {
      forms: [
        { table: "nat", chains: { "LAB-A": ["-j RETURN"], "LAB-B": [] } },
        { table: "nat", chains: { "LAB-A": ["-d 10.0.0.1 -j LAB-B"], "LAB-B": ["-j RETURN"] } },
      ],
      damage: [hands("iptables -w -t nat -A LAB-A -j ACCEPT")],
      foreign: hands("iptables -w -t nat -N LAB-A"),
    }),
    item("IptablesRule", "rule of the host", {
      forms: [
        { table: "filter", chain: "FORWARD", rule: "-s 10.64.0.0/24 -j ACCEPT", position: 1 },
        { table: "filter", chain: "FORWARD", rule: "-s 10.64.0.0/24 -j ACCEPT" },
      ],
      damage: [hands("iptables -w -t filter -D FORWARD -s 10.64.0.0/24 -j ACCEPT")],
      foreign: hands("iptables -w -t filter -A FORWARD -s 10.64.0.0/24 -j ACCEPT"),
    }),
    item("File", "file of the lab", {
      forms: [
        { path: `/run/podnet/${lab}/node/cni/10.0.0.10`, content: "one\r\neth0" },
        { path: `/run/podnet/${lab}/node/cni/10.0.0.10`, content: "zwei ✓\n", mode: "0600" },
      ],
      damage: [
        [typed(`rm -f /run/podnet/${lab}/node/cni/10.0.0.10`)],
        [file(`/run/podnet/${lab}/node/cni/10.0.0.10`, "by hand")],
      ],
    }),
    item("File", "file elsewhere", {
      forms: [
        { path: `/srv/${lab}/deep/down/file`, content: "" },
        { path: `/srv/${lab}/deep/down/file`, content: "EOF\nEOFF\n", mode: "0400" },
        { path: `/srv/${lab}/deep/other`, content: "x" },
      ],
      damage: [
        [typed(`rm -f /srv/${lab}/deep/down/file`)],
        [typed(`chmod 0777 /srv/${lab}/deep/down/file`)],
        [file(`/srv/${lab}/deep/down/file`, "by hand\n")],
      ],
    }),
    item("Process", "process", {
      goesWith: "a",
      needs: ["a"],
      forms: [
        { netns: a, name: "web", command: ["server", "8080"], listens: [{ protocol: "TCP", port: 8080 }] },
        { netns: a, name: "web", command: ["server", "8080"], env: { NAME: "two\nlines" } },
        { netns: a, name: "web", command: ["silent"], listens: [{ protocol: "UDP", port: 53 }] },
      ],
      damage: [[{ argv: ["kill"] }]],
    }),
    item("Process", "process of the host", {
      forms: [{ name: "agent", command: ["server", "9090"], listens: [{ protocol: "TCP", port: 9090 }] }],
      damage: [[{ argv: ["kill"] }]],
    }),
  ];
}
