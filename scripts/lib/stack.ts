// What the state knows of a lab, asked of Pulumi once.
import type { HostSettings } from "../../components/host";
import { projectOwner } from "../../components/linux/owned";
import { nearest } from "../../components/kubernetes/manifests";
import { knownPath } from "./lab";
import { exportStack, pulumi, pulumiOutput } from "./pulumi";

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
  /** @default ClusterIP */
  readonly type?: string;
  readonly clusterIP: string;
  readonly ports: readonly {
    readonly name?: string;
    readonly protocol: string;
    readonly port: number;
    readonly targetPort: number | string;
    readonly nodePort?: number;
    readonly endpoints?: readonly EndpointOutput[];
  }[];
  readonly externalName?: string;
  readonly externalIPs?: readonly string[];
  readonly loadBalancerIPs?: readonly string[];
  readonly loadBalancerSourceRanges?: readonly string[];
  readonly healthCheckNodePort?: number;
  readonly sessionAffinity?: "ClientIP";
  readonly internalTrafficPolicy?: "Local";
  readonly externalTrafficPolicy?: "Local";
}

export interface EndpointOutput {
  readonly ip: string;
  readonly port: number;
  /** The node that it is local to. */
  readonly node?: string;
  /** Where it is not simply ready. */
  readonly conditions?: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
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
  /** Whose the lab is; this project's as long as its state says nothing. */
  readonly owner: string;
  /** What was declared, Pulumi's own resources too. */
  readonly resources: readonly Resource[];
}

/** Whether a resource is an object on a host: the others are Pulumi's own, and groups. */
export const isOnHost = ({ type }: Resource): boolean => type.startsWith("podnet:linux:");

/** Undefined when there is no such stack. */
export async function readStack(name: string): Promise<Stack | undefined> {
  const text = await exportStack(name);
  if (text === undefined) return undefined;
  const { deployment } = JSON.parse(text) as { deployment?: { resources?: Resource[] } };
  const resources = deployment?.resources ?? [];
  const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs;
  const providers = resources.filter(({ type }) => type === "pulumi:providers:podnet");
  return {
    outputs: outputs?.lab === undefined ? undefined : (outputs as unknown as Outputs),
    hosts: Object.assign({}, ...providers.map(hostsOf)) as HostsByName,
    owner: providers.map(({ inputs }) => inputs?.owner).find((owner) => typeof owner === "string") ?? projectOwner(),
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
  if (!stack) throw new Error(await noLab(name));
  const { outputs } = stack;
  if (outputs) return { ...stack, outputs };
  throw new Error(`lab "${name}" is not up, or not wholly: bring it up (npm run up), or remove it (npm run destroy)`);
}

/** What a person is told who named a lab that is not there. */
export async function noLab(name: string): Promise<string> {
  const files = knownPath(name) ? stackOption(name) : " -- --lab FOLDER";
  const names = await stackNames();
  const meant = nearest(name, names);
  const there =
    names.length === 0 ? "" : ` there is ${names.map((other) => `"${other}"`).join(", ")} (--stack NAME). Or`;
  const hint = meant === undefined ? there : ` did you mean "${meant}"? Or`;
  return `there is no lab "${name}";${hint} bring it up: npm run up${files}`;
}

/** A lab that is there and has almost that name. */
export const similarLab = async (name: string): Promise<string | undefined> => nearest(name, await stackNames());

async function stackNames(): Promise<string[]> {
  const { code, stdout } = await pulumi(["stack", "ls", "--json"], { stdio: "capture" });
  const stacks = code === 0 ? (JSON.parse(stdout) as { name: string }[]) : [];
  return stacks.map((stack) => stack.name);
}

/** What a person adds to a command so that it means this lab; demo is what they mean without it. */
export const stackOption = (name: string): string => (name === "demo" ? "" : ` -- --stack ${name}`);

/** How many resources the last operation left as they were, made, changed, ... */
export async function lastChanges(name: string): Promise<Readonly<Record<string, number>>> {
  const text = await pulumiOutput(["stack", "history", "--json", "--page-size", "1", "--stack", name]);
  const [last] = JSON.parse(text) as { resourceChanges?: Record<string, number> }[];
  return last?.resourceChanges ?? {};
}
