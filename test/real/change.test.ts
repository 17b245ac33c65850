// A lab changes while it runs: only what the change concerns is touched, and nobody else's packets are lost.
import { Lab, type LabObjects, web } from "./support/lab";
import { Machine } from "./support/machine";
import type { Change } from "./support/operation";
import { type Lost, clientIp, startPing, startStream } from "./support/traffic";

jest.setTimeout(180_000);

let machine: Machine;
let lab: Lab;

/** "quiet" is who the changes happen to; between the other four packets flow. What a test changes, stays. */
const objects: LabObjects = {
  nodes: { node1: {}, node2: {} },
  pods: {
    ping1: { node: "node1" },
    stream1: { node: "node1" },
    quiet: { node: "node1" },
    ping2: { node: "node2" },
    stream2: { node: "node2" },
  },
};

const bystanders = ["ping1", "stream1", "ping2", "stream2"];

beforeAll(async () => {
  machine = await Machine.start();
  lab = await Lab.create(machine, objects);
  expect((await lab.up()).errors).toEqual([]);
});

afterAll(async () => {
  await machine?.stop();
  lab?.remove();
});

/** Processes, interfaces and addresses by namespace. */
async function census(who: readonly string[]): Promise<Record<string, string[]>> {
  const entries = await Promise.all(
    who.map(async (one): Promise<[string, string[]]> => {
      const look =
        'ip netns pids "$1" | sort -n; ip -n "$1" -o addr show scope global; ip -n "$1" -o link | cut -d" " -f1,2';
      return [one, (await machine.exec(["sh", "-c", look, "sh", lab.netns(one)])).trim().split("\n")];
    }),
  );
  return Object.fromEntries(entries);
}

/** Each as "update Veth <lab>.node1/eth0: mtu", sorted. Pulumi counts a replacement as three, one of which says it all. */
const lines = (changes: readonly Pick<Change, "op" | "type" | "name" | "differs">[]): string[] =>
  changes
    .filter(({ op }) => op !== "create-replacement" && op !== "delete-replaced")
    .map(
      ({ op, type, name, differs }) =>
        `${op} ${type} ${name.replaceAll(lab.name, "<lab>")}${differs.length > 0 ? `: ${differs.join(" ")}` : ""}`,
    )
    .sort();

interface Outcome {
  readonly previewed: string[];
  readonly done: string[];
  readonly errors: readonly string[];
  readonly ping: Lost;
  readonly streamed: number;
  readonly before: Record<string, string[]>;
  readonly after: Record<string, string[]>;
}

/** Applies `objects` under traffic. @param others who must not notice, besides the four */
async function change(others: readonly string[]): Promise<Outcome> {
  const who = [...bystanders, ...others];
  const { pods } = await lab.outputs();
  const before = await census(who);
  const ping = await startPing(lab, "ping1", pods["default/ping2"]?.ip ?? "");
  const stream = await startStream(lab, "stream1", "stream2", pods["default/stream2"]?.ip ?? "");
  lab.write(objects);
  const preview = await lab.preview();
  const { changes, errors } = await lab.up();
  await new Promise((wake) => setTimeout(wake, 300));
  const outcome = { ping: await ping.stop(), streamed: await stream.stop() };
  return {
    ...outcome,
    previewed: lines(preview.changes),
    done: lines(changes),
    errors,
    before,
    after: await census(who),
  };
}

function expectUnnoticed({ errors, ping, streamed, before, after, previewed, done }: Outcome): void {
  expect(errors).toEqual([]);
  expect(ping.lost).toBe(0);
  expect(ping.sent).toBeGreaterThan(100);
  expect(streamed).toBeGreaterThan(100);
  expect(after).toEqual(before);
  expect(previewed).toEqual(done);
}

/** All that a node or a pod is made of. */
const nodeParts = (op: string, node: string, peers: readonly string[]): string[] => [
  `${op} Bridge <lab>.${node}/cbr0`,
  ...["last_reserved_ip.0", "lock", "node.json"].map((file) => `${op} File <lab>.${node}/${file}`),
  `${op} IptablesChains <lab>.${node}/IP-MASQ-AGENT`,
  `${op} IptablesRule <lab>.${node}/POSTROUTING`,
  `${op} IptablesRules <lab>.${node}/kube-proxy`,
  `${op} Masquerade <lab>.${node}`,
  `${op} NetworkNamespace <lab>.${node}`,
  ...["ct_state_invalid_dropped_pkts", "localhost_nps_accepted_pkts"].map(
    (counter) => `${op} NfacctCounter <lab>.${node}/${counter}`,
  ),
  `${op} Node ${node}`,
  `${op} Route <lab>.${node}/default`,
  ...peers.map((peer) => `${op} Route <lab>.${node}/to-${peer}`),
  `${op} ServiceProxy ${node}`,
  ...["bridge-nf-call-iptables", "ip_forward", "route_localnet"].map(
    (setting) => `${op} Sysctl <lab>.${node}/${setting}`,
  ),
  `${op} Veth <lab>.${node}/eth0`,
];
const podParts = (op: string, pod: string): string[] => [
  `${op} File <lab>.default.${pod}/reservation`,
  `${op} NetworkNamespace <lab>.default.${pod}`,
  `${op} Pod default/${pod}`,
  `${op} Process <lab>.default.${pod}/pause`,
  `${op} Process <lab>.default.${pod}/web`,
  `${op} Route <lab>.default.${pod}/default`,
  `${op} Veth <lab>.default.${pod}/eth0`,
];

it("adds a pod", async () => {
  objects.pods["extra"] = { node: "node1" };
  const outcome = await change(["quiet", "node2", "switch", "router"]);
  expectUnnoticed(outcome);
  expect(outcome.done).toEqual([...podParts("create", "extra"), "update File <lab>.node1/last_reserved_ip.0: content"]);
  expect(await clientIp(lab, "ping2", "10.244.0.5")).toBe("10.244.1.2");
});

it("removes a pod", async () => {
  delete objects.pods["extra"];
  const outcome = await change(["quiet", "node2", "switch", "router"]);
  expectUnnoticed(outcome);
  expect(outcome.done).toEqual(podParts("delete", "extra"));
});

it("changes a container's command", async () => {
  const pause = await lab.pid("quiet");
  objects.pods["quiet"] = { node: "node1", containers: [web(8088)] };
  const outcome = await change(["node1", "node2", "switch", "router"]);
  expectUnnoticed(outcome);
  expect(outcome.done).toEqual(["replace Process <lab>.default.quiet/web: command listens"]);
  expect(await lab.pid("quiet")).toBe(pause);
  expect(await clientIp(lab, "ping2", "10.244.0.4", 8088)).toBe("10.244.1.2");
});

it("renames a container, which takes the port of the one that it was", async () => {
  objects.pods["quiet"] = { node: "node1", containers: [{ ...web(8088), name: "server" }] };
  const outcome = await change(["node1", "node2", "switch", "router"]);
  expectUnnoticed(outcome);
  expect(outcome.done).toEqual(["create Process <lab>.default.quiet/server", "delete Process <lab>.default.quiet/web"]);
  expect(await clientIp(lab, "ping2", "10.244.0.4", 8088)).toBe("10.244.1.2");
});

it("takes back a command that could not run", async () => {
  const good = { node: "node1", containers: [web(8088)] };
  objects.pods["quiet"] = { node: "node1", containers: [{ ...web(8088), command: ["sh", "-c", "exit 1"] }] };
  lab.write(objects);
  expect((await lab.up()).errors).not.toEqual([]);
  objects.pods["quiet"] = good;
  lab.write(objects);
  expect((await lab.up()).errors).toEqual([]);
  expect(await clientIp(lab, "ping2", "10.244.0.4", 8088)).toBe("10.244.1.2");
  expect((await lab.preview("--refresh")).changes).toEqual([]);
});

it("swaps the ports of two containers", async () => {
  for (const [first, second] of [
    [8088, 8089],
    [8089, 8088],
  ] as const) {
    objects.pods["quiet"] = { node: "node1", containers: [web(first), { ...web(second), name: "server" }] };
    expectUnnoticed(await change(["node1", "node2", "switch", "router"]));
    for (const port of [8088, 8089]) expect(await clientIp(lab, "ping2", "10.244.0.4", port)).toBe("10.244.1.2");
  }
});

it("puts a pod on a node's network in another's place", async () => {
  for (const [name, other] of [
    ["agent1", "agent2"],
    ["agent2", "agent1"],
    ["agent1", "agent2"],
    ["agent2", "agent1"],
  ] as const) {
    delete objects.pods[other];
    const containers = [8090, 8091, 8092, 8093].map((port) => ({ ...web(port), name: `web${port}` }));
    objects.pods[name] = { node: "node1", hostNetwork: true, containers };
    expectUnnoticed(await change(["quiet", "node2", "switch", "router"]));
    expect(await lab.exec("ping2", "curl", "-sS", "http://192.168.0.11:8090/hostname")).toBe(name);
  }
  delete objects.pods["agent2"];
  delete objects.pods["agent1"];
  expectUnnoticed(await change(["quiet", "node2", "switch", "router"]));
  objects.pods["quiet"] = { node: "node1", containers: [web(8088)] };
  expectUnnoticed(await change(["node1", "node2", "switch", "router"]));
});

it("moves a pod to the other node", async () => {
  const pids = async (): Promise<number[]> => [await lab.pid("quiet"), await lab.pid("quiet/web")];
  const before = await pids();
  objects.pods["quiet"] = { ...objects.pods["quiet"], node: "node2" };
  const outcome = await change(["switch", "router"]);
  expectUnnoticed(outcome);
  expect(outcome.done).toEqual([
    "replace File <lab>.default.quiet/reservation: path",
    "replace Veth <lab>.default.quiet/eth0: addresses peer.netns",
    "update File <lab>.node2/last_reserved_ip.0: content",
    "update Route <lab>.default.quiet/default: via",
  ]);
  expect(await pids()).toEqual(before);
  expect(await clientIp(lab, "ping1", "10.244.1.4", 8088)).toBe("10.244.0.2");
  expect(await clientIp(lab, "quiet", "10.244.0.3")).toBe("10.244.1.4");
});

it("adds a node", async () => {
  objects.nodes["node3"] = {};
  objects.pods["extra"] = { node: "node3" };
  const outcome = await change(["quiet", "router"]);
  expectUnnoticed(outcome);
  const toNode3 = ["node1", "node2"].map((node) => `create Route <lab>.${node}/to-node3`);
  expect(outcome.done).toEqual(
    [...podParts("create", "extra"), ...nodeParts("create", "node3", ["node1", "node2"]), ...toNode3].sort(),
  );
  expect(await clientIp(lab, "ping1", "10.244.2.2")).toBe("10.244.0.2");
});

it("removes a node", async () => {
  delete objects.nodes["node3"];
  delete objects.pods["extra"];
  const outcome = await change(["quiet", "router"]);
  expectUnnoticed(outcome);
  const toNode3 = ["node1", "node2"].map((node) => `delete Route <lab>.${node}/to-node3`);
  expect(outcome.done).toEqual(
    [...podParts("delete", "extra"), ...nodeParts("delete", "node3", ["node1", "node2"]), ...toNode3].sort(),
  );
});

const everyone = ["quiet", "node1", "node2", "switch", "router", "client"];
const podNetwork = [
  ...["node1", "node2"].map((node) => `update Bridge <lab>.${node}/cbr0: mtu`),
  ...["quiet", ...bystanders].map((pod) => `update Veth <lab>.default.${pod}/eth0: mtu peer.mtu`),
];

it("changes the MTU of everything in place", async () => {
  objects.spec = { mtu: 1400 };
  const outcome = await change(everyone);
  expectUnnoticed(outcome);
  const underlay = ["client", "node1", "node2", "router"].map((who) => `update Veth <lab>.${who}/eth0: mtu peer.mtu`);
  expect(outcome.done).toEqual([...podNetwork, ...underlay, "update Bridge <lab>.switch/switch: mtu"].sort());
});

it("changes the pod network's MTU alone", async () => {
  objects.spec = { mtu: 1400, network: { type: "kubenet", mtu: 1300 } };
  const outcome = await change(everyone);
  expectUnnoticed(outcome);
  expect(outcome.done).toEqual([...podNetwork].sort());
});

it("still is what its files say", async () => {
  expect((await lab.preview("--refresh")).changes).toEqual([]);
  expect((await lab.destroy()).errors).toEqual([]);
  expect((await machine.snapshot())["files"]).toEqual(["/run d 755"]);
});
