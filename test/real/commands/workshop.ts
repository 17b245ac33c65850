/** Runs podnet's commands on a machine of the test's own, with a lab and a state of its own. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../../../scripts/lib/environment";
import { type ExecOptions, Machine, type Result, type Running } from "../support/machine";

/** A lab with a pod of two containers, and with one whose containers share their node's network. */
const yaml = (name: string): string => `
apiVersion: podnet.dev/v1
kind: Lab
metadata: { name: ${name} }
---
apiVersion: v1
kind: Node
metadata: { name: node1 }
---
apiVersion: v1
kind: Node
metadata: { name: node2 }
---
apiVersion: v1
kind: Pod
metadata: { name: pod1 }
spec:
  nodeName: node1
  containers:
    - { name: web, ports: [{ containerPort: 8080 }] }
    - { name: sidecar, ports: [{ containerPort: 8081, protocol: UDP }] }
---
apiVersion: v1
kind: Pod
metadata: { name: pod2 }
spec: { nodeName: node2, containers: [{ name: web, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: pod2, namespace: other }
spec: { nodeName: node2, containers: [{ name: web, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: agent }
spec: { nodeName: node1, hostNetwork: true, containers: [{ name: agent, command: [sleep, infinity] }] }
`;

export class Workshop {
  readonly name = `t-${randomBytes(3).toString("hex")}`;
  private readonly folder = mkdtempSync(join(tmpdir(), "podnet-commands-"));
  readonly lab = join(this.folder, "lab");
  /** Where commands put what they need while they run. */
  readonly temporary = join(this.folder, "tmp");

  private constructor(readonly machine: Machine) {
    for (const name of ["lab", "state", "tmp"]) mkdirSync(join(this.folder, name));
    this.writeGood();
  }

  static async open(): Promise<Workshop> {
    return new Workshop(await Machine.start());
  }

  /** Leaves nothing, also after a failure: what runs on the machine ends with it. */
  async close(): Promise<void> {
    await this.machine.stop();
    rmSync(this.folder, { recursive: true, force: true });
    this.removeConfig();
  }

  write(text: string): void {
    mkdirSync(this.lab, { recursive: true });
    writeFileSync(join(this.lab, "lab.yaml"), text);
  }

  /** The lab as it should be. */
  readonly text = yaml(this.name);
  writeGood = (): void => this.write(this.text);

  /** As if the lab's files had never been. */
  removeFiles(): void {
    rmSync(this.lab, { recursive: true, force: true });
    this.removeConfig();
  }

  /** Where Pulumi's file backend keeps a file. @param path below .pulumi */
  stateFile = (path = ""): string => join(this.folder, "state", ".pulumi", path);

  /** Files of the lab's stack, by their path below .pulumi. */
  stateFiles(): string[] {
    return readdirSync(this.stateFile(), { recursive: true, encoding: "utf8" }).filter((path) =>
      path.includes(this.name),
    );
  }

  /** Puts a file system of so many kilobytes in the place of the state's folder, for the machine to see; the state is in it. */
  async limitState(kilobytes: number): Promise<void> {
    const state = join(this.folder, "state");
    await this.machine.exec(["mount", "-n", "-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", state]);
  }

  /** As if there were no state. */
  removeState(): void {
    rmSync(join(this.folder, "state"), { recursive: true });
    mkdirSync(join(this.folder, "state"));
    this.removeConfig();
  }

  /** Runs a command of podnet's to its end. */
  podnet(command: string, args: readonly string[] = [], input?: string): Promise<Result> {
    return this.machine.run(this.words(command, args), { ...this.options, input });
  }

  /** The same, and it must succeed. */
  async succeed(command: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.podnet(command, args);
    if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** The same, with its output into a pipe from which a line of shell reads. @returns what that says, and the command's exit code */
  into(reader: string, command: string, ...args: readonly string[]): Promise<Result> {
    const words = ["bash", "-o", "pipefail", "-c", `"$@" | { ${reader}; }`, "bash", ...this.words(command, args)];
    return this.machine.run(words, this.options);
  }

  /** Runs npm itself. */
  npm(...args: readonly string[]): Promise<Result> {
    return this.machine.run(["npm", ...args], this.options);
  }

  /** Runs a line of shell in a terminal (script(1)). @returns what the terminal shows */
  async terminal(line: string): Promise<string> {
    return (await this.machine.run(["script", "-qec", line, "/dev/null"], this.options)).stdout;
  }

  start(command: string, ...args: readonly string[]): Promise<Running> {
    return this.machine.start(this.words(command, args), this.options);
  }

  up = (): Promise<string> => this.succeed("up", "--lab", this.lab);
  inLab = ["--stack", this.name] as const;

  /** Starts `up` and waits until the lab has so many namespaces. */
  async upUntil(namespaces: number): Promise<Running> {
    const running = await this.start("up", "--lab", this.lab);
    let ended = false;
    void running.ended.then(() => (ended = true));
    const look = `ls /run/netns 2>/dev/null | grep -c '^${this.name}\\.'`;
    while (Number((await this.machine.run(["sh", "-c", look])).stdout) < namespaces) {
      if (ended) throw new Error(`up ended too early:\n${running.output()}`);
      await sleep(20);
    }
    return running;
  }

  /** `kill -9` of a program with all that it started and that did not leave it: Pulumi, the program, the plugin, its shells. */
  async kill({ pid, ended }: Running): Promise<void> {
    // What ends by itself meanwhile is no failure.
    const below = 'below() { for k in $(ps -o pid= --ppid "$1"); do echo "$k"; below "$k"; done; }';
    await this.machine.sh(`${below}; kill -9 ${pid} $(below ${pid}) 2>/dev/null || :`);
    await ended;
  }

  /** What a reboot does to all that the lab has in the kernel and in /run. */
  async reboot(): Promise<void> {
    await this.machine.sh(String.raw`
      for p in $(grep -lzxF "PODNET_LAB=${this.name}" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3); do kill -9 $p; done
      ip -all netns del
      umount -n /run/netns; rm -rf /run/netns /run/podnet`);
  }

  private readonly words = (command: string, args: readonly string[]): string[] => [
    process.execPath,
    join(projectRoot, "scripts", "podnet.mjs"),
    command,
    ...args,
  ];

  private get options(): ExecOptions {
    const env = {
      ...process.env,
      PULUMI_BACKEND_URL: pathToFileURL(join(this.folder, "state")).href,
      PULUMI_CONFIG_PASSPHRASE: "",
      INIT_CWD: this.folder,
      TMPDIR: this.temporary,
    };
    return { env, cwd: projectRoot, limit: 120 };
  }

  private removeConfig(): void {
    rmSync(join(projectRoot, `Pulumi.${this.name}.yaml`), { force: true });
  }
}
