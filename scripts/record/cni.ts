/**
 * Records what the CNI plugins `bridge`, `host-local` and `loopback` leave behind on a kubenet node,
 * as golden files in test/record/cni. Needs Go, root and iproute2.
 *
 * The plugins take the namespace they run in for the host. So they run inside a namespace that plays the node,
 * and the machine's own namespace is left alone.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Exec,
  type Observation,
  type Reservations,
  observeNamespace,
  observeReservations,
} from "../../test/record/observe";

const VERSION = "v1.6.0";
const PLUGINS = ["main/bridge", "main/loopback", "ipam/host-local"];
const GOLDENS = join(__dirname, "../../test/record/cni");

// Imported so, because zx's types are an ES module's and this file is not one.
const zx = import("zx");
let $: Awaited<typeof zx>["$"];
let echo: Awaited<typeof zx>["echo"];

const exec: Exec = async (argv) => (await $`${argv}`).stdout;

/** What kubenet (Kubernetes before 1.24) hands to the bridge plugin: its NET_CONFIG_TEMPLATE. Only dataDir is ours. */
const kubenet = (podCIDR: string, { mtu = 1500, hairpinMode = true, dataDir = "<dataDir>" } = {}) => ({
  cniVersion: "0.1.0",
  name: "kubenet",
  type: "bridge",
  bridge: "cbr0",
  mtu,
  addIf: "eth0",
  isGateway: true,
  ipMasq: false,
  hairpinMode, // whether kubelet runs with --hairpin-mode=hairpin-veth
  ipam: { type: "host-local", ranges: [[{ subnet: podCIDR }]], routes: [{ dst: "0.0.0.0/0" }], dataDir },
});
const loopback = { cniVersion: "0.1.0", name: "kubenet-loopback", type: "loopback" };

interface Step {
  step: string;
  result?: unknown;
  error?: unknown;
  node?: Observation;
  pod?: Observation;
  reservations?: Reservations;
}

let stopped: string | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    stopped = signal;
    echo("stopping after this step");
  });

/** A node, its pods and kubelet's part in their life, until `close`. */
class Node {
  readonly steps: Step[] = [];
  private readonly run = `cnirec-${randomBytes(4).toString("hex")}`;
  private readonly made: string[] = [];
  private readonly pods = new Map<string, { netns: string; id: string }>();

  constructor(
    private readonly bin: string,
    private readonly dataDir: string,
    private readonly podCIDR: string,
    private readonly options: { mtu?: number; hairpinMode?: boolean } = {},
  ) {}

  /** A node as it is before its first pod: lo, and eth0 on the node network. */
  async open(): Promise<void> {
    const [node, wire] = [await this.netns("node"), await this.netns("wire")];
    const mtu = this.options.mtu ?? 1500; // kubenet takes its own from here
    await $`ip -n ${node} link set lo up`;
    await $`ip -n ${node} link add eth0 mtu ${mtu} type veth peer name node mtu ${mtu} netns ${wire}`;
    await $`ip -n ${wire} link set node up`;
    await $`ip -n ${node} address add 192.168.0.11/24 brd + dev eth0`;
    await $`ip -n ${node} link set eth0 up`;
    await $`ip -n ${node} route add default via 192.168.0.1`;
  }

  async close(): Promise<void> {
    for (const netns of this.made.reverse()) await $({ nothrow: true })`ip netns del ${netns}`;
  }

  /** kubenet's SetUpPod: no duplicate address detection, then lo, then eth0. */
  async add(pod: string): Promise<Step> {
    const netns = await this.netns(pod);
    const id = createHash("sha256").update(pod).digest("hex"); // as long as a runtime's
    this.pods.set(pod, { netns, id });
    await $`ip netns exec ${netns} sysctl -q -w net.ipv6.conf.default.dad_transmits=0`;
    await this.plugin("ADD", loopback, "lo", pod);
    return this.did(`ADD ${pod}`, await this.plugin("ADD", this.network(), "eth0", pod));
  }

  /** kubenet's TearDownPod: lo, then eth0. The runtime removes the namespace later. */
  async del(pod: string, note = ""): Promise<Step> {
    await this.plugin("DEL", loopback, "lo", pod);
    return this.did(`DEL ${pod}${note}`, await this.plugin("DEL", this.network(), "eth0", pod));
  }

  /** What kubenet does itself after ADD when kubelet runs with --hairpin-mode=promiscuous-bridge. */
  async promiscuous(): Promise<Step> {
    await $`ip -n ${this.name("node")} link set cbr0 promisc on`;
    return this.did("promiscuous cbr0", {});
  }

  did(step: string, outcome: Partial<Step>): Step {
    if (stopped !== undefined) throw new Error(`stopped by ${stopped}`);
    echo(`  ${step}`);
    this.steps.push({ step, ...outcome });
    return this.steps.at(-1) as Step;
  }

  async observeNode(step: Step): Promise<void> {
    const peers = Object.fromEntries([...this.pods].map(([pod, { netns }]) => [pod, netns]));
    step.node = await observeNamespace(this.name("node"), { exec, peers, scratch: `${this.run}-fresh` });
  }

  async observePod(step: Step, pod: string): Promise<void> {
    step.pod = await observeNamespace(this.name(pod), { exec, scratch: `${this.run}-fresh` });
  }

  async observeReservations(step: Step): Promise<void> {
    const ids = Object.fromEntries([...this.pods].map(([pod, { id }]) => [pod, id]));
    step.reservations = await observeReservations(join(this.dataDir, "kubenet"), ids, exec);
  }

  async observe(step: Step, pod: string): Promise<void> {
    await this.observeNode(step);
    await this.observePod(step, pod);
    await this.observeReservations(step);
  }

  private readonly network = () => kubenet(this.podCIDR, { ...this.options, dataDir: this.dataDir });
  private readonly name = (what: string) => `${this.run}-${what}`;

  private async netns(what: string): Promise<string> {
    const name = this.name(what);
    this.made.push(name);
    await $`ip netns add ${name}`;
    return name;
  }

  /** Runs a plugin as a runtime does: on the node, with the pod's namespace, everything in the environment and on stdin. */
  private async plugin(command: string, config: { type: string }, ifname: string, pod: string): Promise<Partial<Step>> {
    const { netns, id } = this.pods.get(pod) ?? {};
    const env = {
      ...$.env,
      CNI_COMMAND: command,
      CNI_CONTAINERID: id,
      CNI_NETNS: `/var/run/netns/${netns}`,
      CNI_IFNAME: ifname,
      CNI_PATH: this.bin,
    };
    const input = JSON.stringify(config);
    const program = join(this.bin, config.type);
    const done = await $({ env, input, nothrow: true })`umask 022; ip netns exec ${this.name("node")} ${program}`;
    const said: unknown = done.stdout.trim() === "" ? null : JSON.parse(done.stdout);
    if (done.exitCode !== 0 && ifname === "lo")
      throw new Error(`loopback ${command} ${pod}: ${done.stdout}${done.stderr}`);
    return done.exitCode === 0 ? { result: said } : { error: said ?? done.stderr };
  }
}

const scenarios: Record<
  string,
  { about: string; podCIDR: string; mtu?: number; hairpinMode?: boolean; play: (node: Node) => Promise<void> }
> = {
  kubenet: {
    about: "A kubenet node with --hairpin-mode=hairpin-veth: three pods, the second goes, a fourth comes.",
    podCIDR: "10.244.0.0/24",
    async play(node) {
      await node.observeNode(node.did("a node without pods", {}));
      for (const pod of ["pod1", "pod2", "pod3"]) await node.observe(await node.add(pod), pod);
      await node.observe(await node.del("pod2"), "pod2");
      await node.observe(await node.del("pod2", ", again"), "pod2");
      await node.observe(await node.add("pod4"), "pod4");
    },
  },
  "kubenet-mtu-1400": {
    about: "The same node on a node network with an MTU of 1400.",
    podCIDR: "10.244.0.0/24",
    mtu: 1400,
    async play(node) {
      for (const pod of ["pod1", "pod2"]) await node.observe(await node.add(pod), pod);
    },
  },
  "kubenet-promiscuous-bridge": {
    about:
      "The same node with --hairpin-mode=promiscuous-bridge: no hairpin on the ports, and kubenet itself makes cbr0 promiscuous.",
    podCIDR: "10.244.0.0/24",
    hairpinMode: false,
    async play(node) {
      await node.observe(await node.add("pod1"), "pod1");
      await node.observeNode(await node.promiscuous());
    },
  },
  "small-subnet": {
    about: "A pod range of five addresses: full, refused, one freed, and round again.",
    podCIDR: "10.244.0.0/29",
    async play(node) {
      for (const pod of ["pod1", "pod2", "pod3", "pod4", "pod5"]) await node.observeReservations(await node.add(pod));
      await node.observe(await node.add("pod6"), "pod6"); // refused, and not tidied up
      await node.observe(await node.del("pod6"), "pod6"); // kubenet tears down what it could not set up
      await node.observeReservations(await node.del("pod2"));
      await node.observeReservations(await node.del("pod4"));
      for (const pod of ["pod7", "pod8"]) await node.observeReservations(await node.add(pod)); // from the beginning: the first free, the next free
      await node.observeReservations(await node.add("pod9")); // full again
    },
  },
};

async function main(): Promise<void> {
  ({ $, echo } = await zx);
  $.quiet = true;
  $.env = { ...process.env, LC_ALL: "C" };
  const temp = await mkdtemp(join(tmpdir(), "cnirec-"));
  try {
    const bin = join(temp, "bin");
    for (const plugin of PLUGINS) {
      echo(`building ${plugin} ${VERSION}`);
      await $({
        env: { ...$.env, GOBIN: bin },
      })`go install ${`github.com/containernetworking/plugins/plugins/${plugin}@${VERSION}`}`;
    }
    const recordedWith = {
      plugins: VERSION,
      kernel: release().split(".").slice(0, 2).join("."),
      iproute2: /iproute2-([\d.]+)/.exec((await $`ip -V`).stdout)?.[1] ?? "unknown",
    };
    const goldens = new Map<string, string>();
    for (const [name, { about, podCIDR, mtu, hairpinMode, play }] of Object.entries(scenarios)) {
      echo(name);
      const options = { ...(mtu !== undefined && { mtu }), ...(hairpinMode !== undefined && { hairpinMode }) };
      const node = new Node(bin, join(temp, name), podCIDR, options);
      try {
        await node.open();
        await play(node);
      } finally {
        await node.close();
      }
      const golden = { about, recordedWith, network: kubenet(podCIDR, options), loopback, steps: node.steps };
      goldens.set(`${name}.json`, `${JSON.stringify(golden, null, 2)}\n`);
    }
    // All or nothing: a run that fails leaves the record as it was.
    await mkdir(GOLDENS, { recursive: true });
    for (const [file, text] of goldens) await writeFile(join(GOLDENS, file), text);
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
