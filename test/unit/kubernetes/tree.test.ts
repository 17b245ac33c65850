// The resources that a lab becomes, as trees to read: what stands below what, what is made of which arguments, what waits
// for what, and what needs no delete of its own. UPDATE_GOLDEN=1 writes them anew.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { disconnect, getMonitor } from "@pulumi/pulumi/runtime/settings";
import { Cluster, loadLab } from "../../../components/kubernetes";

const root = join(__dirname, "..", "..", "..");
const golden = (name: string): string => join(root, "test", "golden", "tree", name);

interface Registered {
  urn: string;
  parent: string;
  inputs: Record<string, unknown>;
  deletedWith: string;
  dependencies: string[];
}

/** Runs the program on a lab, with what its host holds, and catches what it declares. */
async function declare(path: string, files: Record<string, string> = {}): Promise<Registered[]> {
  const all: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({ id: `${type} ${name}`, state: inputs as object }),
      call: ({ token }) => {
        if (token === "podnet:linux:getFeatures") return { nfacct: true, nftables: true, conntrack: true };
        if (token !== "podnet:linux:getFiles") throw new Error(`unexpected function ${token}`);
        return { files };
      },
    },
    "podnet",
    "lab",
  );
  const monitor = getMonitor() as unknown as {
    registerResource: (req: RegisterResourceRequest, done: (e: unknown, r: { getUrn(): string }) => void) => void;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, done) =>
    register(request, (error, response) => {
      if (!error)
        all.push({
          urn: response.getUrn(),
          parent: request.getParent(),
          inputs: request.getObject()?.toJavaScript() ?? {},
          deletedWith: request.getDeletedwith(),
          dependencies: request.getDependenciesList(),
        });
      done(error, response);
    });
  const lab = loadLab(path);
  await pulumi.runtime.runInPulumiStack(() => {
    new Cluster(lab.name, lab);
    return Promise.resolve();
  });
  await disconnect(); // waits for what is still being declared
  return all;
}

const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");
const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").at(-1)?.split(":").at(-1) ?? "";

/** Long texts are known by their first line. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 300 ? text : `${text.slice(0, 60)}... (${text.length} characters)`;
}

function tree(all: readonly Registered[]): string {
  const lines: string[] = [];
  const stack = all.find(({ urn }) => urn.includes("pulumi:pulumi:Stack"))?.urn ?? "";
  const write = (parent: string, indent: string): void => {
    const children = all.filter((it) => it.parent === parent && it.urn !== stack);
    const order = (it: Registered): string => `${nameOf(it.urn)} ${typeOf(it.urn)}`;
    for (const { urn, inputs, deletedWith, dependencies } of children.sort((a, b) => (order(a) < order(b) ? -1 : 1))) {
      lines.push(`${indent}${typeOf(urn)} ${nameOf(urn)}`);
      const { host: _, hosts: __, ...args } = inputs;
      for (const [key, value] of Object.entries(args).sort()) lines.push(`${indent}    ${key}: ${shown(value)}`);
      const after = dependencies
        .filter((it) => !/:(Node|Pod|Cluster|Underlay|Images|Masquerade|ServiceProxy|LoadBalancer)::/.test(it))
        .map(nameOf)
        .sort();
      if (after.length > 0) lines.push(`${indent}    after: ${after.join(", ")}`);
      if (deletedWith) lines.push(`${indent}    gone with: ${nameOf(deletedWith)}`);
      write(urn, `${indent}  `);
    }
  };
  for (const top of new Set([stack, ""])) write(top, "");
  return `${lines.join("\n")}\n`;
}

function expectGolden(file: string, text: string): void {
  if (process.env["UPDATE_GOLDEN"]) writeFileSync(golden(file), text);
  expect(text).toBe(readFileSync(golden(file), "utf8"));
}

describe("the resource tree", () => {
  it.each([
    ["demo", join(root, "labs", "demo")],
    ["explicit", golden("explicit.yaml")],
  ])("of %s", async (name, path) => {
    const all = await declare(path);
    expectGolden(`${name}.txt`, tree(all));
  });

  it("declares nothing that a preview would not know", async () => {
    const all = await declare(join(root, "labs", "demo"));
    expect(all.length).toBeGreaterThan(60);
    expect(JSON.stringify(all)).not.toContain("04da6b54-80e4-46f7-96ec-b56ff0331ba9");
  });

  it("lets nothing outlive the namespace it lies in, and nothing else go with it", async () => {
    const all = await declare(join(root, "labs", "demo"));
    for (const { urn, inputs, deletedWith } of all.filter((it) => it.urn.includes("podnet:linux:")))
      expect([nameOf(urn), nameOf(deletedWith)]).toEqual([nameOf(urn), inputs["netns"] ?? ""]);
  });
});

describe("addresses that the host holds", () => {
  const id = (pod: string): string => createHash("sha256").update(`demo/default/${pod}`).digest("hex");
  const folder = "/run/podnet/demo/node1/cni/networks/kubenet";
  const lease = (podCIDR: string, address: string): string =>
    JSON.stringify({ spec: { podCIDR }, status: { addresses: [{ type: "InternalIP", address }] } });

  const addresses = async (files: Record<string, string>): Promise<Record<string, unknown>> => {
    const all = await declare(join(root, "labs", "demo"), files);
    const of = (name: string): unknown => all.find(({ urn }) => nameOf(urn) === name)?.inputs["addresses"];
    const who = ["node1", "node2", "default.pod1", "default.pod2", "default.pod3", "default.pod4"];
    return Object.fromEntries(who.map((one) => [one, of(`demo.${one}/eth0`)]));
  };

  it("are given again, and the next follows the last", async () => {
    const found = await addresses({
      "/run/podnet/demo/node1/node.json": lease("10.244.7.0/24", "192.168.0.50"),
      [`${folder}/10.244.7.9`]: `${id("pod2")}\r\neth0`,
      [`${folder}/last_reserved_ip.0`]: "10.244.7.20",
    });
    expect(found).toMatchObject({
      node1: ["192.168.0.50/24"],
      "default.pod2": ["10.244.7.9/24"],
      "default.pod1": ["10.244.7.21/24"],
    });
  });

  it("do not hold when they no longer fit, or are nonsense", async () => {
    const found = await addresses({
      "/run/podnet/demo/node1/node.json": "nonsense",
      "/run/podnet/demo/node2/node.json": lease("172.16.0.0/24", "10.9.9.9"),
      [`${folder}/10.99.0.9`]: `${id("pod2")}\r\neth0`,
    });
    expect(found).toEqual({
      node1: ["192.168.0.11/24"],
      node2: ["192.168.0.12/24"],
      "default.pod1": ["10.244.0.2/24"],
      "default.pod2": ["10.244.0.3/24"],
      "default.pod3": ["10.244.1.2/24"],
      "default.pod4": ["10.244.1.3/24"],
    });
  });
});
