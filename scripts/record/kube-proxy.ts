/**
 * Records what kube-proxy leaves on a node, in iptables and in nftables mode, as golden files in test/record/kube-proxy.
 * Needs Go, root, iproute2, iptables and nftables. kube-proxy runs in a namespace of its own, beside as much of an API server as it asks for.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { cases } from "../../test/record/kube-proxy/cases";
import { type Dump, type Mode, writeDump } from "../../test/record/kube-proxy/dump";
import { type ProxyCase, node, podCIDR, serviceCIDR } from "../../test/record/kube-proxy/objects";
import { nodeWithTypeScript } from "../lib/environment";
import { randomCases } from "../../test/record/kube-proxy/random";

const GOLDENS = join(__dirname, "../../test/record/kube-proxy");
const API = join(__dirname, "kube-proxy-api.ts");
const API_PORT = 8001;
/** A wrapper module, because `go install package@version` refuses modules with replace directives. */
const MODULE = join(__dirname, "kube-proxy");

// Imported so, because zx's types are an ES module's and this file is not one.
const zx = import("zx");
let $: Awaited<typeof zx>["$"];
let echo: Awaited<typeof zx>["echo"];

let stopped: string | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    stopped = signal;
    echo("stopping after this case");
  });

/** Resolves when a program says the text, in one of its lines. */
function hears(from: Readable, text: string, child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    createInterface(from).on("line", (line) => {
      said.push(line);
      if (line.includes(text)) resolve();
    });
    child.on("error", reject);
    child.on("close", () => reject(new Error(`${child.spawnargs.join(" ")} ended:\n${said.slice(-20).join("\n")}`)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  const closed = new Promise((resolve) => child.on("close", resolve));
  // Not kindly: kube-proxy must not tidy up.
  if (child.kill("SIGKILL")) await closed;
}

interface Named {
  readonly metadata: object;
  readonly [field: string]: unknown;
}

/** What the API server would list. */
function objectsOf({ services, endpointSlices }: ProxyCase): Record<string, object[]> {
  const items = (objects: readonly Named[]): object[] =>
    objects.map((object) => ({ ...object, metadata: { ...object.metadata, resourceVersion: "1" } }));
  return {
    "/api/v1/services": items(
      services.map((service) => ({ ...service, spec: { ...service.spec, clusterIPs: [service.spec.clusterIP] } })),
    ),
    "/apis/discovery.k8s.io/v1/endpointslices": items(endpointSlices.map((slice) => ({ ...slice }))),
    "/api/v1/nodes": items([
      {
        metadata: { name: node.name },
        spec: { podCIDR, podCIDRs: [podCIDR] },
        status: { addresses: [{ type: "InternalIP", address: node.address }] },
      },
    ]),
    "/apis/networking.k8s.io/v1/servicecidrs": items([
      { metadata: { name: "kubernetes" }, spec: { cidrs: [serviceCIDR] }, status: {} },
    ]),
  };
}

/** JSON is YAML too. */
const configuration = (kubeconfig: string, mode: Mode, options: ProxyCase["options"]) =>
  JSON.stringify({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig, contentType: "application/json" },
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    hostnameOverride: node.name,
    mode,
    ...options,
  });

const kubeconfig = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${API_PORT}` } }],
  users: [{ name: "u", user: {} }],
  contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  "current-context": "c",
});

/** Lets kube-proxy run until it has written its rules, on a node that has nothing but addresses. */
async function play(dir: string, mode: Mode, what: ProxyCase): Promise<Dump> {
  const netns = `proxyrec-${randomBytes(4).toString("hex")}`;
  const inside = ["ip", "netns", "exec", netns] as const;
  const children: ChildProcess[] = [];
  const start = (...argv: string[]): ChildProcess => {
    const child = spawn("ip", [...inside.slice(1), ...argv], { env: $.env });
    children.push(child);
    return child;
  };
  await $`ip netns add ${netns}`;
  try {
    await $`ip -n ${netns} link set lo up`;
    await $`ip -n ${netns} link add eth0 type veth peer name wire`;
    await $`ip -n ${netns} link add cbr0 type bridge`;
    await $`ip -n ${netns} address add ${node.address}/24 dev eth0`;
    await $`ip -n ${netns} address add 10.244.0.1/24 dev cbr0`;
    for (const link of ["wire", "eth0", "cbr0"]) await $`ip -n ${netns} link set ${link} up`;

    const api = start(...nodeWithTypeScript, API, `${API_PORT}`);
    api.stdin?.end(JSON.stringify(objectsOf(what)));
    if (api.stdout) await hears(api.stdout, "listening", api);

    await writeFile(join(dir, "config.yaml"), configuration(join(dir, "kubeconfig"), mode, what.options));
    const proxy = start(join(dir, "kube-proxy"), "--config", join(dir, "config.yaml"), "-v=2");
    if (proxy.stderr) await hears(proxy.stderr, '"SyncProxyRules complete" ipFamily="IPv4"', proxy);
    return await dump(mode, inside);
  } finally {
    for (const child of children.reverse()) await end(child);
    await $`ip netns del ${netns}`;
  }
}

async function dump(mode: Mode, inside: readonly string[]): Promise<Dump> {
  const print = mode === "iptables" ? ["iptables-save"] : ["nft", "-s", "list", "table", "ip", "kube-proxy"];
  const counters = [...(await $`${inside} nfacct list`).stdout.matchAll(/= (\w+);/g)].map(([, name]) => name ?? "");
  return {
    facts: [
      (await $`${inside} sysctl net.ipv4.conf.all.route_localnet`).stdout.trim(),
      `nfacct: ${counters.sort().join(", ") || "none"}`,
    ],
    text: (await $`${inside} ${print}`).stdout,
  };
}

async function main(): Promise<void> {
  ({ $, echo } = await zx);
  $.quiet = true;
  $.env = { ...process.env, LC_ALL: "C" };
  const dir = await mkdtemp(join(tmpdir(), "proxyrec-"));
  try {
    echo("building kube-proxy");
    const flags = ["-buildvcs=false", "-mod=readonly", "-ldflags=-s -w"];
    await $({ cwd: MODULE })`go build ${flags} -o ${join(dir, "kube-proxy")} k8s.io/kubernetes/cmd/kube-proxy`;
    await writeFile(join(dir, "kubeconfig"), kubeconfig);
    const dumps: { name: string; mode: Mode; dump: Dump }[] = [];
    for (const what of [...cases, ...randomCases()]) {
      echo(what.name);
      for (const mode of ["iptables", "nftables"] as const) {
        if (stopped !== undefined) throw new Error(`stopped by ${stopped}`);
        dumps.push({ name: what.name, mode, dump: await play(dir, mode, what) });
      }
    }
    // All or nothing: a run that fails leaves the record as it was.
    for (const mode of ["iptables", "nftables"]) {
      await rm(join(GOLDENS, mode), { recursive: true, force: true });
      await mkdir(join(GOLDENS, mode));
    }
    for (const { name, mode, dump } of dumps) writeDump(name, mode, dump);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
