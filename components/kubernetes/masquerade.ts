// Pod traffic that leaves the lab's ranges takes its node's address, for nobody outside has a route back to a pod.
// Several ranges need a chain of their own, and ip-masq-agent's is the one that nodes with kubenet have
// (kubernetes-sigs/ip-masq-agent, cmd/ip-masq-agent/ip-masq-agent.go): same names, same comments, same order.
import * as pulumi from "@pulumi/pulumi";
import { IptablesChains, IptablesRule } from "../linux";

export interface MasqueradeArgs {
  readonly host: string;
  readonly netns: pulumi.Input<string>;
  /** Ranges that see a pod's own address. */
  readonly nonMasqueradeCIDRs: readonly string[];
}

const chain = "IP-MASQ-AGENT";
const comment = (text: string): string => `-m comment --comment "ip-masq-agent: ${text}"`;

export class Masquerade extends pulumi.ComponentResource {
  constructor(
    name: string,
    { host, netns, nonMasqueradeCIDRs }: MasqueradeArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("podnet:kubernetes:Masquerade", name, {}, opts);
    const { deletedWith } = opts;
    const stay = nonMasqueradeCIDRs.map(
      (cidr) => `-d ${cidr} ${comment("local traffic is not subject to MASQUERADE")} -j RETURN`,
    );
    const leave = `${comment("outbound traffic is subject to MASQUERADE (must be last in chain)")} -j MASQUERADE --random-fully`;
    const chains = new IptablesChains(
      `${name}/${chain}`,
      { host, netns, table: "nat", chains: { [chain]: [...stay, leave] } },
      { parent: this, deletedWith },
    );
    const all = comment(
      `ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom ${chain} chain`,
    );
    new IptablesRule(
      `${name}/POSTROUTING`,
      { host, netns, table: "nat", chain: "POSTROUTING", rule: `${all} -m addrtype ! --dst-type LOCAL -j ${chain}` },
      { parent: this, deletedWith, dependsOn: [chains] },
    );
    this.registerOutputs();
  }
}
