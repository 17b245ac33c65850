// `npm run verify` against labs that are broken by hand, one thing at a time: it says so of the promises that this breaks, and of
// no other; and it holds again when the thing is mended.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../scripts/lib/environment";
import { measure } from "../../scripts/verify/measure";
import type { RunningLab } from "../../scripts/verify/places";
import { promisesOf } from "../../scripts/verify/promises";
import { Lab, demo } from "./support/lab";
import { Machine, type Result, changesBetween } from "./support/machine";
import { SshServer } from "./support/ssh-server";

jest.setTimeout(180_000);

interface Said {
  readonly ok: boolean;
  readonly promises: readonly { promise: string; ok: boolean; passed: number; failed: number; unmeasured: number }[];
  readonly measurements: readonly { promise: string; from: string; to: string; observed: string; ok: boolean }[];
}

const verifyWords = ["node", join(projectRoot, "scripts", "podnet.mjs"), "verify"];

const environment = (lab: Lab): Record<string, string | undefined> => ({
  ...process.env,
  PULUMI_BACKEND_URL: pathToFileURL(join(lab.folder, "state")).href,
  PULUMI_CONFIG_PASSPHRASE: "",
});

const verify = (lab: Lab, ...flags: string[]): Promise<Result> =>
  lab.machine.run([...verifyWords, lab.name, ...flags], { env: environment(lab), cwd: projectRoot, limit: 60 });

async function measured(lab: Lab): Promise<Said & { code: number; broken: string[]; wrong: string[] }> {
  const { code, stdout, stderr } = await verify(lab, "--json");
  if (!stdout.startsWith("{")) throw new Error(`verify ended with exit code ${code}: ${stderr}`);
  const said = JSON.parse(stdout) as Said;
  const broken = said.promises.filter(({ ok }) => !ok).map(({ promise }) => promise);
  const wrong = said.measurements
    .filter(({ ok }) => !ok)
    .map((each) => `${each.promise}: ${each.from} -> ${each.to}: ${each.observed}`);
  return { ...said, code, broken, wrong: [...new Set(wrong)] };
}

let machine: Machine;
const labs: Lab[] = [];

beforeAll(async () => {
  machine = await Machine.start();
});

afterAll(async () => {
  await machine?.stop();
  for (const lab of labs) lab.remove();
});

/** Within seconds. */
async function until(condition: () => Promise<boolean>, seconds = 20): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await condition());) {
    if (Date.now() > end) throw new Error(`still not so after ${seconds} s`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

async function newLab(objects: Parameters<typeof Lab.create>[1]): Promise<Lab> {
  const lab = await Lab.create(machine, objects);
  labs.push(lab);
  const { code, errors, text } = await lab.up();
  if (code !== 0) throw new Error(`pulumi up ended with exit code ${code}: ${errors.join("\n") || text}`);
  return lab;
}

describe("the lab demo", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await newLab(demo());
  });

  const chain = "IP-MASQ-AGENT";

  test("holds all promises, and each is measured", async () => {
    const { code, ok, promises, wrong } = await measured(lab);
    expect({ code, ok, wrong }).toEqual({ code: 0, ok: true, wrong: [] });
    // TCP and UDP for each pair of 4 pods, 2 nodes and the client; 3 ports of pod1 and 1 of each other pod; 2 lengths per pod.
    const counts = Object.fromEntries(promises.map(({ promise, passed }) => [promise, passed]));
    expect(counts).toEqual({
      ...{ "pod-to-pod": 32, "node-to-pod": 16, "pod-to-node": 16, "node-to-node": 4, localhost: 8 + 6, mtu: 8 },
      ...{ "pod-to-outside": 8, "outside-to-pod": 8, "outside-to-node": 4 },
    });
  });

  test("says what it found as a table, with exit code 0", async () => {
    const { code, stdout } = await verify(lab);
    expect(code).toBe(0);
    expect(stdout).toMatch(/every pod reaches every pod, without NAT +│ 32 │ +0 │ 0 │ holds/);
    expect(stdout).toContain(`All promises hold in lab ${lab.name}.`);
  });

  test("leaves nothing behind", async () => {
    const look = async () => ({
      ...(await machine.snapshot()),
      sockets: (await lab.exec("pod1", "ss", "-Htuan")).split("\n").sort(),
    });
    const before = await look();
    await measured(lab);
    expect(changesBetween(before, await look())).toEqual([]);
  });

  test.each(["KILL", "INT", "TERM"])("leaves nothing behind when SIG%s ends it in the middle", async (signal) => {
    const before = await machine.snapshot();
    const isMeasuring = async () => (await machine.run(["pgrep", "-f", "^podnet verif[y]"])).code === 0;
    // Silence takes seconds.
    await lab.exec("client", "iptables", "-A", "INPUT", "-j", "DROP");
    try {
      const running = await machine.start([...verifyWords, lab.name], {
        env: environment(lab),
        cwd: projectRoot,
        limit: 60,
      });
      await until(isMeasuring);
      await running.stop(signal);
      await until(async () => !(await isMeasuring()));
    } finally {
      await lab.exec("client", "iptables", "-D", "INPUT", "-j", "DROP");
    }
    expect(changesBetween(before, await machine.snapshot())).toEqual([]);
  });

  interface Damage {
    readonly what: string;
    readonly who: string;
    readonly damage: string;
    readonly repair: string;
    readonly breaks: readonly string[];
    /** One of the sentences, from the text. */
    readonly says: RegExp;
  }

  const damages: Damage[] = [
    {
      what: "the jump to masquerade is gone",
      who: "node1",
      damage: `iptables -t nat -F POSTROUTING`,
      repair: `iptables -t nat -A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom ${chain} chain" -m addrtype ! --dst-type LOCAL -j ${chain}`,
      breaks: ["pod-to-outside"],
      says: /TCP and UDP from pod1 to client \(203\.0\.113\.10\): expected: client sees 192\.168\.0\.11; observed: TIMEOUT/,
    },
    {
      what: "the route to the other node's pods is gone",
      who: "node1",
      damage: "ip route del 10.244.1.0/24",
      repair: "ip route add 10.244.1.0/24 via 192.168.0.12 dev eth0",
      // Node1's answers to those pods take that way too.
      breaks: ["mtu", "node-to-pod", "pod-to-node", "pod-to-pod"],
      says: /from pod1 to pod3 \(10\.244\.1\.2\).*observed: (UNREACHABLE|TIMEOUT)/,
    },
    {
      what: "the bridge is down",
      who: "node2",
      damage: "ip link set cbr0 down",
      repair: "ip link set cbr0 up",
      breaks: ["mtu", "node-to-pod", "pod-to-node", "pod-to-outside", "pod-to-pod"],
      says: /from pod1 to pod3/,
    },
    {
      what: "pods are translated on the way to other pods",
      who: "node1",
      damage: "iptables -t nat -I POSTROUTING -s 10.244.0.0/24 -d 10.244.1.0/24 -j SNAT --to-source 192.168.0.11",
      repair: "iptables -t nat -D POSTROUTING -s 10.244.0.0/24 -d 10.244.1.0/24 -j SNAT --to-source 192.168.0.11",
      breaks: ["mtu", "pod-to-pod"],
      says: /pod1 to pod3 \(10\.244\.1\.2\): expected: default\/pod3 sees 10\.244\.0\.2; observed: default\/pod3 sees 192\.168\.0\.11/,
    },
    {
      what: "pods are translated on the way to nodes",
      who: "node1",
      damage: `iptables -t nat -R ${chain} 1 -d 192.168.7.0/24 -j RETURN`,
      repair: `iptables -t nat -R ${chain} 1 -d 192.168.0.0/24 -m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN`,
      breaks: ["pod-to-node"],
      says: /pod1 to node2 \(192\.168\.0\.12\): expected: node2 sees 10\.244\.0\.2; observed: node2 sees 192\.168\.0\.11/,
    },
    {
      what: "a node does not forward",
      who: "node1",
      damage: "sysctl -qw net.ipv4.ip_forward=0",
      repair: "sysctl -qw net.ipv4.ip_forward=1",
      breaks: ["mtu", "node-to-pod", "pod-to-node", "pod-to-outside", "pod-to-pod"],
      says: /from pod1 to pod3/,
    },
    {
      what: "the router knows the way to the pods",
      who: "router",
      damage: "ip route add 10.244.0.0/24 via 192.168.0.11",
      repair: "ip route del 10.244.0.0/24",
      breaks: ["outside-to-pod"],
      says: /client to pod1 \(10\.244\.0\.2\): expected: UNREACHABLE or TIMEOUT; observed: default\/pod1 sees 203\.0\.113\.10/,
    },
    {
      what: "only UDP between two pods is dropped",
      who: "pod4",
      damage: "iptables -I INPUT -p udp -s 10.244.0.3 -j DROP",
      repair: "iptables -D INPUT -p udp -s 10.244.0.3 -j DROP",
      breaks: ["mtu", "pod-to-pod"],
      says: /^UDP from pod2 to pod4 \(10\.244\.1\.3\): .*observed: TIMEOUT/m,
    },
    {
      what: "localhost is down in a pod",
      who: "pod1",
      damage: "ip link set lo down",
      repair: "ip link set lo up",
      // Whatever a pod says to itself, by whichever address, goes through lo.
      breaks: ["localhost", "pod-to-pod"],
      says: /from pod1 to itself \(127\.0\.0\.1 port 8080\): expected: OPEN; observed:/,
    },
    {
      what: "the cable between the nodes takes less than the pods send",
      who: "node2",
      damage: "ip link set eth0 mtu 1400",
      repair: "ip link set eth0 mtu 1500",
      breaks: ["mtu"],
      says: /UDP from pod1 to pod[34] \(10\.244\.1\.[23]\), 1500 bytes/,
    },
    {
      what: "a pod has another address",
      who: "pod2",
      damage:
        "ip addr flush dev eth0; ip addr add 10.244.0.99/24 dev eth0; ip route add default via 10.244.0.1 dev eth0",
      repair:
        "ip addr flush dev eth0; ip addr add 10.244.0.3/24 brd + dev eth0; ip route add default via 10.244.0.1 dev eth0",
      breaks: ["mtu", "node-to-pod", "pod-to-node", "pod-to-pod"],
      says: /from pod2 to pod1 \(10\.244\.0\.2\): expected: default\/pod1 sees 10\.244\.0\.3; observed: default\/pod1 sees 10\.244\.0\.99/,
    },
  ];

  describe.each(damages)("$what", ({ who, damage, repair, breaks, says }) => {
    let found: Awaited<ReturnType<typeof measured>>;
    let text: Result;
    beforeAll(async () => {
      await lab.exec(who, "sh", "-ec", damage);
      try {
        [found, text] = await Promise.all([measured(lab), verify(lab)]);
      } finally {
        await lab.exec(who, "sh", "-ec", repair);
      }
    });

    test("breaks these promises and no others", () => {
      expect({ code: found.code, broken: found.broken.sort(), wrong: found.wrong }).toEqual({
        code: 1,
        broken: [...breaks].sort(),
        wrong: found.wrong,
      });
    });

    test("is said in words, and seen in a table", () => {
      expect(text.code).toBe(1);
      expect(text.stdout).toMatch(says);
      expect(text.stdout).toMatch(/│ +X +│/);
      expect(text.stdout).toContain(`npm run exec -- --stack ${lab.name} `);
    });
  });

  test("what cannot be measured is no pass", async () => {
    const file = `/run/netns/${lab.netns("pod4")}`;
    const move = (from: string, to: string): Promise<string> =>
      machine.sh(`touch ${to}; mount --bind ${from} ${to}; umount ${from}; rm ${from}`);
    await move(file, `${file}.away`);
    try {
      const { code, broken, promises } = await measured(lab);
      expect({ code, broken }).toMatchObject({
        code: 1,
        broken: expect.arrayContaining(["pod-to-pod", "localhost"]) as string[],
      });
      expect(promises.find(({ promise }) => promise === "pod-to-pod")).toMatchObject({
        passed: 18,
        failed: 0,
        unmeasured: 14,
      });
      expect((await verify(lab)).stdout).toMatch(/observed: \? default\/pod4: no network namespace/);
    } finally {
      await move(`${file}.away`, file);
    }
  });

  test("holds again when all is mended", async () => {
    const { code, wrong } = await measured(lab);
    expect({ code, wrong }).toEqual({ code: 0, wrong: [] });
  });
});

describe("a lab of pods that serve nothing, or their own, or have their node's network", () => {
  test("holds", async () => {
    const lab = await newLab({
      nodes: { node1: {}, node2: {} },
      pods: {
        idle: { node: "node1", containers: [{ name: "main", command: ["sleep", "inf"] }] },
        own: {
          node: "node1",
          containers: [
            {
              name: "main",
              command: [
                "perl",
                "-MIO::Socket::INET",
                "-e",
                "my $s = IO::Socket::INET->new(Listen => 5, LocalPort => 7000); sleep",
              ],
              ports: [{ containerPort: 7000 }],
            },
            {
              name: "silent",
              command: [
                "perl",
                "-MIO::Socket::INET",
                "-e",
                'my $s = IO::Socket::INET->new(Proto => "udp", LocalPort => 7001); sleep',
              ],
              ports: [{ containerPort: 7001, protocol: "UDP" }],
            },
          ],
        },
        "other/own": { node: "node2" },
        agent: { node: "node2", hostNetwork: true, containers: [{ name: "main", ports: [{ containerPort: 9100 }] }] },
      },
    });
    const { code, wrong } = await measured(lab);
    expect({ code, wrong }).toEqual({ code: 0, wrong: [] });
  });
});

describe("a lab with Services and a hostPort", () => {
  const server = (name: string, node: string, more: object = {}): object => ({
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: "web" } } },
    spec: { nodeName: node, containers: [{ name: "web", ports: [{ containerPort: 8080, ...more }] }] },
  });
  const service = (name: string, spec: object): object => ({
    ...{ apiVersion: "v1", kind: "Service", metadata: { name } },
    spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  });
  const labOf = (mode: string): Parameters<typeof Lab.create>[1] => ({
    spec: { proxy: { mode }, loadBalancer: { addresses: ["192.168.0.240/28"] } },
    nodes: { node1: {}, node2: {} },
    pods: { shell: { node: "node1", containers: [{ name: "main", command: ["sleep", "inf"] }] } },
    objects: [
      server("one", "node1"),
      server("two", "node2", { hostPort: 8000 }),
      service("inside", { clusterIP: "10.96.0.20" }),
      service("nodes", {
        ...{ type: "NodePort", clusterIP: "10.96.0.21" },
        ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }],
      }),
      service("signals", { selector: { app: "nobody" }, ports: [{ port: 36412, protocol: "SCTP" }] }),
      service("balanced", {
        ...{ type: "LoadBalancer", clusterIP: "10.96.0.22", loadBalancerIP: "192.168.0.240" },
        ...{ externalTrafficPolicy: "Local", healthCheckNodePort: 32000 },
      }),
    ],
  });

  /** In one mode: what holds and what does not, and in which words. */
  async function said(lab: Lab) {
    const { code, stdout } = await verify(lab);
    const broken = [...stdout.matchAll(/^│ (.*?) +│.*│ BROKEN +│$/gm)].map(([, title = ""]) => title);
    const wrong = stdout.split("\n").filter((line) => line.includes("; observed: "));
    return { code, broken, wrong, stdout };
  }

  const titles = {
    clusterIP: "a cluster IP leads to a Service's endpoints, inside the cluster only",
    nodePort: "a NodePort leads there from every node",
    externalIP: "so do external and load balancer addresses",
    evenShares: "each endpoint of a Service gets as much as any other",
    healthCheck: "nodes tell load balancers how many endpoints they have",
    hostPort: "a hostPort leads from its node to its pod",
  };

  interface Fault {
    readonly what: string;
    readonly where: readonly string[];
    /** What sed(1) does to the rules. */
    readonly rules: string;
    readonly breaks: readonly string[];
    readonly says: RegExp;
  }

  const faults: Fault[] = [
    {
      what: "the rule of a cluster IP",
      where: ["node1"],
      rules: "/^-A KUBE-SERVICES -d 10.96.0.20/d",
      breaks: [titles.clusterIP],
      says: /^TCP from (shell|one|node1) to service\/default\/inside \(10\.96\.0\.20 port 80\): expected: one sees .*, two sees .*; observed: (UNREACHABLE|TIMEOUT)$/m,
    },
    {
      what: "the rule of a NodePort",
      where: ["node2"],
      rules: "/^-A KUBE-NODEPORTS .*--dport 30080 -j/d",
      breaks: [titles.nodePort],
      says: /^TCP from \w+ to service\/default\/nodes \(192\.168\.0\.12 port 30080\): .*observed: REFUSED$/m,
    },
    {
      what: "the rule of a load balancer's address",
      where: ["node1", "node2"],
      rules: "/^-A KUBE-SERVICES -d 192.168.0.240/d",
      breaks: [titles.externalIP],
      says: /^TCP from \w+ to service\/default\/balanced \(192\.168\.0\.240 port 80\): /m,
    },
    {
      what: "the rule that leads to an endpoint",
      where: ["node1"],
      rules: "/default.inside -> .*--probability/d",
      breaks: [titles.clusterIP, titles.evenShares],
      says: /^TCP from \w+ to service\/default\/inside \(10\.96\.0\.20 port 80\): expected: one sees .*; observed: two sees/m,
    },
    {
      what: "the rule of a hostPort",
      where: ["node2"],
      rules: "/^-A CNI-DN-.* -j DNAT/d",
      breaks: [titles.hostPort],
      says: /^TCP from client to two \(192\.168\.0\.12 port 8000\): expected: two sees 203\.0\.113\.10; observed: REFUSED$/m,
    },
  ];

  async function withFault(lab: Lab, { where, rules }: Pick<Fault, "where" | "rules">, work: () => Promise<void>) {
    const restore = async (who: string, input: string): Promise<string> =>
      machine.exec(lab.inside(who, "iptables-restore"), { input });
    const healthy = new Map<string, string>();
    for (const who of where) healthy.set(who, await lab.exec(who, "iptables-save", "-t", "nat"));
    for (const [who, text] of healthy) await restore(who, await machine.exec(["sed", "-e", rules], { input: text }));
    try {
      await work();
    } finally {
      for (const [who, text] of healthy) {
        await restore(who, text);
        // What was not translated is remembered for minutes, and a port that is used again meanwhile goes the same way.
        await lab.exec(who, "conntrack", "-F");
      }
    }
  }

  describe("in mode iptables", () => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await newLab(labOf("iptables"));
    });

    test("holds", async () => {
      const { code, wrong, stdout } = await said(lab);
      expect({ code, wrong }).toEqual({ code: 0, wrong: [] });
      const socket = ["perl", "-MSocket", "-e", "socket(my $s, PF_INET, SOCK_STREAM, 132) or exit 1"];
      const hasSctp = (await machine.run(socket)).code === 0;
      expect(stdout.includes("\nNot measured: the kernel has no SCTP.\n")).toBe(!hasSctp);
      for (const title of Object.values(titles)) expect(stdout).toMatch(new RegExp(`│ ${title} +│ +[1-9]`));
    });

    test.each(faults)("without $what it does not", async ({ breaks, says, ...fault }) => {
      await withFault(lab, fault, async () => {
        const { code, broken, wrong, stdout } = await said(lab);
        expect({ code, broken, wrong }).toEqual({ code: 1, broken: breaks, wrong });
        expect(stdout).toMatch(says);
      });
    });

    test("where one endpoint gets a quarter instead of a half it does not", async () => {
      const rules = "/default.inside -> /s/--probability 0.5[0-9]*/--probability 0.25/";
      await withFault(lab, { where: ["node1", "node2"], rules }, async () => {
        const { code, broken, stdout } = await said(lab);
        expect({ code, broken }).toMatchObject({
          code: 1,
          broken: expect.arrayContaining([titles.evenShares]) as string[],
        });
        expect(stdout).toMatch(
          /^TCP from everywhere to service\/default\/inside \(10\.96\.0\.20 port 80\): .*; observed: one got \d+ of \d+, two got \d+ of \d+$/m,
        );
      });
    });

    test("where nobody answers health checks it does not", async () => {
      const words = ["INPUT", "-p", "tcp", "--dport", "32000", "-j", "REJECT", "--reject-with", "tcp-reset"];
      await lab.exec("node2", "iptables", "-I", ...words);
      const { code, broken, stdout } = await said(lab);
      await lab.exec("node2", "iptables", "-D", ...words);
      expect({ code, broken }).toEqual({ code: 1, broken: [titles.healthCheck] });
      expect(stdout).toMatch(
        /^TCP from client to service\/default\/balanced \(192\.168\.0\.12 port 32000\): expected: 200 with 1 local endpoint; observed: REFUSED$/m,
      );
    });

    test("holds again when all is mended", async () => {
      expect(await said(lab)).toMatchObject({ code: 0, wrong: [] });
    });
  });

  test("in mode nftables it holds, and without the element of a cluster IP it does not", async () => {
    const lab = await newLab(labOf("nftables"));
    expect(await said(lab)).toMatchObject({ code: 0, wrong: [] });
    const element = "{ 10.96.0.20 . tcp . 80 }";
    await lab.exec("node2", "nft", "delete", "element", "ip", "kube-proxy", "service-ips", element);
    const { code, broken, stdout } = await said(lab);
    expect({ code, broken }).toEqual({ code: 1, broken: [titles.clusterIP] });
    expect(stdout).toMatch(/^TCP from (two|node2) to service\/default\/inside \(10\.96\.0\.20 port 80\): /m);
  });
});

test("a lab without pods holds", async () => {
  const lab = await newLab({ nodes: { node1: {} }, pods: {} });
  const { code, wrong } = await measured(lab);
  expect({ code, wrong }).toEqual({ code: 0, wrong: [] });
});

test("a lab that does not run is no lab to verify", async () => {
  const [lab] = labs;
  const { code, stderr } = await machine.run([...verifyWords, "t-nothing-of-that-name"], {
    env: environment(lab as Lab),
    cwd: projectRoot,
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/there is no lab "t-nothing-of-that-name"/);
  expect(readdirSync(projectRoot).filter((name) => name.includes("t-nothing"))).toEqual([]);
});

describe("a host that is reached by ssh", () => {
  let server: SshServer;
  const banner = "echo welcome; printf 'to the machine'";

  beforeAll(async () => {
    const users = { noisy: { sudo: true, shell: "/bin/bash", files: { ".bashrc": banner } }, plain: {} };
    server = await SshServer.start({ programs: { sudo: true }, users });
  });

  afterAll(async () => {
    await server?.stop();
  });

  /** A lab of one node, which is the host itself. */
  const labAt = (user: string): RunningLab => {
    const files = { privateKeyPath: server.path("key"), knownHostsPath: server.path("known_hosts") };
    const far = { type: "ssh", address: "127.0.0.1", port: server.port, user, ...files } as const;
    const place = { host: "far", netns: "-", ip: "127.0.0.1" };
    return {
      name: "lab",
      nodes: [{ ...place, kind: "node", name: "node1", podCIDR: "10.244.0.0/24" }],
      pods: [],
      clients: [{ ...place, kind: "client", name: "client" }],
      ...{ services: {}, proxy: {}, entries: {} },
      hosts: { far },
    };
  };
  const measureAt = (user: string) => {
    const lab = labAt(user);
    return measure(
      lab,
      promisesOf(lab).flatMap(({ checks }) => checks),
    );
  };

  test.each(["root", "noisy"])("is measured as %s", async (user) => {
    const measurements = await measureAt(user);
    expect(measurements.map(({ ok, observed }) => ({ ok, observed }))).toEqual(
      Array(2).fill({ ok: true, observed: { kind: "answer", by: "node1", source: "127.0.0.1" } }),
    );
  });

  test("says why it cannot be measured", async () => {
    await expect(measureAt("plain")).rejects.toThrow(/cannot measure on host "far": .*sudo/s);
  });
});
