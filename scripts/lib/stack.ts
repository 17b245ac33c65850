// What the state knows of a lab, asked of Pulumi once.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { HostSettings } from "../../components/host";
import { projectRoot } from "./environment";
import { pulumi, pulumiOutput } from "./pulumi";

export interface NodeOutput {
  readonly host: string;
  readonly netns: string;
  readonly internalIP: string;
  readonly podCIDR: string;
}

export interface PodOutput {
  readonly node: string;
  readonly host: string;
  readonly netns: string;
  readonly ip: string;
}

export interface ClientOutput {
  readonly host: string;
  readonly netns: string;
  readonly ip: string;
}

export interface ServiceOutput {
  readonly clusterIP: string;
  readonly ports: readonly {
    readonly name?: string;
    readonly protocol: string;
    readonly port: number;
    readonly targetPort: number | string;
    readonly nodePort?: number;
  }[];
  readonly externalIPs?: readonly string[];
  readonly loadBalancerIPs?: readonly string[];
}

/** `pulumi stack output --json`. */
export interface Outputs {
  readonly lab: string;
  readonly nodes: Readonly<Record<string, NodeOutput>>;
  readonly pods: Readonly<Record<string, PodOutput>>;
  readonly clients: Readonly<Record<string, ClientOutput>>;
  readonly services: Readonly<Record<string, ServiceOutput>>;
}

export type HostsByName = Readonly<Record<string, HostSettings>>;

/** A resource of the state. */
export interface Resource {
  readonly type: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

export interface Stack {
  /** None when no `up` of the lab has come to its end yet, or when all of it was destroyed. */
  readonly outputs: Outputs | undefined;
  /** How the lab's hosts are reached: the provider's configuration. */
  readonly hosts: HostsByName;
  /** What was declared, Pulumi's own resources too. */
  readonly resources: readonly Resource[];
}

/** Undefined when there is no such stack. */
export async function readStack(name: string): Promise<Stack | undefined> {
  const args = ["stack", "export", "--show-secrets", "--stack", name];
  const { code, stdout, stderr } = await pulumi(args, { stdio: "capture" });
  if (code !== 0 && /no stack named/.test(stderr)) return undefined;
  if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with exit code ${code}:\n${stderr.trimEnd()}`);
  const { deployment } = JSON.parse(stdout) as { deployment?: { resources?: Resource[] } };
  const resources = deployment?.resources ?? [];
  const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs;
  const providers = resources.filter(({ type }) => type === "pulumi:providers:podnet");
  return {
    outputs: outputs?.lab === undefined ? undefined : (outputs as unknown as Outputs),
    hosts: Object.assign({}, ...providers.map(hostsOf)) as HostsByName,
    resources,
  };
}

/** A secret is JSON in `plaintext`, and this one is JSON itself. */
function hostsOf({ inputs }: Resource): HostsByName {
  const { plaintext } = (inputs?.hosts ?? {}) as { plaintext?: string };
  if (plaintext === undefined) throw new Error("the state holds no hosts in the configuration of its podnet provider");
  return JSON.parse(JSON.parse(plaintext) as string) as HostsByName;
}

/** A lab that has been brought up. */
export async function readRunningLab(name: string): Promise<Stack & { readonly outputs: Outputs }> {
  const stack = await readStack(name);
  if (!stack) throw new Error(`there is no lab "${name}"; bring it up: npm run up${stackOption(name)}`);
  const { outputs } = stack;
  if (outputs) return { ...stack, outputs };
  throw new Error(`lab "${name}" is not up, or not wholly: bring it up (npm run up), or remove it (npm run destroy)`);
}

/** What a person adds to a command so that it means this lab; demo is what they mean without it. */
export const stackOption = (name: string): string => (name === "demo" ? "" : ` -- --stack ${name}`);

/** How many resources the last operation left as they were, made, changed, ... */
export async function lastChanges(name: string): Promise<Readonly<Record<string, number>>> {
  const text = await pulumiOutput(["stack", "history", "--json", "--page-size", "1", "--stack", name]);
  const [last] = JSON.parse(text) as { resourceChanges?: Record<string, number> }[];
  return last?.resourceChanges ?? {};
}

/** Forgets a stack, with its configuration. */
export async function removeStack(name: string): Promise<void> {
  await pulumiOutput(["stack", "rm", "--force", "--yes", "--stack", name]);
}

/** The file that Pulumi keeps beside Pulumi.yaml for a stack; when the state is lost, nobody else removes it. */
export function removeStackConfig(name: string): void {
  rmSync(join(projectRoot, `Pulumi.${name}.yaml`), { force: true });
}
