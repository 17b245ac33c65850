// The provider as a program sees it: which lab it is, and how its hosts are reached.
import * as pulumi from "@pulumi/pulumi";
import type { HostSettings } from "../host";

export interface ProviderArgs {
  /** Name of the lab, a DNS label. Everything made on a host is written down under it. */
  readonly lab: string;
  /** How each host is reached, by the name that resources give in `host`. */
  readonly hosts: Readonly<Record<string, HostSettings>>;
}

export class Provider extends pulumi.ProviderResource {
  constructor(name: string, { lab, hosts }: ProviderArgs, opts?: pulumi.ResourceOptions) {
    // Addresses, users and key paths are nobody's business: encrypted in the state, never in an output.
    super("podnet", name, { lab, hosts: pulumi.secret(JSON.stringify(hosts)) }, opts);
  }
}

/** All files of the lab below one of its folders on a host, with their contents; none when the folder is not there. */
export const getFiles = (
  args: { host: string; folder: string },
  opts: pulumi.InvokeOptions,
): Promise<{ files: Record<string, string> }> => ask("podnet:linux:getFiles", args, opts);

/** What only some hosts have. */
export interface Features {
  /** Counters of nfnetlink_acct, into which iptables rules may count (nfacct(8)). */
  readonly nfacct: boolean;
  /** nft(8), and a kernel that knows maps of verdicts by address, protocol and port. */
  readonly nftables: boolean;
  /** conntrack(8). */
  readonly conntrack: boolean;
}

export const getFeatures = (args: { host: string }, opts: pulumi.InvokeOptions): Promise<Features> =>
  ask("podnet:linux:getFeatures", args, opts);

async function ask<T>(token: string, args: pulumi.Inputs, opts: pulumi.InvokeOptions): Promise<T> {
  try {
    return await (pulumi.runtime.invoke(token, args, opts) as Promise<T>);
  } catch (error) {
    return end((error as Error).message.replace(/^invocation of \S+ returned an error: /, ""));
  }
}

/**
 * Thrown where the answer is waited for, it would come out of every resource that needs the answer, each time with a stack
 * around it. So the program ends with the sentence alone, and whoever needs the answer waits for good.
 */
export function end(sentence: string): Promise<never> {
  queueMicrotask(() => {
    throw new pulumi.RunError(sentence);
  });
  return new Promise(() => undefined);
}
