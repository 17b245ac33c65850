/** Services on a running lab: packets to every kind of address, and what a change, a hand or a destroy leaves. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../scripts/lib/environment";
import { Lab, type LabObjects, web } from "./support/lab";
import { Machine } from "./support/machine";

jest.setTimeout(900_000);

const failure: unknown = expect.stringMatching(/refused|Failed to connect/);

const label = { app: "web" };

const deployment = (replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas,
    selector: { matchLabels: label },
    template: { metadata: { labels: label }, spec: { containers: [web()] } },
  },
});

const service = (name: string, spec: object): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: label, ports: [{ port: 80, targetPort: 8080 }], ...spec },
});

const objects = (mode: string, replicas = 4): LabObjects => ({
  spec: { proxy: { mode }, loadBalancer: { addresses: ["192.168.0.240/28"] } },
  nodes: { node1: {}, node2: {} },
  pods: {
    other: { node: "node1" },
    ported: {
      node: "node2",
      containers: [
        {
          name: "web",
          ports: [
            { containerPort: 8080, hostPort: 8000 },
            { containerPort: 8081, hostPort: 8001, hostIP: "192.168.0.99" },
          ],
        },
      ],
    },
  },
  objects: [
    deployment(replicas),
    service("inside", { clusterIP: "10.96.0.20" }),
    service("nodes", { type: "NodePort", ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] }),
    service("outside", { externalIPs: ["198.51.100.10"] }),
    service("balanced", { type: "LoadBalancer" }),
    service("local", {
      ...{ type: "LoadBalancer", externalTrafficPolicy: "Local", selector: { app: "one" } },
      ...{ loadBalancerIP: "192.168.0.250", healthCheckNodePort: 32000 },
    }),
    {
      ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "one", labels: { app: "one" } } },
      spec: { nodeName: mode === "iptables" ? "node1" : "node2", containers: [web()] },
    },
    service("nobody", { clusterIP: "10.96.0.21", selector: { app: "nobody" } }),
  ],
});

let machine: Machine;
let lab: Lab;

afterEach(async () => {
  await machine?.stop();
  lab?.remove();
});

/** The pods that answer within a few dozen questions, or what curl(1) says. */
async function answering(who: string, address: string, times = 40): Promise<string[]> {
  const ask = 'for i in $(seq "$2"); do curl -sS -m 3 "http://$1/hostname" 2>&1 || exit 0; echo; done';
  const said = await lab.exec(who, "sh", "-c", ask, "sh", address, `${times}`);
  return [...new Set(said.trim().split("\n"))].sort();
}

const pods = async (): Promise<string[]> =>
  Object.keys((await lab.outputs()).pods)
    .map((key) => key.replace("default/", ""))
    .filter((name) => name.startsWith("web-"))
    .sort();

describe.each(["iptables", "nftables"])("mode %s", (mode) => {
  it("leads packets to endpoints, changes in place, and leaves nothing", async () => {
    machine = await Machine.start();
    lab = await Lab.create(machine, objects(mode));
    const before = await machine.snapshot();
    expect((await lab.up()).errors).toEqual([]);
    const all = await pods();
    expect(all).toHaveLength(4);
    for (const who of ["other", all[0] ?? "", "node1", "node2"])
      expect([who, await answering(who, "10.96.0.20")]).toEqual([who, all]);
    for (const who of ["client", "other", "node1"])
      for (const address of ["192.168.0.11:30080", "192.168.0.12:30080", "198.51.100.10"])
        expect([who, address, await answering(who, address)]).toEqual([who, address, all]);
    const refused = mode === "iptables" ? all : [failure];
    expect(await answering("node1", "127.0.0.1:30080")).toEqual(refused);
    expect(await answering("other", "10.96.0.21", 1)).toEqual([failure]);

    // The load balancers' addresses: one node answers for each, and none has it.
    const { services } = await lab.outputs();
    const [balanced = ""] = services["default/balanced"]?.loadBalancerIPs ?? [];
    expect(balanced).toBe("192.168.0.240");
    for (const who of ["client", "other", "node1", "node2"])
      expect([who, await answering(who, balanced)]).toEqual([who, all]);
    expect(await answering("client", "192.168.0.250")).toEqual(["one"]);
    expect(await lab.exec("client", "curl", "-sS", "http://192.168.0.250/clientip")).toMatch(/^203\.0\.113\.10:/);
    const [owner, other] = mode === "iptables" ? ["node1", "node2"] : ["node2", "node1"];
    const mac = async (who: string): Promise<string> =>
      (await lab.json<{ address: string }[]>(who, "ip", "-j", "link", "show", "eth0"))[0]?.address ?? "";
    expect(await lab.exec("router", "ip", "neigh", "show", "192.168.0.250")).toContain(await mac(owner));
    for (const [node, code, count] of [
      [owner, "200", 1],
      [other, "503", 0],
    ] as const) {
      const said = await lab.exec(node, "curl", "-sS", "-w", "%{http_code}", "http://127.0.0.1:32000/healthz");
      expect(said).toMatch(new RegExp(`"localEndpoints": ${count},[^]*${code}$`));
    }

    // A port of a node that leads to a pod, for everybody, the pod itself included.
    for (const who of ["client", "other", "ported", "node1", "node2"])
      expect([who, await answering(who, "192.168.0.12:8000", 2)]).toEqual([who, ["ported"]]);
    expect(await answering("node2", "127.0.0.1:8000", 2)).toEqual(["ported"]);
    expect(await answering("client", "192.168.0.12:8001", 1)).toEqual([failure]);

    // The model of verify says the same of all places and addresses.
    const { code, stdout, stderr } = await machine.run(
      ["node", join(projectRoot, "scripts", "podnet.mjs"), "verify", lab.name],
      {
        env: {
          ...process.env,
          PULUMI_BACKEND_URL: pathToFileURL(join(lab.folder, "state")).href,
          PULUMI_CONFIG_PASSPHRASE: "",
        },
        cwd: projectRoot,
        limit: 120,
      },
    );
    expect(`${stdout}${stderr}`).toContain("All promises hold");
    expect(code).toBe(0);
    expect(stdout).toMatch(/a NodePort leads there from every node +│ +[1-9]/);

    const again = await lab.preview("--refresh");
    expect(again.changes).toEqual([]);
    expect((await lab.up()).changes).toEqual([]);

    lab.write(objects(mode, 3));
    const { changes, errors } = await lab.up();
    expect(errors).toEqual([]);
    expect(changes.filter(({ type }) => /Rules$/.test(type)).map(({ op }) => op)).toEqual(Array(8).fill("update"));
    expect(await answering("client", "192.168.0.11:30080")).toEqual(await pods());

    expect((await lab.destroy()).errors).toEqual([]);
    expect(await machine.snapshot()).toEqual(before);
  });
  it("scales up and down while nobody's request fails", async () => {
    machine = await Machine.start();
    const scaled = (replicas: number): LabObjects => ({
      spec: { proxy: { mode } },
      nodes: { node1: {}, node2: {} },
      pods: { other: { node: "node1" } },
      objects: [deployment(replicas), service("inside", { clusterIP: "10.96.0.20" })],
    });
    lab = await Lab.create(machine, scaled(1));
    expect((await lab.up()).errors).toEqual([]);
    const ask = "while :; do curl -sS -m 3 http://10.96.0.20/hostname 2>&1; echo; done";
    const asking = await machine.start(lab.inside("other", "sh", "-c", ask));
    for (const replicas of [8, 1]) {
      lab.write(scaled(replicas));
      expect((await lab.up()).errors).toEqual([]);
      if (replicas > 1) expect(await answering("other", "10.96.0.20")).toEqual(await pods());
    }
    const said = (await asking.stop()).trim().split("\n");
    expect(said.length).toBeGreaterThan(50);
    expect(said.filter((line) => !line.startsWith("web-"))).toEqual([]);
  });
});

/** Which rules of kube-proxy's a node has, in whatever mode. */
const traces = async (who: string): Promise<string[]> => {
  const rules = (await lab.exec(who, "iptables-save")) + (await lab.exec(who, "nft", "-s", "list", "tables"));
  const counters = await lab.exec(who, "nfacct", "list");
  const localnet = await lab.exec(who, "sysctl", "-n", "net.ipv4.conf.all.route_localnet");
  const found = { iptables: /KUBE-/, nftables: /table ip kube-proxy/ };
  return [
    ...Object.entries(found).flatMap(([mode, pattern]) => (pattern.test(rules) ? [mode] : [])),
    ...(counters.includes("localhost_nps_accepted_pkts") ? ["counters"] : []),
    ...(localnet.trim() === "1" ? ["localnet"] : []),
  ];
};

it("goes from mode to mode, and nothing of the old one stays", async () => {
  machine = await Machine.start();
  lab = await Lab.create(machine, objects("iptables", 1));
  for (const mode of ["iptables", "nftables", "iptables"]) {
    lab.write(objects(mode, 1));
    expect((await lab.up()).errors).toEqual([]);
    const own = mode === "iptables" ? ["iptables", "counters", "localnet"] : ["nftables"];
    for (const node of ["node1", "node2"]) expect(await traces(node)).toEqual(own);
    expect(await answering("client", "198.51.100.10", 2)).toEqual(await pods());
    expect((await lab.preview("--refresh")).changes).toEqual([]);
  }
});

it("repairs each rule of a Service that somebody changed", async () => {
  machine = await Machine.start();
  lab = await Lab.create(machine, objects("iptables", 2));
  expect((await lab.up()).errors).toEqual([]);
  const healthy = await lab.exec("node1", "iptables-save", "-t", "nat");
  const rules = healthy.split("\n").filter((line) => /^-A \S+ .*default\/nodes/.test(line));
  expect(rules.length).toBeGreaterThan(7);
  for (const rule of rules.map((line) => line.slice("-A ".length)))
    await lab.exec("node1", "sh", "-c", `iptables -w -t nat -D ${rule}`);
  const refresh = await lab.refresh();
  expect(refresh.changes.map(({ op, name }) => `${op} ${name}`)).toEqual([
    `update ${lab.netns("node1")}/default/nodes`,
  ]);
  expect((await lab.up()).errors).toEqual([]);
  const ruleLines = (text: string): string[] =>
    text
      .split("\n")
      .filter((line) => line.startsWith("-A "))
      .sort();
  expect(ruleLines(await lab.exec("node1", "iptables-save", "-t", "nat"))).toEqual(ruleLines(healthy));
});

const udp = (endpoint: string): LabObjects => ({
  nodes: { node1: {}, node2: {} },
  pods: { other: { node: "node1" } },
  objects: [
    ...["one", "two"].map((name) => ({
      ...{ apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: name } } },
      spec: { nodeName: "node2", containers: [{ name: "dns", ports: [{ containerPort: 5353, protocol: "UDP" }] }] },
    })),
    service("dns", {
      ...{ clusterIP: "10.96.0.10", selector: { app: endpoint } },
      ...{ type: "NodePort", ports: [{ port: 53, targetPort: 5353, protocol: "UDP", nodePort: 30053 }] },
    }),
  ],
});

/** Asks again and again from one port, so that it is one flow to connection tracking; prints each other answer. */
const client = String.raw`
use strict; use Socket; $| = 1;
socket(my $s, PF_INET, SOCK_DGRAM, 0); bind $s, sockaddr_in(4000, INADDR_ANY); connect $s, sockaddr_in(53, inet_aton("10.96.0.10"));
my $last = "";
while (1) {
  send $s, "hostname", 0;
  my $bits = ""; vec($bits, fileno $s, 1) = 1;
  if (select $bits, undef, undef, 0.05) { recv $s, my $text, 99, 0; print "$text
" if defined $text && $text ne $last; $last = $text if defined $text }
  select undef, undef, undef, 0.05;
}`;

/** Asks once, and waits half a second for an answer. */
const once = String.raw`
use strict; use Socket;
socket(my $s, PF_INET, SOCK_DGRAM, 0); connect $s, sockaddr_in(30053, inet_aton(shift)); send $s, "hostname", 0;
my $bits = ""; vec($bits, fileno $s, 1) = 1;
if (select $bits, undef, undef, 0.5) { recv $s, my $text, 99, 0; print $text // "" }`;

it("leaves alone what is sent by UDP to others' addresses, at a NodePort's number", async () => {
  machine = await Machine.start();
  lab = await Lab.create(machine, udp("one"));
  expect((await lab.up()).errors).toEqual([]);
  const ask = (who: string, address: string): Promise<string> =>
    lab.exec(who, "perl", "-e", once, address).then((said) => said.trim());
  for (const who of ["other", "one", "client", "node1", "node2"]) {
    for (const node of ["192.168.0.11", "192.168.0.12"])
      expect([who, node, await ask(who, node)]).toEqual([who, node, "one"]);
    await ask(who, "203.0.113.10");
  }
  expect((await lab.preview("--refresh")).changes).toEqual([]);
});

it("forgets where UDP went when its endpoint is gone", async () => {
  machine = await Machine.start();
  lab = await Lab.create(machine, udp("one"));
  expect((await lab.up()).errors).toEqual([]);
  const asking = await machine.start(lab.inside("other", "perl", "-e", client));
  lab.write(udp("two"));
  expect((await lab.up()).errors).toEqual([]);
  // One more question finds the other endpoint, though the flow never paused.
  while (!asking.output().includes("two")) await new Promise((wake) => setTimeout(wake, 20));
  expect(
    (await asking.stop())
      .trim()
      .split("\n")
      .slice(-2)
      .map((line) => line.trim()),
  ).toEqual(["one", "two"]);
  expect((await lab.preview("--refresh")).changes).toEqual([]);
});

it("moves a load balancer's address when its node goes", async () => {
  machine = await Machine.start();
  const everything = objects("iptables", 2);
  lab = await Lab.create(machine, { ...everything, pods: {} });
  expect((await lab.up()).errors).toEqual([]);
  const address = "192.168.0.240";
  expect(await answering("client", address)).toEqual(await pods());
  const macs = async (who: string): Promise<string> =>
    (await lab.json<{ address: string }[]>(who, "ip", "-j", "link", "show", "eth0"))[0]?.address ?? "";
  const known = (await lab.json<{ dst: string; lladdr?: string }[]>("router", "ip", "-j", "neigh")).find(
    ({ dst }) => dst === address,
  )?.lladdr;
  const [owner, heir] = known === (await macs("node1")) ? ["node1", "node2"] : ["node2", "node1"];
  expect(known).toBe(await macs(owner));
  const rest = (everything.objects ?? []).map(
    (object) =>
      JSON.parse(JSON.stringify(object).replaceAll(`"nodeName":"${owner}"`, `"nodeName":"${heir}"`)) as object,
  );
  lab.write({ ...everything, nodes: { [heir]: {} }, pods: {}, objects: rest });
  expect((await lab.up()).errors).toEqual([]);
  expect(await answering("client", address)).toEqual(await pods());
  const now = await lab.json<{ dst: string; lladdr?: string }[]>("router", "ip", "-j", "neigh", "show", address);
  expect(now.map(({ lladdr }) => lladdr)).toEqual([await macs(heir)]);
});
