/**
 * What a network namespace looks like from outside, in words that two namespaces can be compared by.
 *
 * The recorder runs this over what the CNI plugins leave behind, the tests run it over what podnet builds;
 * so whatever it says of the one it says of the other. All it learns comes through one function that runs
 * commands, which may as well run them on another host.
 *
 * What chance decides becomes a placeholder: indexes, MACs, veth names, link-local addresses. What a MAC or
 * a name has to say beyond chance stays: whether it is pinned, whose it also is, what it was made from.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** Runs a command as root and gives what it printed; a command that fails throws. */
export type Exec = (argv: readonly string[]) => Promise<string>;

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Facts = { [key: string]: Json };

export interface Observation {
  /** By link, in the order of their indexes: what `ip -d link` says, and the kind of its MAC. */
  links: Record<string, Facts>;
  /** By link: what `ip addr` says. */
  addresses: Record<string, Facts[]>;
  /** All tables, sorted: what `ip -d route show table all` says. */
  routes: { ipv4: Facts[]; ipv6: Facts[] };
  /** By port: what `bridge -d link` says. */
  ports: Record<string, Facts>;
  /** Those of net.ipv4, net.ipv6 and net.bridge that a fresh namespace with the same links would not have, and the telling ones. */
  sysctls: Record<string, string>;
}

export interface Options {
  /** How commands are run. By default as children of this process. */
  exec?: Exec;
  /** Whose veths end here: what to call a pod, and its namespace. A veth of none of them is numbered. */
  peers?: Record<string, string>;
  /** What the two namespaces begin with that are made for comparison and removed again. */
  scratch?: string;
  /** Observe once nothing has changed for this long, in milliseconds: the kernel finishes some things later. */
  quiet?: number;
}

export interface Reservations {
  /** The octal mode of the network's own directory. */
  mode: string;
  files: Record<string, { type: string; mode: string; contents: string }>;
}

const run = promisify(execFile);
const local: Exec = async ([file = "", ...args]) =>
  (await run(file, args, { env: { ...process.env, LC_ALL: "C" }, maxBuffer: 1 << 26 })).stdout;

/** Observes a namespace by its name, as `ip netns` lists it. */
export async function observeNamespace(netns: string, options: Options = {}): Promise<Observation> {
  const exec = options.exec ?? local;
  await settle(netns, exec, options.quiet ?? 1200);

  const raw = await read(netns, exec);
  const names = labels(raw.links, await peerIndexes(options.peers ?? {}, exec));
  const told = placeholders(raw.links, raw.addresses, names);
  const scratch = options.scratch ?? `observe-${randomBytes(4).toString("hex")}`;
  const fresh = await freshSysctls(raw.links, scratch, exec);

  const links: Observation["links"] = {};
  const addresses: Observation["addresses"] = {};
  for (const link of raw.links) {
    const label = labelOf(names, link.ifname);
    links[label] = {
      ...told(without(link, CHANCE)),
      ...(VETH.test(link.ifname) && { ifname: "veth<8 hex>" }),
      addr_assign_type: raw.assigned[link.ifname] ?? null,
    };
    const found = raw.addresses.find((it) => it.ifname === link.ifname);
    addresses[label] = (found?.addr_info ?? []).map((it) => told(it));
  }
  const ports: Observation["ports"] = {};
  // `bridge` looks the far end's index up on this side, and prints whatever has that index here as `link`.
  for (const port of raw.ports) ports[labelOf(names, port.ifname)] = told(without(port, [...CHANCE, "ifname", "link"]));

  return {
    links,
    addresses,
    routes: { ipv4: raw.ipv4.map(told).sort(byText), ipv6: raw.ipv6.map(told).sort(byText) },
    ports: sorted(ports),
    sysctls: sysctlsThatTell(raw, fresh, names),
  };
}

/** Observes host-local's directory of one network. `ids` says whose the container ids in it are. */
export async function observeReservations(
  directory: string,
  ids: Record<string, string> = {},
  exec: Exec = local,
): Promise<Reservations> {
  const files: Reservations["files"] = {};
  const listed = await exec(["find", directory, "-mindepth", "1", "-printf", "%P\\t%y\\t%m\\n"]);
  for (const line of lines(listed)) {
    const [name = "", type = "", mode = ""] = line.split("\t");
    let contents = type === "f" ? await exec(["cat", `${directory}/${name}`]) : "";
    for (const [pod, id] of Object.entries(ids)) contents = contents.replaceAll(id, `<id of ${pod}>`);
    files[name] = { type: type === "f" ? "file" : type, mode: octal(mode), contents };
  }
  return { mode: octal((await exec(["stat", "-c", "%a", directory])).trim()), files: sorted(files) };
}

/** Where what was seen is not what was expected: one line per attribute, none when they agree. */
export function differences(expected: unknown, seen: unknown, path = ""): string[] {
  if (!isObject(expected) || !isObject(seen) || Array.isArray(expected) !== Array.isArray(seen)) {
    if (JSON.stringify(expected) === JSON.stringify(seen)) return [];
    return [`${path || "all"}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(seen)}`];
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(seen)]);
  return [...keys].flatMap((key) => differences(expected[key], seen[key], path === "" ? key : `${path} > ${key}`));
}

// What the kernel says

interface Link extends Facts {
  ifindex: number;
  ifname: string;
  flags: string[];
  mtu: number;
}
type Addressed = Link & { addr_info: Facts[] };

interface Raw {
  links: Link[];
  addresses: Addressed[];
  ipv4: Facts[];
  ipv6: Facts[];
  ports: Link[];
  /** /sys/class/net/<link>/addr_assign_type: 0 permanent, 1 random, 2 taken from another, 3 set by somebody */
  assigned: Record<string, number>;
  sysctls: Map<string, string>;
}

async function read(netns: string, exec: Exec): Promise<Raw> {
  const ip = (...args: string[]) => json(exec(["ip", "-n", netns, "-j", ...args]));
  const links = ((await ip("-d", "link")) as Link[]).sort((a, b) => a.ifindex - b.ifindex);
  const assigned = await exec(inside(netns, "grep -H . /sys/class/net/*/addr_assign_type"));
  return {
    links,
    addresses: (await ip("addr")) as Addressed[],
    ipv4: (await ip("-d", "-4", "route", "show", "table", "all")) as Facts[],
    ipv6: (await ip("-d", "-6", "route", "show", "table", "all")) as Facts[],
    ports: (await json(exec(["bridge", "-n", netns, "-j", "-d", "link"]))) as Link[],
    assigned: Object.fromEntries(
      lines(assigned).map((line) => {
        const [path = "", type] = line.split(":");
        return [path.split("/").at(-2) ?? "", Number(type)];
      }),
    ),
    sysctls: await readSysctls(netns, exec),
  };
}

/** The kernel finishes some things after the command that asked for them: carrier, link-local addresses, their probing. */
async function settle(netns: string, exec: Exec, quiet: number): Promise<void> {
  const deadline = Date.now() + quiet + 15_000;
  let last = "";
  let since = Date.now();
  for (;;) {
    const now = await exec(["ip", "-n", netns, "-j", "addr"]).then(
      async (addr) => addr + (await exec(["ip", "-n", netns, "-j", "-6", "route", "show", "table", "all"])),
    );
    if (now !== last) since = Date.now();
    if (now === last && !now.includes('"tentative"') && Date.now() - since >= quiet) return;
    if (Date.now() > deadline) throw new Error(`${netns} does not come to rest: ${now}`);
    last = now;
    await sleep(Math.min(100, quiet));
  }
}

// Names for what chance decides

const VETH = /^veth[0-9a-f]{8}$/;
const MAC = /\b[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}\b/g;

/** Left out: counted by the kernel, by the clock or by the number of processors, and nobody's choice. */
const CHANCE = [
  ["ifindex", "num_tx_queues", "num_rx_queues"],
  ["hello_timer", "tcn_timer", "topology_change_timer", "gc_timer"],
  ["hold_timer", "message_age_timer", "forward_delay_timer"],
  ["gso_max_size", "gso_max_segs", "tso_max_size", "tso_max_segs", "gro_max_size"],
  ["gso_ipv4_max_size", "gro_ipv4_max_size"],
].flat();

async function peerIndexes(peers: Record<string, string>, exec: Exec): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const [pod, netns] of Object.entries(peers))
    for (const link of (await json(exec(["ip", "-n", netns, "-j", "link"]))) as Link[])
      if (typeof link.link_index === "number") found.set(link.link_index, pod);
  return found;
}

/** eth0 and cbr0 are called so; a veth with a random name is called after the pod at its other end. */
function labels(links: Link[], peers: Map<number, string>): Map<string, string> {
  let unknown = 0;
  return new Map(
    links.map(({ ifname, ifindex }) => [
      ifname,
      VETH.test(ifname) ? `veth:${peers.get(ifindex) ?? ++unknown}` : ifname,
    ]),
  );
}

const labelOf = (names: Map<string, string>, ifname: string) => names.get(ifname) ?? ifname;

function placeholders(links: Link[], addresses: Addressed[], names: Map<string, string>) {
  const macs = new Map<string, string>();
  for (const { ifname, address } of links) {
    const mac = String(address);
    if (isRandom(mac) && !macs.has(mac)) macs.set(mac, `<mac of ${labelOf(names, ifname)}>`);
  }
  // A MAC of a link that is gone, or of the other end, still is a MAC.
  const mac = (text: string) => macs.get(padded(text)) ?? (isRandom(padded(text)) ? "<mac>" : padded(text));

  const linkLocal = new Map<string, string>();
  for (const { ifname, addr_info } of addresses)
    for (const { local, scope, family } of addr_info)
      if (family === "inet6" && scope === "link") {
        const from = [...macs].find(([it]) => linkLocalOf(it) === local)?.[1];
        linkLocal.set(String(local), `<link-local of ${labelOf(names, ifname)}, from ${from ?? "no MAC here"}>`);
      }

  const text = (it: string): string => linkLocal.get(it) ?? names.get(it) ?? it.replace(MAC, mac);
  const value = (it: Json, key = ""): Json => {
    if (key === "link_index" || key === "link_netnsid") return `<${key}>`;
    if (typeof it === "string") return text(it);
    if (Array.isArray(it)) return it.map((one) => value(one));
    return isObject(it) ? told(it) : it;
  };
  const told = (facts: Facts): Facts =>
    Object.fromEntries(
      Object.entries(facts)
        .filter(([key]) => !CHANCE.includes(key))
        .map(([key, it]) => [key, value(it, key)]),
    );
  return told;
}

const padded = (mac: string) =>
  mac
    .split(":")
    .map((byte) => byte.padStart(2, "0"))
    .join(":");
/** A card's own address: neither all zeros nor a group's, such as the broadcast's or the bridges'. */
const isRandom = (mac: string) => /^.[02468ace](:..){5}$/.test(mac) && mac !== "00:00:00:00:00:00";

/** The link-local address that the kernel makes of a MAC (modified EUI-64), as it prints it. */
function linkLocalOf(mac: string): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(":").map((byte) => parseInt(byte, 16));
  const words = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  const [first, ...rest] = words.map((word) => word.toString(16));
  return first === "0" ? `fe80::${rest.join(":")}` : `fe80::${[first, ...rest].join(":")}`;
}

// Sysctls

/** Random, or a door rather than a value. */
const NOT_A_SETTING = /tcp_fastopen_key|stable_secret|\.flush$/;

async function readSysctls(netns: string, exec: Exec): Promise<Map<string, string>> {
  const all = await exec(
    inside(netns, "grep -rHs . /proc/sys/net/ipv4 /proc/sys/net/ipv6 /proc/sys/net/bridge || true"),
  );
  const pairs = lines(all).map((line): [string, string] => {
    const [, path = "", value = ""] = /^\/proc\/sys\/(.*?):(.*)$/.exec(line) ?? [];
    if (path === "") throw new Error(`not a sysctl: ${line}`);
    return [path.replaceAll("/", "."), value.replace(/\s+/g, " ").trim()];
  });
  return new Map(pairs.filter(([key]) => !NOT_A_SETTING.test(key)).sort(byText));
}

/** What the kernel gives the same links when they are made by hand in a fresh namespace and nothing else is done. */
async function freshSysctls(links: Link[], scratch: string, exec: Exec): Promise<Map<string, string>> {
  const [here, there] = [`${scratch}-here`, `${scratch}-there`];
  const made: string[] = [];
  const ip = (...args: (string | number)[]) => exec(["ip", ...args.map(String)]);
  try {
    for (const netns of [here, there]) {
      await ip("netns", "add", netns);
      made.push(netns);
    }
    for (const link of [...links].sort((a, b) => Number(isBridge(b)) - Number(isBridge(a)))) {
      const { ifname, mtu, ifindex } = link;
      const peer = `peer${ifindex}`;
      if (isBridge(link)) await ip("-n", here, "link", "add", ifname, "mtu", mtu, "type", "bridge");
      else if (ifname !== "lo") {
        await ip("-n", here, "link", "add", ifname, "mtu", mtu, "type", "veth", "peer", "name", peer, "netns", there);
        await ip("-n", there, "link", "set", peer, "up");
        if (typeof link.master === "string") await ip("-n", here, "link", "set", ifname, "master", link.master);
      }
      if (link.flags.includes("UP")) await ip("-n", here, "link", "set", ifname, "up");
    }
    return await readSysctls(here, exec);
  } finally {
    for (const netns of made) await ip("netns", "del", netns);
  }
}

/**
 * A sysctl is told when a fresh namespace would not have its value. A fresh namespace takes its IPv4 ones from
 * the host's own, so on a host that forwards, forwarding would look like nothing special; hence those that the
 * plugins write, and those that the kernel writes with them, are told in any case.
 */
function sysctlsThatTell({ sysctls, links }: Raw, fresh: Map<string, string>, names: Map<string, string>) {
  const always = new Set<string>();
  if (links.some(isBridge)) {
    for (const key of ["ipv4.ip_forward", "ipv4.conf.all.accept_redirects", "ipv6.conf.all.forwarding"])
      always.add(`net.${key}`);
    for (const link of ["all", "default", ...links.map(({ ifname }) => ifname)])
      always.add(`net.ipv4.conf.${link}.forwarding`);
  }
  for (const link of links.filter(({ ifname }) => ifname !== "lo")) {
    const onBridge = isBridge(link) || link.master !== undefined;
    for (const key of onBridge ? ["accept_ra"] : ["accept_dad", "dad_transmits"])
      always.add(`net.ipv6.conf.${link.ifname}.${key}`);
    if (!onBridge) always.add(`net.ipv4.conf.${link.ifname}.arp_notify`);
  }
  const told: Record<string, string> = {};
  for (const [key, value] of sysctls)
    if (always.has(key) || fresh.get(key) !== value)
      told[
        key.replace(
          /^(net\.ipv[46]\.(?:conf|neigh)\.)([^.]+)/,
          (_, head: string, link: string) => head + labelOf(names, link),
        )
      ] = value;
  return sorted(told);
}

const isBridge = (link: Link) => isObject(link.linkinfo) && link.linkinfo.info_kind === "bridge";

// Small things

const inside = (netns: string, script: string) => ["ip", "netns", "exec", netns, "sh", "-c", script];
const json = async (text: Promise<string>): Promise<unknown> => JSON.parse((await text).trim() || "[]");
const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const octal = (mode: string) => mode.padStart(4, "0");
const isObject = (it: unknown): it is Record<string, unknown> => typeof it === "object" && it !== null;
const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
const without = <T extends object>(it: T, keys: string[]) =>
  Object.fromEntries(Object.entries(it as Facts).filter(([key]) => !keys.includes(key)));
const sorted = <T>(it: Record<string, T>): Record<string, T> => Object.fromEntries(Object.entries(it).sort(byText));
