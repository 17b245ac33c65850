// The program of Pulumi's floor: declares what it reads, and knows nothing of it.
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { Declared } from "../declared";

// As podnet's own program does.
Error.stackTraceLimit = 0;

class Floor extends pulumi.ProviderResource {}

class Thing extends pulumi.CustomResource {}

class Group extends pulumi.ComponentResource {
  constructor(type: string, name: string, opts: pulumi.ComponentResourceOptions) {
    super(type, name, {}, opts);
    this.registerOutputs();
  }
}

const file = new pulumi.Config("floor").require("resources");
const declared = JSON.parse(readFileSync(file, "utf8")) as Declared[];
const provider = new Floor("floor", "floor");
const made = new Map<string | undefined, pulumi.Resource>();
for (const { urn, type, name, custom, inputs, ...rest } of declared) {
  const parent = made.get(rest.parent);
  const opts = { parent, deletedWith: made.get(rest.deletedWith), ...(parent ? {} : { providers: [provider] }) };
  made.set(urn, custom ? new Thing(type, name, inputs, opts) : new Group(type, name, opts));
}
