// docs/library.md: programs of a user's own, on both layers.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot, pulumiEnvironment } from "../../scripts/lib/environment";
import { Machine, type Result, type Snapshot } from "./support/machine";
import { type Operation, operationOf } from "./support/operation";

jest.setTimeout(180_000);

let machine: Machine;
let before: Snapshot;
const folder = mkdtempSync(join(tmpdir(), "podnet-library-"));

beforeAll(async () => {
  mkdirSync(join(folder, "state"));
  machine = await Machine.start();
  before = await machine.snapshot();
});

afterAll(async () => {
  await machine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A stack of a program, with the state beside the test and nothing written into the program's folder but `.podnet`. */
class Program {
  private constructor(
    private readonly path: string,
    private readonly stack: string,
  ) {}

  static async create(path: string, stack: string): Promise<Program> {
    const program = new Program(path, stack);
    const file = join(path, `Pulumi.${stack}.yaml`);
    try {
      const made = await program.pulumi("stack", "init", "--no-select", "--secrets-provider", "passphrase");
      if (made.code !== 0) throw new Error(made.stderr);
      writeFileSync(program.config, readFileSync(file));
    } finally {
      rmSync(file, { force: true });
    }
    return program;
  }

  up = (): Promise<Operation> => this.operate("up");
  refresh = (): Promise<Operation> => this.operate("refresh");
  destroy = (): Promise<Operation> => this.operate("destroy");

  async outputs<T>(): Promise<T> {
    return JSON.parse((await this.pulumi("stack", "output", "--json")).stdout) as T;
  }

  private async operate(command: string): Promise<Operation> {
    return operationOf(await this.pulumi(command, "--yes", "--skip-preview", "--json", "--config-file", this.config));
  }

  private get config(): string {
    return join(folder, `${this.stack}.yaml`);
  }

  private pulumi(...words: string[]): Promise<Result> {
    const own = { ...process.env, PULUMI_BACKEND_URL: pathToFileURL(join(folder, "state")).href };
    const env = { ...own, ...pulumiEnvironment(projectRoot, own), PULUMI_CONFIG_PASSPHRASE: "" };
    return machine.run(["pulumi", "-C", this.path, ...words, "--stack", this.stack, "--non-interactive"], {
      env,
      limit: 120,
    });
  }
}

const ping = (netns: string, address: string): Promise<string> =>
  machine.exec(["ip", "netns", "exec", netns, "ping", "-c", "2", "-i", "0.1", "-W", "2", address]);

test("what the page shows is what the examples are", () => {
  const page = readFileSync(join(projectRoot, "docs", "library.md"), "utf8");
  const blocks = [...page.matchAll(/<!-- file: (\S+) -->\n\n```\w+\n([^]*?)```\n/g)];
  expect(blocks.map(([, file]) => file)).toContain("examples/library/index.ts");
  expect(blocks.map(([, file]) => file)).toContain("examples/primitives/index.ts");
  for (const [, file = "", text] of blocks)
    expect({ file, text }).toEqual({ file, text: readFileSync(join(projectRoot, file), "utf8") });
});

test("examples/library: a cluster, and a second router beside it", async () => {
  const program = await Program.create(join(projectRoot, "examples", "library"), "mylab");
  expect(await program.up()).toMatchObject({ code: 0, errors: [], warnings: [] });
  const { pods } = await program.outputs<{ pods: Record<string, { ip: string; netns: string }> }>();
  expect(Object.keys(pods)).toEqual(["default/web1", "default/web2", "default/web3"]);
  await ping("mylab.router2", "10.20.0.2");
  expect(
    await machine.exec(["ip", "netns", "exec", "mylab.node1", "curl", "-s", "http://10.96.0.20/hostname"]),
  ).toMatch(/^web[123]$/);
  for (const { netns } of Object.values(pods)) for (const { ip } of Object.values(pods)) await ping(netns, ip);
  expect((await program.up()).changes).toEqual([]);
  expect((await program.refresh()).changes).toEqual([]);
  expect((await program.destroy()).errors).toEqual([]);
  expect(await machine.snapshot()).toEqual(before);
});

test("examples/primitives: kernel objects without a cluster", async () => {
  const program = await Program.create(join(projectRoot, "examples", "primitives"), "cable");
  expect(await program.up()).toMatchObject({ code: 0, errors: [], warnings: [] });
  const { red, blue, cable } = await program.outputs<{ red: string; blue: string; cable: string[] }>();
  await ping(red, "10.0.0.2");
  await ping(blue, "10.0.0.1");
  expect(await machine.exec(["ip", "-n", red, "route", "show", "default"])).toMatch(
    /^default via 10\.0\.0\.2 dev eth0/,
  );
  expect(cable[0]).toMatch(/^ip link add dev eth0 netns cable\.red .* type veth peer name eth0 netns cable\.blue/);
  expect((await program.up()).changes).toEqual([]);
  expect((await program.destroy()).errors).toEqual([]);
  expect(await machine.snapshot()).toEqual(before);
});

describe("a program that is wrong", () => {
  /** A program elsewhere, which uses this clone. */
  async function programOf(text: string): Promise<Program> {
    const path = mkdtempSync(join(folder, "program-"));
    symlinkSync(join(projectRoot, "node_modules"), join(path, "node_modules"));
    const library = JSON.stringify(join(projectRoot, "components"));
    writeFileSync(join(path, "index.ts"), text.replaceAll('"podnet/', `${library.slice(0, -1)}/`));
    const yaml = readFileSync(join(projectRoot, "examples", "library", "Pulumi.yaml"), "utf8");
    writeFileSync(join(path, "Pulumi.yaml"), yaml.replace("../../provider", join(projectRoot, "provider")));
    writeFileSync(join(path, "tsconfig.json"), readFileSync(join(projectRoot, "tsconfig.json")));
    return Program.create(path, `t-${path.slice(-6).toLowerCase()}`);
  }

  test("in its lab: every problem has its path, and no stack", async () => {
    const program = await programOf(`
      import { Cluster } from "podnet/kubernetes";
      new Cluster("lab", {
        metadata: { name: "lab" },
        spec: { nodeCIDR: "192.168.0.1/24" },
        nodes: [{ metadata: { name: "node1" } }],
        pods: [{ metadata: { name: "pod1" }, spec: { nodeName: "node9", containers: [{ name: "c" }] } }],
      });
    `);
    const { code, text } = await program.up();
    expect(code).not.toBe(0);
    expect(text).toContain("pods[0].spec.nodeName: unknown node");
    expect(text).toContain("spec.nodeCIDR: nodeCIDR 192.168.0.1/24 has host bits set");
    expect(text).not.toMatch(/\n\s+at /);
  });

  test("in a property, or in the name of a host: said before anything is made", async () => {
    const program = await programOf(`
      import { Bridge, Provider } from "podnet/linux";
      const provider = new Provider("lab", { lab: "lab", hosts: { here: { type: "local" } } });
      new Bridge("wide", { host: "here", name: "a-name-that-is-too-long", mtu: 1 }, { provider });
    `);
    const { code, text } = await program.up();
    expect(code).not.toBe(0);
    expect(text).toContain("an interface has 1-15 letters");
    expect(text).toContain("mtu");
    expect(text).not.toMatch(/\n\s+at /);
    const elsewhere = await programOf(`
      import { Bridge, Provider } from "podnet/linux";
      const provider = new Provider("lab", { lab: "lab", hosts: { here: { type: "local" } } });
      new Bridge("b", { host: "there", name: "b0" }, { provider });
    `);
    expect((await elsewhere.up()).text).toContain(
      'host "there" is not in the provider\'s configuration, which knows: here',
    );
    expect(await machine.snapshot()).toEqual(before);
  });
});
