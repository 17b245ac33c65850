// What podnet leaves on a kernel when it applies kube-proxy's rules group by group is what kube-proxy left there (test/record).
import { type Command, CommandFailed, type Output, type Runner } from "../../components/host";
import {
  type IptablesRules,
  type NftablesRules,
  type ProxyInput,
  iptablesRules,
  iptablesText,
  nftablesRules,
  nftablesTable,
  nftablesText,
} from "../../components/kubernetes/proxy";
import type { Args, Kind } from "../../components/linux/kind";
import { Reconciler } from "../../components/linux/reconcile";
import { kindOf } from "../../components/linux/registry";
import { fill } from "../../components/linux/schema";
import { differences, at } from "../../components/linux/properties";
import { cases } from "../record/kube-proxy/cases";
import { type Mode, ordered, readDump } from "../record/kube-proxy/dump";
import { type ProxyCase, host, node, serviceCIDR } from "../record/kube-proxy/objects";
import { randomCases } from "../record/kube-proxy/random";
import { Machine } from "./support/machine";

jest.setTimeout(600_000);

const netns = "node1";

let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start();
});

afterAll(async () => {
  await machine?.stop();
});

/** The machine as kinds see a host. */
const runner: Runner = {
  name: "local",
  ask: async (commands) => {
    const outputs: Output[] = [];
    for (const command of commands) outputs.push(await execute(command));
    return outputs;
  },
  run: async (commands) => {
    const outputs: Output[] = [];
    for (const command of commands) {
      const output = await execute(command);
      if (output.code !== 0 && !command.mayFail) throw new CommandFailed("local", command, output.code, output.stderr);
      outputs.push(output);
    }
    return outputs;
  },
};

const execute = ({ argv, stdin = "" }: Command): Promise<Output> => machine.run(argv, { input: stdin });

const inNode = async (argv: readonly string[], stdin = ""): Promise<string> =>
  (await runner.run([{ argv: ["ip", "netns", "exec", netns, ...argv], stdin }]))[0]?.stdout ?? "";

const input = ({ services, endpointSlices, options }: ProxyCase): ProxyInput => ({
  ...{ services, endpointSlices, options },
  ...{ node, serviceCIDR, host },
});

const list = async (mode: Mode): Promise<string> =>
  inNode(mode === "iptables" ? ["iptables-save"] : ["nft", "-s", "list", "table", "ip", "kube-proxy"]);

interface Resource {
  readonly kind: Kind;
  readonly args: Args;
}

/** Of one case, by name. */
function resourcesOf(mode: Mode, each: ProxyCase): Map<string, Resource> {
  const resource = (name: string, more: object): [string, Resource] => {
    const kind = kindOf(`podnet:linux:${mode === "iptables" ? "Iptables" : "Nftables"}Rules`);
    return [name, { kind, args: fill(kind.args, { host: "local", netns, name, ...more }) as unknown as Args }];
  };
  const iptables = (rules: IptablesRules): object => ({ tables: rules });
  const nftables = (rules: NftablesRules): object => ({ table: nftablesTable.name, ...rules });
  if (mode === "iptables") {
    const { node, ports } = iptablesRules(input(each));
    return new Map([
      resource("kubernetes", iptables(node)),
      ...ports.map(({ key, rules }) => resource(key, iptables(rules))),
    ]);
  }
  const { node, ports } = nftablesRules(input(each));
  const { comment } = nftablesTable;
  return new Map([
    resource("kubernetes", { comment, ...nftables(node) }),
    ...ports.map(({ key, rules }) => resource(key, nftables(rules))),
  ]);
}

/** What Pulumi does from one program to the next. */
class Node {
  readonly reconciler = new Reconciler("proxy-rules", "proxy-rules", () => runner);
  private readonly state = new Map<string, Resource>();

  async become(wanted: ReadonlyMap<string, Resource>): Promise<void> {
    for (const [name, { kind, args }] of wanted) {
      const old = await this.keep(name, args);
      const made = old ? await this.reconciler.update(kind, args, old) : await this.reconciler.create(kind, args);
      expect(made.warnings).toEqual([]);
      this.state.set(name, { kind, args: made.state });
    }
    for (const name of [...this.state.keys()].filter((name) => !wanted.has(name)).reverse()) await this.remove(name);
  }

  /** A second run would find nothing to do. */
  async expectSettled(): Promise<void> {
    for (const { kind, args } of this.state.values()) expect(await this.reconciler.read(kind, args)).toEqual(args);
  }

  /** What cannot be changed is removed first. */
  private async keep(name: string, wanted: Args): Promise<Args | undefined> {
    const { kind, args } = this.state.get(name) ?? {};
    if (!kind || !args) return undefined;
    if (kind.identity.every((path) => differences(at(args, path), at(wanted, path)).length === 0)) return args;
    await this.remove(name);
    return undefined;
  }

  private async remove(name: string): Promise<void> {
    const { kind, args } = this.state.get(name) ?? {};
    if (kind && args) expect(await this.reconciler.delete(kind, args)).toEqual([]);
    this.state.delete(name);
  }
}

/** With the counters that a node's rules need. */
async function makeNode(reconciler: Reconciler): Promise<void> {
  const kind = kindOf("podnet:linux:NetworkNamespace");
  await reconciler.create(kind, fill(kind.args, { host: "local", name: netns }) as unknown as Args);
  for (const counter of iptablesRules(input(cases[0] as ProxyCase)).nfacct) await inNode(["nfacct", "add", counter]);
}

/** Three at a time are as good as a thousand. */
const small = cases.filter(({ name }) => !name.startsWith("endpoints-"));

test.each(["iptables", "nftables"] as const)("%s: a node goes from case to case", async (mode) => {
  const lab = new Node();
  await makeNode(lab.reconciler);
  for (const each of small) {
    await lab.become(resourcesOf(mode, each));
    const found = ordered(mode, await list(mode));
    expect(`${each.name}\n${found}`).toBe(`${each.name}\n${readDump(each.name, mode).text}`);
    await lab.expectSettled();
  }
  await lab.become(new Map());
  const left = (await inNode(["iptables-save"])) + (await inNode(["nft", "-s", "list", "tables"]));
  expect(left.split("\n").filter((line) => /KUBE|^-A|kube-proxy/.test(line))).toEqual([]);
  await machine.sh(`ip netns del ${netns}`);
});

test.each(["iptables", "nftables"] as const)("%s: a node takes all rules in one go", async (mode) => {
  for (const each of [...cases, ...randomCases()]) {
    await makeNode(new Reconciler("proxy-rules", "proxy-rules", () => runner));
    const { node, ports } = mode === "iptables" ? iptablesRules(input(each)) : nftablesRules(input(each));
    const groups = [node, ...ports.map(({ rules }) => rules)];
    if (mode === "iptables") await inNode(["iptables-restore", "--noflush"], iptablesText(groups as IptablesRules[]));
    else await inNode(["nft", "-f", "-"], nftablesText(groups as NftablesRules[]));
    const found = ordered(mode, await list(mode));
    expect(`${each.name}\n${found}`).toBe(`${each.name}\n${readDump(each.name, mode).text}`);
    await machine.sh(`ip netns del ${netns}`);
  }
});
