// Hosts that cannot be reached any more, and labs that are to go all the same.
import type { Command } from "commander";
import type { HostSettings } from "../../components/host";
import { ownedFolder } from "../../components/linux/owned";
import { unreachable } from "./hosts";
import { pulumiOutput } from "./pulumi";
import { type HostsByName, isOnHost, type Resource, type Stack } from "./stack";

export interface AbandonOptions {
  readonly abandonHost?: readonly string[];
}

export const withAbandon = (program: Command): Command =>
  program.option(
    "--abandon-host <name>",
    "give up a host that is gone for good: what the lab has there is forgotten (may be said again)",
    (name: string, names: string[] | undefined) => [...(names ?? []), name],
  );

/** Those of a lab's hosts that are not given up. @throws when one that is given up is none of them, or answers */
export async function hostsLeft(hosts: HostsByName, abandoned: readonly string[] = []): Promise<HostsByName> {
  for (const name of abandoned) {
    const settings = hosts[name];
    if (!settings) throw new Error(`the lab has no host "${name}"; it has ${Object.keys(hosts).join(", ")}`);
    if (!(await unreachable(name, settings)))
      throw new Error(
        `host "${name}" can be reached, so the lab can be removed there: leave out --abandon-host ${name}`,
      );
  }
  return Object.fromEntries(Object.entries(hosts).filter(([name]) => !abandoned.includes(name)));
}

/** Whether Pulumi came to the end of an operation, and nothing was made on any host. */
export const isNeverMade = ({ resources }: Stack): boolean =>
  resources.some(({ type }) => type === "pulumi:providers:podnet") && !resources.some(isOnHost);

/** What to say of a host that cannot be reached. @param command the one to run again */
export function adviceFor(host: string, reason: string, command: string): string {
  return `${reason}\nIf host "${host}" is gone for good, this gives it up: ${command} --abandon-host ${host}`;
}

/** Says what stays on a host that is given up, and what removes it should it come back. */
export function tellAbandoned(lab: string, host: string, settings: HostSettings): void {
  const where = settings.type === "ssh" ? `${settings.user ?? "root"}@${settings.address}` : "this machine";
  console.log(
    `${host}: given up. If ${where} still runs, all of lab "${lab}" that is written down there in ${ownedFolder(lab)} is left; ` +
      `a reboot of it removes that, and so does npm run up and npm run destroy with the lab's files`,
  );
}

interface StateResource extends Resource {
  readonly urn: string;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
  readonly deletedWith?: string;
}

interface Exported {
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly { readonly resource: StateResource }[];
  };
}

/** Removes from the state what it knows on some hosts. */
export async function forgetHosts(lab: string, hosts: readonly string[]): Promise<void> {
  const state = JSON.parse(await pulumiOutput(["stack", "export", "--stack", lab])) as Exported;
  await pulumiOutput(["stack", "import", "--force", "--stack", lab], JSON.stringify(withoutHosts(state, hosts)));
}

export function withoutHosts(state: Exported, hosts: readonly string[]): Exported {
  const { resources = [], pending_operations: pending = [] } = state.deployment;
  const isGone = (resource: StateResource): boolean =>
    isOnHost(resource) && hosts.includes(String(resource.inputs?.host ?? resource.outputs?.host));
  const gone = new Set(resources.filter(isGone).map(({ urn }) => urn));
  const kept = (urns: readonly string[] = []): string[] => urns.filter((urn) => !gone.has(urn));
  const rest = resources
    .filter(({ urn }) => !gone.has(urn))
    .map(({ deletedWith, ...resource }) => ({
      ...resource,
      dependencies: kept(resource.dependencies),
      propertyDependencies: Object.fromEntries(
        Object.entries(resource.propertyDependencies ?? {}).map(([property, urns]) => [property, kept(urns)]),
      ),
      ...(deletedWith === undefined || gone.has(deletedWith) ? {} : { deletedWith }),
    }));
  const operations = pending.filter(({ resource }) => !isGone(resource));
  return { ...state, deployment: { ...state.deployment, resources: rest, pending_operations: operations } };
}
