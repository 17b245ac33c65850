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
export async function getFiles(
  args: { host: string; folder: string },
  opts: pulumi.InvokeOptions,
): Promise<{ files: Record<string, string> }> {
  try {
    return await (pulumi.runtime.invoke("podnet:linux:getFiles", args, opts) as Promise<{
      files: Record<string, string>;
    }>);
  } catch (error) {
    // Thrown here it would come out of every resource that needs the answer, each time with a stack around it. So the
    // program ends with the sentence alone, and whoever needs the answer waits for good.
    const sentence = (error as Error).message.replace(/^invocation of \S+ returned an error: /, "");
    queueMicrotask(() => {
      throw new pulumi.RunError(sentence);
    });
    return new Promise(() => undefined);
  }
}
