// The kinds as Pulumi resources, for programs. What a resource is made of stands in its kind's file.
import * as pulumi from "@pulumi/pulumi";
import type { Static, TObject } from "@sinclair/typebox";
import { bridgeKind } from "./bridge";
import { udpFlowsKind } from "./conntrack";
import { fileKind } from "./file";
import { iptablesChainsKind } from "./iptables-chains";
import { iptablesRuleKind } from "./iptables-rule";
import { iptablesRulesKind } from "./iptables-rules";
import type { Kind } from "./kind";
import { neighbourKind } from "./neighbour";
import { netnsKind } from "./netns";
import { nfacctCounterKind } from "./nfacct";
import { nftablesRulesKind } from "./nftables-rules";
import { processKind } from "./process";
import { routeKind } from "./route";
import type { InputsOf } from "./schema";
import { sysctlKind } from "./sysctl";
import { vethKind } from "./veth";

/** Plain properties, each of which may be another resource's output. */
type ArgsOf<S extends TObject> = InputsOf<S>;

type Resource<S extends TObject> = pulumi.CustomResource & {
  readonly [K in keyof Static<S>]: pulumi.Output<Static<S>[K]>;
} & {
  /** The plain commands that make it, as a person would type them on its host. */
  readonly commands: pulumi.Output<string[]>;
};

type ResourceClass<S extends TObject> = new (
  name: string,
  args: ArgsOf<S>,
  opts?: pulumi.CustomResourceOptions,
) => Resource<S>;

function resource<S extends TObject>(kind: Kind<S>): ResourceClass<S> {
  const unset = Object.fromEntries([...Object.keys(kind.args.properties), "commands"].map((key) => [key, undefined]));
  return class extends pulumi.CustomResource {
    constructor(name: string, args: object, opts?: pulumi.CustomResourceOptions) {
      super(kind.token, name, { ...unset, ...args }, opts);
    }
  } as unknown as ResourceClass<S>;
}

export class NetworkNamespace extends resource(netnsKind) {}
export class Bridge extends resource(bridgeKind) {}
export class Veth extends resource(vethKind) {}
export class Route extends resource(routeKind) {}
export class Neighbour extends resource(neighbourKind) {}
export class Sysctl extends resource(sysctlKind) {}
export class NfacctCounter extends resource(nfacctCounterKind) {}
export class IptablesChains extends resource(iptablesChainsKind) {}
export class IptablesRule extends resource(iptablesRuleKind) {}
export class IptablesRules extends resource(iptablesRulesKind) {}
export class NftablesRules extends resource(nftablesRulesKind) {}
export class UdpFlows extends resource(udpFlowsKind) {}
export class Process extends resource(processKind) {}
export class File extends resource(fileKind) {}
