// A hostPort: a port of the pod's node that leads to a port of the pod, by the rules of the CNI plugin portmap
// (containernetworking/plugins, plugins/meta/portmap/portmap_iptables.go): same chains, same comments, same marks.
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { IptablesRule, IptablesRules, Sysctl } from "../linux";
import type { Decided } from "./decide";
import { type ContainerPort, type Lab, hostPortsOf, podKey } from "./manifests";
import { netnsOf, networkName } from "./network";
import type { Node } from "./node";

type Lines = Readonly<Record<string, readonly string[]>>;

const chains = { dnat: "CNI-HOSTPORT-DNAT", setMark: "CNI-HOSTPORT-SETMARK", masquerade: "CNI-HOSTPORT-MASQ" } as const;

const comment = (text: string): string => `-m comment --comment "${text}"`;

const mark = "0x2000/0x2000";

/** What a node has as soon as one of its pods has a hostPort. */
const common = {
  chains: {
    [chains.setMark]: [`${comment("CNI portfwd masquerade mark")} -j MARK --set-xmark ${mark}`],
    [chains.masquerade]: [`-m mark --mark ${mark} -j MASQUERADE`],
  },
  shared: { [chains.dnat]: [] },
  rules: { POSTROUTING: [`${comment("CNI portfwd requiring masquerade")} -j ${chains.masquerade}`] },
};

const toLocal = `-m addrtype --dst-type LOCAL -j ${chains.dnat}`;

/** A pod on a network, as portmap gets to know it. */
export interface Forwarded {
  readonly network: string;
  readonly containerID: string;
  readonly ip: string;
  readonly podCIDR: string;
  readonly ports: readonly ContainerPort[];
}

/** The name of a pod's own chain: a hash of 21 hexadecimal digits, for a chain has 28 characters at most. */
export const chainOf = ({ network, containerID }: Pick<Forwarded, "network" | "containerID">): string =>
  `CNI-DN-${createHash("sha512").update(`${network}${containerID}`).digest("hex").slice(0, 21)}`;

/** What a pod with hostPorts adds: the ports that lead to its chain, and its chain. */
export function hostPortRules(pod: Forwarded): { readonly chains: Lines; readonly rules: Lines } {
  const own = chainOf(pod);
  const text = comment(String.raw`dnat name: \"${pod.network}\" id: \"${pod.containerID}\"`);
  const lead = multiports(pod.ports).map(
    ([protocol, ports]) => `-p ${protocol} ${text} -m multiport --dports ${ports.join(",")} -j ${own}`,
  );
  const forward = pod.ports.flatMap(({ protocol, hostPort, hostIP, containerPort }) => {
    const name = protocol.toLowerCase();
    const at = `${!hostIP || hostIP === "0.0.0.0" ? "" : `-d ${hostIP}/32 `}-p ${name} -m ${name} --dport ${hostPort}`;
    // Who is on the same bridge, or on the node's loopback, would not see the answer come back as it came.
    const masqueraded = [pod.podCIDR, "127.0.0.1/32"].map((source) => `-s ${source} ${at} -j ${chains.setMark}`);
    return [...masqueraded, `${at} -j DNAT --to-destination ${pod.ip}:${containerPort}`];
  });
  return { chains: { [own]: forward }, rules: { [chains.dnat]: lead } };
}

/** A multiport match takes fifteen ports (iptables-extensions(8)). */
const mostPorts = 15;

function multiports(ports: readonly ContainerPort[]): [protocol: string, ports: number[]][] {
  const protocols = [...new Set(ports.map(({ protocol }) => protocol.toLowerCase()))].sort();
  return protocols.flatMap((protocol) => {
    const numbers = ports
      .filter((port) => port.protocol.toLowerCase() === protocol)
      .map(({ hostPort = 0 }) => hostPort);
    const groups = Math.ceil(numbers.length / mostPorts);
    return Array.from({ length: groups }, (_, i): [string, number[]] => [
      protocol,
      numbers.slice(i * mostPorts, (i + 1) * mostPorts),
    ]);
  });
}

/** Where a pod is, and so where its rules are, is known only with the addresses. */
export function createHostPorts(lab: Lab, decided: Promise<Decided>, nodes: Readonly<Record<string, Node>>): void {
  const pods = lab.pods.filter((pod) => hostPortsOf(pod).length > 0);
  if (pods.length === 0) return;
  pulumi.output(decided.then(({ allocation }) => allocation)).apply((all) => {
    const groups = new Map<string, IptablesRules>();
    for (const pod of pods) {
      const { node: name = "", ip = "", containerID = "" } = all.pods[podKey(pod)] ?? {};
      const node = nodes[name];
      const podCIDR = all.nodes[name]?.podCIDR;
      if (node === undefined || podCIDR === undefined) throw new Error(`pod ${podKey(pod)} has no node`);
      const group = groups.get(name) ?? createCommon(netnsOf.node(lab.name, name), node);
      groups.set(name, group);
      const forwarded = { network: networkName, containerID, ip, podCIDR, ports: hostPortsOf(pod) };
      new IptablesRules(
        `${netnsOf.pod(lab.name, podKey(pod))}/host-ports`,
        { host: node.host, netns: node.netns, name: chainOf(forwarded), tables: { nat: hostPortRules(forwarded) } },
        { parent: node, deletedWith: node.namespace, dependsOn: [group] },
      );
    }
  });
}

function createCommon(full: string, node: Node): IptablesRules {
  const { host, netns } = node;
  const inside = { parent: node, deletedWith: node.namespace };
  const group = new IptablesRules(`${full}/portmap`, { host, netns, name: "CNI", tables: { nat: common } }, inside);
  for (const chain of ["PREROUTING", "OUTPUT"])
    new IptablesRule(
      `${full}/portmap-${chain}`,
      { host, netns, table: "nat", chain, rule: toLocal },
      { ...inside, dependsOn: [group] },
    );
  // Packets from 127.0.0.1 cannot leave by the bridge without it.
  const name = pulumi.interpolate`net.ipv4.conf.${node.bridge}.route_localnet`;
  new Sysctl(`${full}/cbr0/route_localnet`, { host, netns, name, value: "1" }, inside);
  return group;
}
