// Whatever is changed by hand in a running lab: refresh shows exactly that, up repairs exactly that. Each round makes many
// independent changes at once; each of them is one row, and one test.
import { Lab, type LabObjects, web } from "./support/lab";
import { Machine, changesBetween } from "./support/machine";
import type { Operation } from "./support/operation";

jest.setTimeout(180_000);

const pods = (node: string, ...names: string[]): LabObjects["pods"] =>
  Object.fromEntries(names.map((name) => [name, { node, containers: [web()] }]));

/** Each object is drifted in one way only, so there are many. */
const objects: LabObjects = {
  nodes: { node1: {}, node2: {}, node3: {} },
  pods: {
    ...pods("node1", "a1", "a2", "a3", "a4", "a5", "a6"),
    ...pods("node2", "b1", "b2", "b3", "b4", "b5", "b6"),
    ...pods("node3", "c1", "c2"),
  },
};

interface Row {
  /** What somebody does, in words. */
  readonly drift: string;
  /** What somebody types: a shell script in which `$N_<who>` is the namespace of a node or pod, `$V_<pod>` the pod's port, and `$RUN` the lab's folder. */
  readonly script: string;
  /** What refresh shows, as "update Veth a1/eth0: mtu" or "delete Route a1/default". */
  readonly shows: readonly string[];
  /** What up does. Without it: updates what was changed, makes what was deleted. */
  readonly repairs?: readonly string[];
}

const update = (what: string): string => `update ${what}`;

/** All of it can be repaired in place: no link gets another index, no process another id. */
const inPlace: Row[] = [
  // Veth, the pod's end
  { drift: "a pod's MTU", script: "ip -n $N_a1 link set eth0 mtu 1400", shows: [update("Veth a1/eth0: mtu")] },
  {
    drift: "an address more",
    script: "ip -n $N_a2 addr add 10.9.9.9/32 dev eth0",
    shows: [update("Veth a2/eth0: addresses")],
  },
  {
    drift: "another address, and so no route",
    script: "ip -n $N_a3 addr del 10.244.0.4/24 dev eth0; ip -n $N_a3 addr add 10.244.0.77/24 dev eth0",
    shows: [update("Veth a3/eth0: addresses"), "delete Route a3/default"],
  },
  {
    drift: "a pod's interface down, and its route with it",
    script: "ip -n $N_a4 link set eth0 down",
    shows: [update("Veth a4/eth0: up"), "delete Route a4/default"],
  },
  {
    drift: "a setting of a pod's interface",
    script: "ip netns exec $N_a5 sysctl -qw net.ipv4.conf.eth0.arp_notify=0 net.ipv6.conf.eth0.accept_dad=1",
    shows: [update("Veth a5/eth0: conf.ipv4.arp_notify conf.ipv6.accept_dad")],
  },
  // Veth, the node's end
  {
    drift: "hairpin off",
    script: "ip -n $N_node2 link set $V_b1 type bridge_slave hairpin off",
    shows: [update("Veth b1/eth0: peer.hairpin")],
  },
  {
    drift: "a port out of its bridge",
    script: "ip -n $N_node2 link set $V_b2 nomaster",
    shows: [update("Veth b2/eth0: peer.hairpin peer.master")],
  },
  { drift: "a port down", script: "ip -n $N_node2 link set $V_b3 down", shows: [update("Veth b3/eth0: peer.up")] },
  {
    drift: "a port's MTU",
    script: "ip -n $N_node2 link set $V_b4 mtu 1300",
    shows: [update("Veth b4/eth0: peer.mtu")],
  },
  {
    drift: "a setting of a port",
    script: "ip netns exec $N_node2 sysctl -qw net.ipv6.conf.$V_b5.accept_ra=1",
    shows: [update("Veth b5/eth0: peer.conf.ipv6.accept_ra")],
  },
  {
    drift: "an address on a port, which has none",
    script: "ip -n $N_node2 addr add 10.9.9.8/32 dev $V_b6",
    shows: [update("Veth b6/eth0: peer.addresses")],
  },
  // Bridge
  {
    drift: "a bridge's spanning tree, ageing and MAC",
    script:
      "ip -n $N_node1 link set cbr0 type bridge stp_state 1 ageing_time 12300; ip -n $N_node1 link set cbr0 address 02:00:00:00:00:01",
    shows: [update("Bridge node1/cbr0: ageingTime mac stp")],
  },
  {
    drift: "a bridge's MTU, too small for IPv6, so that its IPv6 settings go too",
    script: "ip -n $N_node2 link set cbr0 mtu 1200",
    shows: [update("Bridge node2/cbr0: conf.ipv6.accept_ra mtu")],
  },
  {
    drift: "a bridge's addresses and settings",
    script:
      "ip -n $N_node3 addr add 10.9.9.7/24 dev cbr0; ip netns exec $N_node3 sysctl -qw net.ipv6.conf.cbr0.accept_ra=1",
    shows: [update("Bridge node3/cbr0: addresses conf.ipv6.accept_ra")],
  },
  {
    drift: "a bridge down",
    script: "ip -n $N_switch link set switch down",
    shows: [update("Bridge switch/switch: up")],
  },
  // Route
  {
    drift: "a route by another way",
    script: "ip -n $N_node1 route replace 10.244.1.0/24 via 192.168.0.99 dev eth0",
    shows: [update("Route node1/to-node2: via")],
  },
  {
    drift: "a route replaced by a black hole",
    script: "ip -n $N_node1 route replace blackhole 10.244.2.0/24",
    shows: [update("Route node1/to-node3: dev type via")],
  },
  {
    drift: "a route's source",
    script: "ip -n $N_b1 route replace default via 10.244.1.1 dev eth0 src 10.244.1.2",
    shows: [update("Route b1/default: src")],
  },
  {
    drift: "a route on link",
    script: "ip -n $N_b2 route replace default via 10.244.1.1 dev eth0 onlink",
    shows: [update("Route b2/default: onlink")],
  },
  {
    drift: "a node cut off: its interface down, and its routes with it",
    script: "ip -n $N_node3 link set eth0 down",
    shows: [
      update("Veth node3/eth0: up"),
      ...["default", "to-node1", "to-node2"].map((route) => `delete Route node3/${route}`),
    ],
  },
  // Sysctl
  {
    drift: "ip_forward off",
    script: "ip netns exec $N_router sysctl -qw net.ipv4.ip_forward=0",
    shows: [update("Sysctl router/ip_forward: value")],
  },
  {
    drift: "bridge-nf-call-iptables off",
    script: "ip netns exec $N_node2 sysctl -qw net.bridge.bridge-nf-call-iptables=0",
    shows: [update("Sysctl node2/bridge-nf-call-iptables: value")],
  },
  // NetworkNamespace
  { drift: "loopback down", script: "ip -n $N_a5 link set lo down", shows: [update("NetworkNamespace a5: loopback")] },
  {
    drift: "a namespace's setting",
    script: "ip netns exec $N_b3 sysctl -qw net.ipv6.conf.default.dad_transmits=1",
    shows: [update('NetworkNamespace b3: sysctls["net.ipv6.conf.default.dad_transmits"]')],
  },
  // iptables
  {
    drift: "a rule of a chain edited",
    script: "ip netns exec $N_node1 iptables -w -t nat -R IP-MASQ-AGENT 1 -d 172.16.0.0/12 -j RETURN",
    shows: [update('IptablesChains node1/IP-MASQ-AGENT: chains["IP-MASQ-AGENT"]')],
  },
  {
    drift: "a chain flushed",
    script: "ip netns exec $N_node2 iptables -w -t nat -F IP-MASQ-AGENT",
    shows: [update('IptablesChains node2/IP-MASQ-AGENT: chains["IP-MASQ-AGENT"]')],
  },
  {
    drift: "a rule more in a chain of ours",
    script: "ip netns exec $N_node3 iptables -w -t nat -I IP-MASQ-AGENT -s 10.244.2.2 -j RETURN",
    shows: [update('IptablesChains node3/IP-MASQ-AGENT: chains["IP-MASQ-AGENT"]')],
  },
  {
    drift: "a rule in a chain of others edited",
    script: `ip netns exec $N_node1 iptables -w -t nat -R POSTROUTING 2 -s 10.0.0.0/8 -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain" -j IP-MASQ-AGENT`,
    shows: [update("IptablesRule node1/POSTROUTING: rule")],
  },
  {
    drift: "one of kube-proxy's rules edited",
    script: "ip netns exec $N_node3 iptables -w -t nat -R KUBE-MARK-MASQ 1 -j MARK --set-xmark 0x8000/0x8000",
    shows: [update('IptablesRules node3/kube-proxy: tables.nat.chains["KUBE-MARK-MASQ"]')],
  },
  {
    drift: "a jump to kube-proxy's rules gone",
    script: "ip netns exec $N_node2 iptables -w -t nat -D PREROUTING 1",
    shows: [update("IptablesRules node2/kube-proxy: tables.nat.rules.PREROUTING")],
  },
  {
    drift: "the rule against invalid packets gone",
    script: "ip netns exec $N_node1 iptables -w -D KUBE-FORWARD 1",
    shows: [update('IptablesRules node1/kube-proxy: tables.filter.chains["KUBE-FORWARD"]')],
  },
  // File
  {
    drift: "a reservation given to somebody else",
    script: "printf other >$RUN/node1/cni/networks/kubenet/10.244.0.7",
    shows: [update("File a6/reservation: content")],
  },
  {
    drift: "a reservation's mode",
    script: "chmod 644 $RUN/node1/cni/networks/kubenet/10.244.0.2",
    shows: [update("File a1/reservation: mode")],
  },
  {
    drift: "a node's lease",
    script: "sed -i s/10.244.1.0/10.244.77.0/ $RUN/node2/node.json",
    shows: [update("File node2/node.json: content")],
  },
  {
    drift: "a spoiled lease",
    script: "echo nonsense >$RUN/node3/node.json",
    shows: [update("File node3/node.json: content")],
  },
  {
    drift: "the last reserved address",
    script: "printf 10.244.0.99 >$RUN/node1/cni/networks/kubenet/last_reserved_ip.0",
    shows: [update("File node1/last_reserved_ip.0: content")],
  },
  {
    drift: "a program's text and mode",
    script: "echo >>$RUN/.bin/pause; chmod 700 $RUN/.bin/pause",
    shows: [update("File LAB/pause: content mode")],
  },
];

const inside = (pod: string): string[] => [
  `Process ${pod}/pause`,
  `Process ${pod}/web`,
  `Route ${pod}/default`,
  `Veth ${pod}/eth0`,
];
const deleted = (...what: string[]): string[] => what.map((it) => `delete ${it}`);

/** A group with rules in several tables is changed in place. */
const lostFromNat = [
  ...["KUBE-MARK-MASQ", "KUBE-POSTROUTING", "KUBE-PROXY-CANARY"].map((chain) => `tables.nat.chains["${chain}"]`),
  ...["OUTPUT", "POSTROUTING", "PREROUTING"].map((chain) => `tables.nat.rules.${chain}`),
  ...["KUBE-NODEPORTS", "KUBE-SERVICES"].map((chain) => `tables.nat.shared["${chain}"]`),
].join(" ");

const deletions: Row[] = [
  { drift: "a pod's cable", script: "ip -n $N_a1 link del eth0", shows: deleted("Veth a1/eth0", "Route a1/default") },
  {
    drift: "a cable, from the node's end",
    script: "ip -n $N_node2 link del $V_b1",
    shows: deleted("Veth b1/eth0", "Route b1/default"),
  },
  {
    drift: "a pod's address, and its route with it",
    script: "ip -n $N_a2 addr flush dev eth0 scope global; ip -n $N_a2 route flush table main",
    shows: [update("Veth a2/eth0: addresses"), ...deleted("Route a2/default")],
  },
  { drift: "a route", script: "ip -n $N_node1 route del 10.244.1.0/24", shows: deleted("Route node1/to-node2") },
  {
    drift: "a server",
    script: "kill -9 $(ip netns pids $N_a3 | xargs ps -o pid=,args= -p | awk '/agnhost/ { print $1 }')",
    shows: deleted("Process a3/web"),
  },
  {
    drift: "a pause process",
    script: "kill -9 $(ip netns pids $N_a4 | xargs ps -o pid=,comm= -p | awk '/pause/ { print $1 }')",
    shows: deleted("Process a4/pause"),
  },
  {
    drift: "a namespace whose processes live",
    script: "ip netns del $N_b2",
    shows: deleted("NetworkNamespace b2", ...inside("b2")),
  },
  {
    drift: "a namespace, processes and all",
    script: "kill -9 $(ip netns pids $N_b3); ip netns del $N_b3",
    shows: deleted("NetworkNamespace b3", ...inside("b3")),
  },
  {
    drift: "a bridge",
    script: "ip -n $N_node3 link del cbr0",
    shows: [
      ...deleted("Bridge node3/cbr0"),
      ...["c1", "c2"].map((pod) => update(`Veth ${pod}/eth0: peer.hairpin peer.master`)),
    ],
  },
  {
    drift: "the rule in a chain of others",
    script: "ip netns exec $N_node1 iptables -w -t nat -D POSTROUTING 2",
    shows: deleted("IptablesRule node1/POSTROUTING"),
  },
  {
    drift: "all rules and chains",
    script: "ip netns exec $N_node2 iptables -w -t nat -F; ip netns exec $N_node2 iptables -w -t nat -X",
    shows: [
      ...deleted("IptablesChains node2/IP-MASQ-AGENT", "IptablesRule node2/POSTROUTING"),
      update(`IptablesRules node2/kube-proxy: ${lostFromNat}`),
    ],
  },
  {
    drift: "a reservation",
    script: "rm $RUN/node1/cni/networks/kubenet/10.244.0.6",
    shows: deleted("File a5/reservation"),
  },
  { drift: "a lease", script: "rm $RUN/node2/node.json", shows: deleted("File node2/node.json") },
  {
    drift: "a node's whole folder",
    script: "rm -r $RUN/node3",
    shows: deleted(
      ...["c1/reservation", "c2/reservation", "node3/last_reserved_ip.0", "node3/lock", "node3/node.json"].map(
        (file) => `File ${file}`,
      ),
    ),
  },
  { drift: "a program", script: "rm $RUN/.bin/agnhost", shows: deleted("File LAB/agnhost") },
];

const replacements: Row[] = [
  {
    drift: "a pod's cable by a bridge",
    script: "ip -n $N_a1 link del eth0; ip -n $N_a1 link add eth0 type bridge",
    shows: deleted("Veth a1/eth0", "Route a1/default"),
  },
  {
    drift: "a port by a bridge",
    script: "ip -n $N_node1 link del $V_a2; ip -n $N_node1 link add $V_a2 type bridge",
    shows: deleted("Veth a2/eth0", "Route a2/default"),
  },
  {
    drift: "a cable by another between the same places",
    script:
      "ip -n $N_a3 link del eth0; ip link add eth0 netns $N_a3 type veth peer name far netns $N_node1; ip link add $V_a3 netns $N_node1 type veth peer name far netns $N_a3",
    shows: deleted("Veth a3/eth0", "Route a3/default"),
  },
  {
    drift: "a bridge by a cable",
    script: "ip -n $N_node3 link del cbr0; ip -n $N_node3 link add cbr0 type veth peer name cbr0-far",
    shows: [
      ...deleted("Bridge node3/cbr0"),
      ...["c1", "c2"].map((pod) => update(`Veth ${pod}/eth0: peer.hairpin peer.master`)),
    ],
  },
  {
    drift: "a namespace by a file",
    script: "kill -9 $(ip netns pids $N_b1); ip netns del $N_b1; : >/run/netns/$N_b1",
    shows: deleted("NetworkNamespace b1", ...inside("b1")),
  },
  {
    drift: "a namespace by another of its name",
    script: "ip netns del $N_b2; ip netns add $N_b2",
    shows: [
      update('NetworkNamespace b2: loopback sysctls["net.ipv6.conf.default.dad_transmits"]'),
      ...deleted(...inside("b2")),
    ],
  },
  {
    drift: "a file by a folder",
    script: "rm $RUN/node2/node.json; mkdir $RUN/node2/node.json",
    shows: deleted("File node2/node.json"),
  },
  {
    drift: "a file by a link",
    script: "mv $RUN/node1/node.json /run/elsewhere; ln -s /run/elsewhere $RUN/node1/node.json",
    shows: deleted("File node1/node.json"),
  },
  {
    drift: "a server by another program on its port",
    script: "kill -9 $(ip netns pids $N_a4 | xargs ps -o pid=,args= -p | awk '/agnhost/ { print $1 }')",
    shows: deleted("Process a4/web"),
  },
];

let machine: Machine;
let lab: Lab;
/** What the lab is like when nothing has drifted. */
let healthy: Record<string, string[]>;

const namespaces = (): string[] => [
  "switch",
  "router",
  "client",
  ...Object.keys(objects.nodes),
  ...Object.keys(objects.pods),
];

beforeAll(async () => {
  machine = await Machine.start();
  lab = await Lab.create(machine, objects);
  expect((await lab.up()).errors).toEqual([]);
  healthy = await facts();
});

afterAll(async () => {
  await machine?.stop();
  lab?.remove();
});

const factsScript = String.raw`
  ip -n $1 -o -d link | sed -E 's/[a-z_]+_timer +[0-9.]+//g'
  ip -n $1 -o addr show scope global; ip -n $1 route show table main; ip -n $1 route show table local
  ip netns exec $1 iptables-save -t nat | grep -E '^[-:]' | sed -E 's/ \[[0-9:]+\]//'
  ip netns exec $1 sh -c 'cd /proc/sys/net; grep -rs . ipv4/conf ipv6/conf ipv4/ip_forward bridge' | grep -vE 'stable_secret|\.stat'
  ip netns pids $1 | xargs -r ps -o pid=,args= -p
`;

/** By namespace, and what lies in the lab's folder. */
async function facts(): Promise<Record<string, string[]>> {
  const entries = await Promise.all(
    namespaces().map(async (who): Promise<[string, string[]]> => {
      const text = await machine.exec(["sh", "-c", factsScript, "sh", lab.netns(who)]);
      return [who, text.trim().split("\n").sort()];
    }),
  );
  const files = await machine.sh(
    `cd ${lab.run}; find . -path ./.owned -prune -o -type f -printf '%p %m ' -exec md5sum '{}' ';'`,
  );
  return { ...Object.fromEntries(entries), files: files.trim().split("\n").sort() };
}

/** Leaves out what a link or process that was made anew has to have otherwise. */
const regardless = (all: Record<string, string[]>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(all).map(([who, lines]) => [
      who,
      lines
        .map((line) =>
          line
            .replace(/^\d+: /, "")
            .replace(/@if\d+|@\w+:/g, "@")
            .replace(/^ *\d+ (?=sh |perl )/, "")
            .replace(/link-netnsid \d+|link-netns \S+/g, "")
            .replace(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, "<mac>")
            .replace(/\b(designated_port \d+|port_id \S+|port_no \S+|ageing_time \d+)/g, "")
            .replace(/\b[0-9a-f]{4}\.[0-9a-f:]+/g, "<id>"),
        )
        .sort(),
    ]),
  );

/** In the rows' words: "update Veth a1/eth0: mtu". */
function said(changes: Operation["changes"]): string[] {
  return changes
    .filter(({ op }) => op !== "create-replacement" && op !== "delete-replaced")
    .map(({ op, type, name, differs }) => {
      const short = name.replace(`${lab.name}.default.`, "").replace(`${lab.name}.`, "").replace(lab.name, "LAB");
      return `${op} ${type} ${short}${differs.length > 0 ? `: ${differs.join(" ")}` : ""}`;
    })
    .sort();
}

const repairsOf = ({ shows, repairs }: Row): readonly string[] =>
  repairs ?? shows.map((line) => line.replace(/^delete/, "create"));

async function drift(rows: readonly Row[]): Promise<void> {
  const spaces = namespaces().map((who) => `N_${who}=${lab.netns(who)}`);
  const state = await lab.state();
  const ports = Object.keys(objects.pods).map((pod) => {
    const { peer } = state[`${lab.netns(pod)}/eth0`]?.inputs as { peer: { name: string } };
    return `V_${pod}=${peer.name}`;
  });
  const names = [`RUN=${lab.run}`, ...spaces, ...ports];
  for (const { drift, script } of rows) {
    const { code, stderr } = await machine.run(["env", ...names, "sh", "-ec", script]);
    if (code !== 0) throw new Error(`${drift}: ${stderr}`);
  }
}

/** The tests of one round. @param repair what shows and repairs the drift: two operations, or two in one */
function round(
  title: string,
  rows: readonly Row[],
  repair: () => Promise<{ shown: string[]; done: string[]; errors: readonly string[] }>,
): void {
  describe(title, () => {
    let outcome: Awaited<ReturnType<typeof repair>>;

    beforeAll(async () => {
      await drift(rows);
      outcome = await repair();
    });

    it.each(rows)("$drift", (row) => {
      const mine = (lines: string[], theirs: readonly string[]): string[] => {
        const objects = new Set(theirs.map((line) => line.split(" ")[2]?.replace(/:$/, "")));
        return lines.filter((line) => objects.has(line.split(" ")[2]?.replace(/:$/, "")));
      };
      expect(mine(outcome.shown, row.shows)).toEqual([...row.shows].sort());
      expect(mine(outcome.done, repairsOf(row))).toEqual([...repairsOf(row)].sort());
    });

    it("shows and touches nothing else", () => {
      expect(outcome.errors).toEqual([]);
      const known = (lines: readonly string[]): Set<string> => new Set(lines);
      const shows = known(rows.flatMap(({ shows }) => shows));
      const repairs = known(rows.flatMap(repairsOf));
      expect(outcome.shown.filter((line) => !shows.has(line))).toEqual([]);
      expect(outcome.done.filter((line) => !repairs.has(line))).toEqual([]);
    });

    it("leaves nothing to do", async () => {
      expect(said((await lab.preview("--refresh")).changes)).toEqual([]);
    });

    it("is as it was", async () => {
      const now = await facts();
      const clean = rows === inPlace ? (all: typeof now) => all : regardless;
      expect(changesBetween(clean(healthy), clean(now))).toEqual([]);
      healthy = now;
    });
  });
}

const refreshThenUp = async (): ReturnType<Parameters<typeof round>[2]> => {
  const refresh = await lab.refresh();
  const up = await lab.up();
  return { shown: said(refresh.changes), done: said(up.changes), errors: [...refresh.errors, ...up.errors] };
};

round("changed by hand", inPlace, refreshThenUp);
round("deleted by hand", deletions, refreshThenUp);
round("replaced by something of the same name", replacements, refreshThenUp);
