// Drift in a running lab, where one thing takes others along: an interface its routes, a bridge its ports, a namespace what
// runs in it. What may happen to each property of each kind is in drift.test.ts.
import { Lab, type LabObjects, web } from "../support/lab";
import { Machine } from "../support/machine";
import type { Operation } from "../support/operation";
import { type Facts, difference, factsOf, regardless } from "./facts";

jest.setTimeout(180_000);

const pods = (node: string, ...names: string[]): LabObjects["pods"] =>
  Object.fromEntries(names.map((name) => [name, { node, containers: [web()] }]));

/** Each object is drifted in one way only, so there are many. */
const objects: LabObjects = {
  nodes: { node1: {}, node2: {}, node3: {} },
  pods: {
    ...pods("node1", "a1", "a2", "a3", "a4", "a5"),
    ...pods("node2", "b1", "b2", "b3", "b4", "b5"),
    ...pods("node3", "c1", "c2"),
  },
};

interface Row {
  /** What somebody does, in words. */
  readonly drift: string;
  /** What somebody types: a shell script in which `$N_<who>` is the namespace of a node or pod, `$V_<pod>` the pod's port, and `$RUN` the lab's folder. */
  readonly script: string;
  /** What refresh shows, as "update Veth a1/eth0: mtu" or "delete Route a1/default"; up makes again what is deleted. */
  readonly shows: readonly string[];
}

const update = (what: string): string => `update ${what}`;

/** All of it can be repaired in place: no link gets another index, no process another id. */
const changed: Row[] = [
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
    drift: "a node cut off: its interface down, and its routes with it",
    script: "ip -n $N_node3 link set eth0 down",
    shows: [
      update("Veth node3/eth0: up"),
      ...["default", "to-node1", "to-node2"].map((route) => `delete Route node3/${route}`),
    ],
  },
  {
    drift: "a bridge down",
    script: "ip -n $N_switch link set switch down",
    shows: [update("Bridge switch/switch: up")],
  },
  {
    drift: "a reservation given to somebody else",
    script: "printf other >$RUN/node1/cni/networks/kubenet/10.244.0.6",
    shows: [update("File a5/reservation: content")],
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

/** Deleted, or replaced by something of the same name. */
const lost: Row[] = [
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
    drift: "all rules and chains",
    script: "ip netns exec $N_node2 iptables -w -t nat -F; ip netns exec $N_node2 iptables -w -t nat -X",
    shows: [
      ...deleted("IptablesChains node2/IP-MASQ-AGENT", "IptablesRule node2/POSTROUTING"),
      // Its rules in the table filter are still there.
      "update IptablesRules node2/kube-proxy: " +
        ["KUBE-MARK-MASQ", "KUBE-POSTROUTING", "KUBE-PROXY-CANARY"]
          .map((chain) => `tables.nat.chains["${chain}"] `)
          .join("") +
        ["OUTPUT", "POSTROUTING", "PREROUTING"].map((chain) => `tables.nat.rules.${chain} `).join("") +
        ["KUBE-NODEPORTS", "KUBE-SERVICES"].map((chain) => `tables.nat.shared["${chain}"]`).join(" "),
    ],
  },
  {
    drift: "a node's whole folder",
    script: "rm -r $RUN/node3",
    shows: deleted(
      ...["c1/reservation", "c2/reservation", "node3/last_reserved_ip.0", "node3/lock", "node3/node.json"].map(
        (file) => `File ${file}`,
      ),
    ),
  },
  {
    drift: "a namespace by a file",
    script: "kill -9 $(ip netns pids $N_b4); ip netns del $N_b4; : >/run/netns/$N_b4",
    shows: deleted("NetworkNamespace b4", ...inside("b4")),
  },
  {
    drift: "a namespace by another of its name",
    script: "ip netns del $N_b5; ip netns add $N_b5",
    shows: [
      update('NetworkNamespace b5: loopback sysctls["net.ipv6.conf.default.dad_transmits"]'),
      ...deleted(...inside("b5")),
    ],
  },
];

let machine: Machine;
let lab: Lab;
/** What the lab is like when nothing has drifted. */
let healthy: Facts;

const namespaces = (): string[] =>
  ["switch", "router", "client", ...Object.keys(objects.nodes), ...Object.keys(objects.pods)].map((who) =>
    lab.netns(who),
  );

const facts = async (): Promise<Facts> =>
  [...(await factsOf(machine, namespaces(), lab.run))].flatMap(([where, lines]) =>
    lines.map((line) => `${line} (${where})`),
  );

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

const repairsOf = ({ shows }: Row): string[] => shows.map((line) => line.replace(/^delete/, "create"));

async function drift(rows: readonly Row[]): Promise<void> {
  const spaces = ["switch", ...Object.keys({ ...objects.nodes, ...objects.pods })].map(
    (who) => `N_${who}=${lab.netns(who)}`,
  );
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

/** A file is written whole under another name, then renamed. */
const withoutInodes = (all: Facts): Facts => all.map((line) => line.replace(/ inode \d+/, ""));

describe.each([
  { title: "changed by hand", rows: changed, cleaned: withoutInodes },
  { title: "deleted or replaced by hand", rows: lost, cleaned: regardless },
])("$title", ({ rows, cleaned }) => {
  let shown: string[];
  let done: string[];

  beforeAll(async () => {
    await drift(rows);
    const refresh = await lab.refresh();
    const up = await lab.up();
    expect([...refresh.errors, ...up.errors]).toEqual([]);
    [shown, done] = [said(refresh.changes), said(up.changes)];
  });

  it.each(rows)("$drift", (row) => {
    const objectOf = (line: string): string | undefined => line.split(" ")[2]?.replace(/:$/, "");
    const objects = new Set(row.shows.map(objectOf));
    const mine = (lines: string[]): string[] => lines.filter((line) => objects.has(objectOf(line)));
    expect(mine(shown)).toEqual([...row.shows].sort());
    expect(mine(done)).toEqual(repairsOf(row).sort());
  });

  it("shows and touches nothing else", () => {
    const shows = new Set(rows.flatMap(({ shows }) => shows));
    const repairs = new Set(rows.flatMap(repairsOf));
    expect(shown.filter((line) => !shows.has(line))).toEqual([]);
    expect(done.filter((line) => !repairs.has(line))).toEqual([]);
  });

  it("leaves nothing to do", async () => {
    expect(said((await lab.preview("--refresh")).changes)).toEqual([]);
  });

  it("is as it was", async () => {
    const now = await facts();
    expect(difference(cleaned(healthy), cleaned(now))).toEqual([]);
    healthy = now;
  });
});
