/** A lab of the test's own: YAML in a temporary folder, a state of its own beside it, and stock `pulumi` to work on it. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stringify } from "yaml";
import { projectRoot, pulumiEnvironment } from "../../../scripts/lib/environment";
import { type Machine, type Result } from "./machine";
import { type Operation, type Preview, operationOf, previewOf } from "./operation";

export interface Container {
  name: string;
  command?: string[];
  args?: string[];
  ports?: { containerPort: number; protocol?: string; hostPort?: number; hostIP?: string }[];
}

/** What a test says of a lab; all else has defaults. */
export interface LabObjects {
  spec?: Record<string, unknown>;
  /** By name; the Node's spec and status. */
  nodes: Record<string, { podCIDR?: string; internalIP?: string }>;
  /** By name, in the namespace "default" unless the name says otherwise, as "other/pod1". */
  pods: Record<string, { node?: string; containers?: Container[]; hostNetwork?: boolean }>;
  /** Services, Deployments and their like, as they are written. */
  objects?: readonly object[];
}

export interface Outputs {
  lab: string;
  nodes: Record<string, { host: string; netns: string; internalIP: string; podCIDR: string }>;
  pods: Record<string, { node: string; host: string; netns: string; ip: string }>;
  clients: Record<string, { host: string; netns: string; ip: string }>;
  services: Record<
    string,
    { clusterIP: string; ports: { port: number; nodePort?: number }[]; loadBalancerIPs?: string[] }
  >;
}

/** A container without a command: podnet's stand-in server. */
export const web = (port = 8080, protocol = "TCP"): Container => ({
  name: "web",
  ports: [{ containerPort: port, protocol }],
});

/** Two nodes, two pods on each: labs/demo without its Services. */
export const demo = (): LabObjects => ({
  nodes: { node1: {}, node2: {} },
  pods: {
    pod1: {
      node: "node1",
      containers: [
        web(),
        { name: "sidecar", ports: [{ containerPort: 8081 }, { containerPort: 8081, protocol: "UDP" }] },
      ],
    },
    pod2: { node: "node1" },
    pod3: { node: "node2" },
    pod4: { node: "node2" },
  },
});

export class Lab {
  readonly name: string;
  /** Everything that the lab has outside of the machine's /run. */
  readonly folder = mkdtempSync(join(tmpdir(), "podnet-test-"));

  private constructor(
    readonly machine: Machine,
    name: string | undefined,
  ) {
    this.name = name ?? `t-${randomBytes(4).toString("hex")}`;
  }

  static async create(machine: Machine, objects: LabObjects, name?: string): Promise<Lab> {
    const lab = new Lab(machine, name);
    for (const folder of ["lab", "state", "tmp"]) mkdirSync(join(lab.folder, folder));
    lab.write(objects);
    await lab.makeStack();
    return lab;
  }

  /** Makes the lab's files say something else. */
  write({ spec, nodes, pods, objects: more = [] }: LabObjects): void {
    const objects = [
      { apiVersion: "podnet.dev/v1", kind: "Lab", metadata: { name: this.name }, ...(spec && { spec }) },
      ...Object.entries(nodes).map(([name, { podCIDR, internalIP }]) => ({
        apiVersion: "v1",
        kind: "Node",
        metadata: { name },
        ...(podCIDR && { spec: { podCIDR } }),
        ...(internalIP && { status: { addresses: [{ type: "InternalIP", address: internalIP }] } }),
      })),
      ...Object.entries(pods).map(([key, { node, containers = [web()], hostNetwork }]) => {
        const [name, namespace] = key.split("/").reverse();
        return {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name, ...(namespace && { namespace }) },
          spec: { ...(node && { nodeName: node }), ...(hostNetwork && { hostNetwork }), containers },
        };
      }),
      ...more,
    ];
    writeFileSync(join(this.folder, "lab", "lab.yaml"), objects.map((object) => stringify(object)).join("---\n"));
  }

  up = (...flags: string[]): Promise<Operation> => this.operate(["up", "--yes", "--skip-preview", ...flags]);
  refresh = (...flags: string[]): Promise<Operation> => this.operate(["refresh", "--yes", "--skip-preview", ...flags]);
  destroy = (...flags: string[]): Promise<Operation> => this.operate(["destroy", "--yes", "--skip-preview", ...flags]);

  /** Must succeed. */
  async preview(...flags: string[]): Promise<Preview> {
    const result = await this.pulumi(["preview", "--json", ...flags]);
    if (result.code !== 0)
      throw new Error(`pulumi preview ended with ${result.code}:\n${result.stdout}${result.stderr}`);
    return previewOf(result.stdout);
  }

  async outputs(): Promise<Outputs> {
    const { code, stdout, stderr } = await this.pulumi(["stack", "output", "--json"]);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Outputs;
  }

  /** Every resource of the state, by its name. */
  async state(): Promise<
    Record<string, { type: string; urn: string; inputs: Record<string, unknown>; outputs: Record<string, unknown> }>
  > {
    const { stdout } = await this.pulumi(["stack", "export"]);
    const { resources = [] } = (
      JSON.parse(stdout) as {
        deployment: { resources?: { urn: string; type: string; inputs: object; outputs: object }[] };
      }
    ).deployment;
    return Object.fromEntries(resources.map((r) => [r.urn.split("::").at(-1), r])) as never;
  }

  /** Runs `pulumi` on the project, to its end. */
  pulumi(argv: readonly string[], limit = 180): Promise<Result> {
    return this.machine.run(this.words(argv), { env: this.env, cwd: projectRoot, limit });
  }

  /** A node, pod, or one of switch, router and client by its short name: its network namespace. */
  netns(who: string): string {
    if (/^(node|switch$|router$|client$)/.test(who)) return `${this.name}.${who}`;
    return `${this.name}.${who.includes("/") ? who.replace("/", ".") : `default.${who}`}`;
  }

  inside = (who: string, ...argv: string[]): string[] => ["ip", "netns", "exec", this.netns(who), ...argv];

  /** Runs a command in a namespace of the lab; it must succeed. */
  exec(who: string, ...argv: string[]): Promise<string> {
    return this.machine.exec(this.inside(who, ...argv));
  }

  /** As `exec`, for commands that print JSON. */
  async json<T>(who: string, ...argv: string[]): Promise<T> {
    return JSON.parse((await this.exec(who, ...argv)) || "[]") as T;
  }

  /** Process id by `pod`, or by `pod/container`, in the default namespace. */
  async pid(which: string): Promise<number> {
    const [pod = "", container] = which.split("/");
    const mark = `PODNET_PROCESS=${this.netns(pod)},default/${pod}${container ? `/${container}` : ""}`;
    const find = `grep -lzxF -e "$1" $(grep -lzxF -e "PODNET_LAB=$2" /proc/[0-9]*/environ 2>/dev/null) 2>/dev/null | cut -d/ -f3`;
    const found = (await this.machine.exec(["sh", "-c", find, "sh", mark, this.name]))
      .trim()
      .split("\n")
      .filter(Boolean);
    if (found.length !== 1) throw new Error(`${which} has ${found.length} processes: ${found.join(" ")}`);
    return Number(found[0]);
  }

  /** The lab's own folder on its host. */
  get run(): string {
    return `/run/podnet/${this.name}`;
  }

  /** Removes what the lab has on disk; what it has on its machine goes with that. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async operate(argv: readonly string[]): Promise<Operation> {
    return operationOf(await this.pulumi([...argv, "--json"]));
  }

  private words(argv: readonly string[]): string[] {
    const [command = "", ...rest] = argv;
    const configured = ["up", "preview", "refresh", "destroy"].includes(command);
    const config = configured ? ["--config-file", join(this.folder, "config.yaml")] : [];
    return ["pulumi", command, ...rest, "--stack", this.name, ...config, "--non-interactive", "--color", "never"];
  }

  private get env(): Record<string, string | undefined> {
    const env = { ...process.env, PULUMI_BACKEND_URL: pathToFileURL(join(this.folder, "state")).href };
    return {
      ...env,
      ...pulumiEnvironment(projectRoot, env),
      PULUMI_CONFIG_PASSPHRASE: "",
      TMPDIR: join(this.folder, "tmp"),
    };
  }

  /** `pulumi stack init` writes its file into the project; the lab's belongs beside its state. */
  private async makeStack(): Promise<void> {
    const file = join(projectRoot, `Pulumi.${this.name}.yaml`);
    try {
      const { code, stderr } = await this.pulumi(["stack", "init", "--no-select", "--secrets-provider", "passphrase"]);
      if (code !== 0) throw new Error(`pulumi stack init: ${stderr}`);
      const config = { ["podnet:lab"]: join(this.folder, "lab") };
      writeFileSync(join(this.folder, "config.yaml"), `${readFileSync(file, "utf8")}${stringify({ config })}`);
    } finally {
      rmSync(file, { force: true });
    }
  }
}
