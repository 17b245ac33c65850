// What kube-proxy does on a node: the rules that lead packets for Services to their endpoints. Those that are there without
// any Service are one resource, and those of each service port are one, so a change of a Service changes nothing else.
import * as pulumi from "@pulumi/pulumi";
import { IptablesRules, NfacctCounter, NftablesRules, type Process, Sysctl, UdpFlows } from "../linux";
import { netnsOf } from "./network";
import type { Node } from "./node";
import {
  type NodeRules,
  type ProxiedPort,
  type ProxyInput,
  iptablesRules,
  nftablesRules,
  nftablesTable,
  udpFlows,
} from "./proxy";

export interface ServiceProxyArgs {
  readonly lab: string;
  readonly node: Node;
  /** All ports that have rules. */
  readonly ports: readonly ProxiedPort[];
  readonly mode: "iptables" | "nftables";
  /** A promise, as all that becomes much: Pulumi searches an Output's whole value, and from a resource all that it leads to. */
  readonly input: Promise<ProxyInput>;
  /** Whether the host has conntrack(8). */
  readonly hasConntrack: Promise<boolean>;
  /** What has to run before rules lead to it, for each Service that has endpoints in the lab. */
  readonly endpoints: Promise<ReadonlyMap<string, readonly Process[]>>;
}

/** The name of the rules that belong to no Service. */
const nodeGroup = "kubernetes";

export class ServiceProxy extends pulumi.ComponentResource {
  constructor(name: string, args: ServiceProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("podnet:kubernetes:ServiceProxy", name, {}, opts);
    const { lab, node, ports, mode, input, hasConntrack, endpoints } = args;
    const { host, netns } = node;
    const full = netnsOf.node(lab, name);
    const inside = { parent: this, deletedWith: node.namespace };
    const rules = mode === "iptables" ? applyIptables() : applyNftables();
    pulumi.output(hasConntrack).apply((has) => has && forgetFlows());
    // For those who have to know what to expect of the rules.
    this.registerOutputs({ options: input.then(({ options }) => options) });

    function applyIptables(): ReadonlyMap<string, pulumi.Resource> {
      const rules = input.then(iptablesRules);
      // Rules that count need their counters, and packets for 127.0.0.1 the rule against strangers before they may be routed.
      const counters = rules.then(({ nfacct }) =>
        [...nfacct].map((name) => new NfacctCounter(`${full}/${name}`, { host, netns, name }, inside)),
      );
      const group = new IptablesRules(
        `${full}/kube-proxy`,
        { host, netns, name: nodeGroup, tables: rules.then(({ node }) => node) },
        { ...inside, dependsOn: counters },
      );
      pulumi.output(rules.then(({ sysctls }) => Object.entries(sysctls))).apply((sysctls) => {
        for (const [name = "", value = ""] of sysctls)
          new Sysctl(
            `${full}/${name.split(".").at(-1)}`,
            { host, netns, name, value },
            { ...inside, dependsOn: [group] },
          );
      });
      const byPort = byKey(rules);
      return new Map(
        ports.map(({ key, service }) => {
          const its = { host, netns, name: key, tables: byPort(key) };
          return [key, new IptablesRules(`${full}/${key}`, its, { ...inside, dependsOn: behind(group, service) })];
        }),
      );
    }

    function applyNftables(): ReadonlyMap<string, pulumi.Resource> {
      const rules = input.then(nftablesRules);
      const { family, name: table, comment } = nftablesTable;
      const common = { host, netns, family, table };
      const parts = (name: string, its: Promise<Awaited<typeof rules>["node"]>) => ({
        ...{ ...common, name },
        sets: its.then(({ sets }) => sets),
        maps: its.then(({ maps }) => maps),
        chains: its.then(({ chains }) => chains),
        elements: its.then(({ elements }) => elements),
        entries: its.then(({ entries }) => entries),
      });
      const group = new NftablesRules(
        `${full}/kube-proxy`,
        {
          ...parts(
            nodeGroup,
            rules.then(({ node }) => node),
          ),
          comment,
        },
        inside,
      );
      const byPort = byKey(rules);
      return new Map(
        ports.map(({ key, service }) => [
          key,
          new NftablesRules(`${full}/${key}`, parts(key, byPort(key)), {
            ...inside,
            dependsOn: behind(group, service),
          }),
        ]),
      );
    }

    /** A new pod is ready, and so an endpoint, when its containers run. */
    async function behind(group: pulumi.Resource, service: string): Promise<pulumi.Resource[]> {
      return [group, ...((await endpoints).get(service) ?? [])];
    }

    /** Behind the rules, or a packet that comes between would still go by the old ones and be remembered again. */
    function forgetFlows(): void {
      const flows = input.then((all) => new Map(udpFlows(all).map((its) => [its.key, its])));
      for (const { key } of ports.filter(({ protocol }) => protocol === "udp")) {
        const rulesOfPort = rules.get(key);
        const destinations = flows.then((all) => all.get(key)?.destinations ?? []);
        const servers = flows.then((all) => all.get(key)?.servers ?? []);
        new UdpFlows(`${full}/${key}`, { host, netns, destinations, servers }, { ...inside, dependsOn: rulesOfPort });
      }
    }
  }
}

/** The rules of each service port, found by its key. */
function byKey<R>(rules: Promise<NodeRules<R>>): (key: string) => Promise<R> {
  const found = rules.then(({ ports }) => new Map(ports.map(({ key, rules }) => [key, rules])));
  return async (key) => {
    const its = (await found).get(key);
    if (its === undefined) throw new Error(`service port ${key} has no rules`);
    return its;
  };
}
