// The lab that comes with podnet, from the first preview to the last file gone: what its outputs say, what its namespaces
// hold, and where its packets go.
import { createHash } from "node:crypto";
import { Lab, demo } from "./support/lab";
import { Machine, type Snapshot, changesBetween } from "./support/machine";
import type { Operation, Preview } from "./support/operation";
import { clientIp, get, until } from "./support/traffic";

jest.setTimeout(180_000);

/** What the machine's own network namespace has. */
const rootTopics = ["links", "addresses", "routes", "rules", "neighbours", "iptables", "nftables", "sysctls"];
const rootOnly = (snapshot: Snapshot): Snapshot =>
  Object.fromEntries(Object.entries(snapshot).filter(([topic]) => rootTopics.includes(topic)));

interface Link {
  ifindex: number;
  ifname: string;
  mtu: number;
  flags: string[];
  master?: string;
  address: string;
  link_index?: number;
  linkinfo?: { info_kind?: string; info_slave_data?: { hairpin: boolean } };
}

const links = (lab: Lab, who: string): Promise<Link[]> => lab.json<Link[]>(who, "ip", "-j", "-d", "link");

let machine: Machine;
const labs: Lab[] = [];
const newLab = async (...args: Parameters<typeof Lab.create>): Promise<Lab> => {
  const lab = await Lab.create(...args);
  labs.push(lab);
  return lab;
};

beforeAll(async () => {
  machine = await Machine.start();
});

afterAll(async () => {
  await machine?.stop();
  for (const lab of labs) lab.remove();
});

describe("the lab demo", () => {
  let lab: Lab;
  let before: Snapshot;
  let preview: Preview;
  let previewDiff: string;
  let afterPreview: Snapshot;
  let up: Operation;

  beforeAll(async () => {
    lab = await newLab(machine, demo());
    before = await machine.snapshot();
    previewDiff = (await lab.pulumi(["preview", "--diff"])).stdout;
    preview = await lab.preview();
    afterPreview = await machine.snapshot();
    up = await lab.up();
  });

  describe("a preview of a lab that does not run", () => {
    it("touches nothing", () => {
      expect(changesBetween(before, afterPreview)).toEqual([]);
    });

    it("has commands for every kernel object", () => {
      const kinds = preview.steps.filter(({ urn }) => urn.includes("podnet:linux:"));
      expect(kinds.length).toBeGreaterThan(50);
      for (const { name, inputs } of kinds)
        expect([name, inputs["commands"]]).toEqual([name, expect.arrayContaining([expect.stringMatching(/\S/)])]);
    });

    it("shows the commands with --diff", () => {
      // Pulumi cuts what is longer than 150 characters.
      const shown = (command: string): string => JSON.stringify(command.split("\n")[0]?.slice(0, 110)).slice(1, -1);
      const all = preview.steps.flatMap(({ inputs }) => (inputs["commands"] as string[] | undefined) ?? []);
      expect(all.map(shown).filter((command) => !previewDiff.includes(command.slice(0, 120)))).toEqual([]);
    });

    it("knows every value", () => {
      const inputs = JSON.stringify(preview.steps.map((step) => step.inputs));
      expect(inputs).not.toMatch(/04da6b54-80e4-46f7-96ec-b56ff0331ba9|output</);
      expect(previewDiff).not.toMatch(/output</);
    });

    it("shows the addresses that will be given", () => {
      const address = (name: string): unknown =>
        preview.steps.find((step) => step.name === `${lab.name}.${name}`)?.inputs["addresses"];
      expect(["node1/eth0", "node2/cbr0", "default.pod1/eth0", "default.pod4/eth0"].map(address)).toEqual([
        ["192.168.0.11/24"],
        ["10.244.1.1/24"],
        ["10.244.0.2/24"],
        ["10.244.1.3/24"],
      ]);
    });
  });

  it("comes up without a complaint", () => {
    expect({ code: up.code, errors: up.errors, warnings: up.warnings }).toEqual({ code: 0, errors: [], warnings: [] });
  });

  it("says where everything is", async () => {
    const { name } = lab;
    const pod = (node: string, pod: string, ip: string): object => ({
      node,
      host: "local",
      netns: `${name}.default.${pod}`,
      ip,
    });
    expect(await lab.outputs()).toEqual({
      lab: name,
      nodes: {
        node1: { host: "local", netns: `${name}.node1`, internalIP: "192.168.0.11", podCIDR: "10.244.0.0/24" },
        node2: { host: "local", netns: `${name}.node2`, internalIP: "192.168.0.12", podCIDR: "10.244.1.0/24" },
      },
      pods: {
        "default/pod1": pod("node1", "pod1", "10.244.0.2"),
        "default/pod2": pod("node1", "pod2", "10.244.0.3"),
        "default/pod3": pod("node2", "pod3", "10.244.1.2"),
        "default/pod4": pod("node2", "pod4", "10.244.1.3"),
      },
      clients: { client: { host: "local", netns: `${name}.client`, ip: "203.0.113.10" } },
      services: {},
    });
  });

  it("has these namespaces", async () => {
    const { netns = [] } = await machine.snapshot();
    const parts = [
      "client",
      "default.pod1",
      "default.pod2",
      "default.pod3",
      "default.pod4",
      "node1",
      "node2",
      "router",
      "switch",
    ];
    expect(netns).toEqual(parts.map((part) => `${lab.name}.${part}`));
  });

  it("leaves the host's own network as it was", async () => {
    expect(changesBetween(rootOnly(before), rootOnly(await machine.snapshot()))).toEqual([]);
  });

  it("gives a pod lo and eth0, and a node eth0, cbr0 and a veth with hairpin for each of its pods", async () => {
    for (const pod of ["pod1", "pod2", "pod3", "pod4"])
      expect((await links(lab, pod)).map(({ ifname }) => ifname)).toEqual(["lo", "eth0"]);
    for (const [node, pods] of Object.entries({ node1: ["pod1", "pod2"], node2: ["pod3", "pod4"] })) {
      const all = await links(lab, node);
      const ports = all.filter(({ master }) => master === "cbr0");
      expect(
        all
          .map(({ ifname }) => ifname)
          .filter((name) => !ports.some(({ ifname }) => ifname === name))
          .sort(),
      ).toEqual(["cbr0", "eth0", "lo"]);
      expect(ports.filter(({ ifname }) => /^veth[0-9a-f]{8}$/.test(ifname))).toHaveLength(pods.length);
      expect(ports.map(({ linkinfo }) => linkinfo?.info_slave_data?.hairpin)).toEqual([true, true]);
      const far = await Promise.all(
        pods.map(async (pod) => (await links(lab, pod)).find(({ ifname }) => ifname === "eth0")?.link_index),
      );
      expect(ports.map(({ ifindex }) => ifindex).sort()).toEqual(far.sort());
    }
  });

  it("holds each pod's namespace by a process called pause", async () => {
    for (const pod of ["pod1", "pod2", "pod3", "pod4"]) {
      const pid = await lab.pid(pod);
      expect((await machine.exec(["cat", `/proc/${pid}/comm`])).trim()).toBe("pause");
      expect(await machine.exec(["stat", "-Lc", "%i", `/proc/${pid}/ns/net`])).toBe(
        await machine.exec(["stat", "-Lc", "%i", `/run/netns/${lab.netns(pod)}`]),
      );
    }
  });

  it("lets two containers of a pod talk over localhost", async () => {
    const space = (pid: number): Promise<string> => machine.exec(["readlink", `/proc/${pid}/ns/net`]);
    expect(await space(await lab.pid("pod1/web"))).toBe(await space(await lab.pid("pod1/sidecar")));
    expect(await clientIp(lab, "pod1", "127.0.0.1", 8080)).toBe("127.0.0.1");
    expect(await get(lab, "pod1", "127.0.0.1", 8081, "/hostname")).toBe("pod1");
  });

  const ips = { pod1: "10.244.0.2", pod2: "10.244.0.3", pod3: "10.244.1.2", pod4: "10.244.1.3" };

  it("never translates pod to pod", async () => {
    for (const [from, own] of Object.entries(ips))
      for (const [to, ip] of Object.entries(ips)) {
        expect([from, to, await clientIp(lab, from, ip)]).toEqual([from, to, own]);
        expect(await get(lab, from, ip, 8080, "/hostname")).toBe(to);
      }
  });

  it("lets a node reach its pods, as the bridge's address", async () => {
    expect(await clientIp(lab, "node1", ips.pod1)).toBe("10.244.0.1");
    expect(await clientIp(lab, "node2", ips.pod4)).toBe("10.244.1.1");
  });

  it("lets a node reach the other's pods, as itself", async () => {
    expect(await clientIp(lab, "node1", ips.pod4)).toBe("192.168.0.11");
  });

  it("masquerades what leaves the cluster to the pod's node, and only that", async () => {
    const server = ["perl", `${lab.run}/.bin/agnhost`, "--hostname=client", "--tcp=8080"];
    const running = await machine.start(lab.inside("client", ...server));
    try {
      await new Promise((wake) => setTimeout(wake, 500));
      expect(await clientIp(lab, "pod1", "203.0.113.10")).toBe("192.168.0.11");
      expect(await clientIp(lab, "pod3", "203.0.113.10")).toBe("192.168.0.12");
      expect(await clientIp(lab, "node2", "203.0.113.10")).toBe("192.168.0.12");
    } finally {
      await running.stop("KILL");
    }
    const dump = await machine.start(lab.inside("node2", "tcpdump", "-lnni", "eth0", "icmp"));
    await until(dump, /listening on/);
    await lab.exec("pod1", "ping", "-c", "1", "-W", "2", ips.pod3);
    await until(dump, /10\.244\.0\.2 > 10\.244\.1\.2: ICMP echo request/);
    await dump.stop();
  });

  it("has no way from outside to a pod", async () => {
    const { code, stdout } = await machine.run(lab.inside("client", "ping", "-c", "1", "-W", "2", ips.pod1));
    expect(code).toBe(1);
    expect(stdout).toContain("From 203.0.113.1 icmp_seq=1 Destination Net Unreachable");
  });

  it("keeps reservations as host-local does, byte for byte", async () => {
    const id = (pod: string): string => createHash("sha256").update(`${lab.name}/default/${pod}`).digest("hex");
    const folder = (node: string): string => `${lab.run}/${node}/cni/networks/kubenet`;
    const list = await machine.exec(["find", folder("node1"), "-mindepth", "1", "-printf", "%P %m %s\n"]);
    expect(list.trim().split("\n").sort()).toEqual([
      "10.244.0.2 600 70",
      "10.244.0.3 600 70",
      "last_reserved_ip.0 600 10",
      "lock 750 0",
    ]);
    for (const [pod, ip] of Object.entries(ips))
      expect(await machine.exec(["cat", `${folder(ip.startsWith("10.244.0") ? "node1" : "node2")}/${ip}`])).toBe(
        `${id(pod)}\r\neth0`,
      );
    expect(await machine.exec(["cat", `${folder("node2")}/last_reserved_ip.0`])).toBe("10.244.1.3");
  });

  it("changes nothing at a second up, and says so", async () => {
    const was = await machine.snapshot();
    const { code, changes, summary } = await lab.up();
    expect({ code, changes, summary }).toEqual({ code: 0, changes: [], summary: { same: preview.steps.length } });
    expect(changesBetween(was, await machine.snapshot())).toEqual([]);
    expect((await lab.preview("--refresh")).changes).toEqual([]);
    const shown = await lab.pulumi(["up", "--yes"]);
    expect(shown.stdout).toMatch(/^ +\d+ unchanged$/m);
  });

  it("is gone without a trace after destroy", async () => {
    const { code, errors } = await lab.destroy();
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(changesBetween(before, await machine.snapshot())).toEqual([]);
  });
});

describe("a lab with MTUs of its own", () => {
  it("carries them through, and takes packets of that size and no larger", async () => {
    const lab = await newLab(machine, { ...demo(), spec: { mtu: 1400, network: { type: "kubenet", mtu: 1300 } } });
    expect((await lab.up()).errors).toEqual([]);
    const mtuOf = async (who: string, pattern: RegExp): Promise<number[]> =>
      (await links(lab, who)).filter(({ ifname }) => pattern.test(ifname)).map(({ mtu }) => mtu);
    for (const node of ["node1", "node2"]) {
      expect(await mtuOf(node, /^eth0$/)).toEqual([1400]);
      expect(await mtuOf(node, /^(cbr0|veth)/)).toEqual([1300, 1300, 1300]);
    }
    for (const pod of ["pod1", "pod4"]) expect(await mtuOf(pod, /^eth0$/)).toEqual([1300]);
    expect(await mtuOf("switch", /^(switch|router|node)/)).toEqual([1400, 1400, 1400, 1400]);
    // 28 bytes of headers: IPv4's 20 and ICMP's 8.
    const ping = (who: string, size: number, ip: string) =>
      machine.run(lab.inside(who, "ping", "-M", "do", "-c", "1", "-W", "2", "-s", `${size}`, ip));
    expect((await ping("pod1", 1300 - 28, "10.244.1.2")).code).toBe(0);
    expect((await ping("pod1", 1300 - 27, "10.244.1.2")).stderr).toMatch(/message too long, mtu=1300/);
    expect((await ping("node1", 1400 - 28, "192.168.0.12")).code).toBe(0);
    expect((await ping("node1", 1400 - 27, "192.168.0.12")).stderr).toMatch(/message too long, mtu=1400/);
    expect((await lab.destroy()).errors).toEqual([]);
  });
});

describe("on the machine that the tests run on", () => {
  it("leaves the root namespace alone, and nothing behind", async () => {
    const real = Machine.real();
    const lab = await newLab(real, { nodes: { node1: {} }, pods: { pod1: {} } });
    const named = (snapshot: Snapshot): string[] =>
      Object.values(snapshot)
        .flat()
        .filter((line) => line.includes(lab.name) && !line.includes(lab.folder));
    const before = await real.snapshot();
    try {
      expect((await lab.up()).errors).toEqual([]);
      const during = await real.snapshot();
      expect(changesBetween(rootOnly(before), rootOnly(during))).toEqual([]);
      expect(named(during).length).toBeGreaterThan(10);
      expect(await clientIp(lab, "node1", "10.244.0.2")).toBe("10.244.0.1");
    } finally {
      expect((await lab.destroy()).errors).toEqual([]);
    }
    const after = await real.snapshot();
    expect(changesBetween(rootOnly(before), rootOnly(after))).toEqual([]);
    expect(named(after)).toEqual([]);
  });
});
