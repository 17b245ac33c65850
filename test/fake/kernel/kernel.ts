// A small kernel in memory: what the kinds can make, how these things die together, and nothing else. What it says and when
// it refuses was taken down from a real one.

export interface Link {
  readonly index: number;
  name: string;
  readonly kind: "bridge" | "veth" | "dummy" | "loopback";
  mtu: number;
  /** Whether somebody set the MTU: until then a bridge's follows its ports. */
  mtuIsSet: boolean;
  mac: string;
  up: boolean;
  master: Link | undefined;
  hairpin: boolean;
  stp: boolean;
  ageing: number;
  /** In the order in which they were added; an IPv4 subnet's first is its primary. */
  addresses: Address[];
  peer: Link | undefined;
  space: Space;
}

export interface Address {
  readonly local: string;
  readonly length: number;
}

export interface Route {
  readonly destination: string;
  readonly table: string;
  readonly metric: number;
  readonly type: string;
  readonly via?: string;
  readonly link?: Link;
  readonly src?: string;
  readonly scope: string;
  readonly onlink: boolean;
  readonly protocol: "kernel" | "boot";
}

export interface Neighbour {
  readonly address: string;
  readonly link: Link;
  readonly mac?: string;
  readonly state?: string;
  readonly proxy: boolean;
}

export interface Table {
  /** Rules by chain, as iptables-save prints them. */
  readonly chains: Map<string, string[]>;
}

/** A table of nftables: objects by kind and name, as `set addresses`. */
export interface NftTable {
  comment: string;
  readonly objects: Map<string, { readonly header: readonly string[]; readonly lines: string[] }>;
}

/** A network namespace. */
export interface Space {
  links: Link[];
  routes: Route[];
  neighbours: Neighbour[];
  readonly sysctls: Map<string, string>;
  readonly tables: Map<string, Table>;
  /** By family and name, as `ip kube-proxy`. */
  readonly nftables: Map<string, NftTable>;
  /** Names of nfacct(8). */
  readonly counters: Set<string>;
  /** Of connection tracking, each with what conntrack(8) filters by. */
  flows: ReadonlyMap<string, string>[];
}

export interface Process {
  readonly pid: number;
  readonly born: number;
  readonly space: Space;
  readonly command: readonly string[];
  readonly marks: readonly string[];
}

export interface FileNode {
  readonly type: "file" | "directory" | "symbolic link" | "namespace";
  mode: string;
  content: string;
  readonly space?: Space;
}

const builtIn: Record<string, readonly string[]> = {
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  raw: ["PREROUTING", "OUTPUT"],
};

export const isBuiltIn = (table: string, chain: string): boolean => builtIn[table]?.includes(chain) ?? false;

export class Kernel {
  readonly host: Space;
  readonly files = new Map<string, FileNode>();
  readonly processes = new Map<number, Process>();
  /** Whether /run/netns is mounted on itself. */
  netnsIsMounted = false;
  private links = 0;
  private lastPid = 100;

  constructor() {
    this.host = this.newSpace();
    for (const folder of ["/", "/run", "/srv"])
      this.files.set(folder, { type: "directory", mode: "0755", content: "" });
  }

  newSpace(): Space {
    const space: Space = {
      links: [],
      routes: [],
      neighbours: [],
      sysctls: new Map(),
      tables: new Map(),
      nftables: new Map(),
      counters: new Set(),
      flows: [],
    };
    for (const [key, value] of Object.entries(sysctlDefaults)) space.sysctls.set(key, value);
    for (const [table, chains] of Object.entries(builtIn))
      space.tables.set(table, { chains: new Map(chains.map((chain) => [chain, []])) });
    this.addLink(space, "lo", "loopback");
    return space;
  }

  space(name: string | undefined): Space | undefined {
    return name === undefined ? this.host : this.files.get(`/run/netns/${name}`)?.space;
  }

  addLink(space: Space, name: string, kind: Link["kind"]): Link {
    const index = ++this.links;
    const mac = `02:00:00:00:${(index >> 8).toString(16).padStart(2, "0")}:${(index & 255).toString(16).padStart(2, "0")}`;
    const link: Link = {
      ...{ index, name, kind, mac, space, mtu: 1500, mtuIsSet: false, up: false, hairpin: false, stp: false },
      ...{ ageing: 30000, addresses: [], master: undefined, peer: undefined },
    };
    space.links.push(link);
    for (const [key, value] of Object.entries(confDefaults)) this.confOf(link).set(key, value);
    return link;
  }

  /** Settings below conf/<interface>, as `ipv4/arp_notify`. */
  readonly conf = new Map<Link, Map<string, string>>();
  confOf(link: Link): Map<string, string> {
    const conf = this.conf.get(link) ?? new Map<string, string>();
    this.conf.set(link, conf);
    return conf;
  }

  removeLink(link: Link): void {
    for (const end of link.peer ? [link, link.peer] : [link]) {
      for (const port of end.space.links) if (port.master === end) release(port);
      end.space.links = end.space.links.filter((other) => other !== end);
      forgetLink(end);
    }
  }

  moveLink(link: Link, to: Space): void {
    link.space.links = link.space.links.filter((other) => other !== link);
    forgetLink(link);
    release(link);
    link.up = false;
    link.addresses = [];
    link.space = to;
    to.links.push(link);
  }

  raise(link: Link): void {
    link.up = true;
    for (const address of link.addresses) connect(link, address);
  }

  lower(link: Link): void {
    link.up = false;
    link.addresses = link.addresses.filter(({ local }) => !local.includes(":"));
    forgetLink(link);
  }

  addAddress(link: Link, address: Address): void {
    link.addresses.push(address);
    if (link.up) connect(link, address);
  }

  removeAddress(link: Link, address: Address): void {
    const isV4 = !address.local.includes(":");
    const sameSubnet = (other: Address): boolean =>
      isV4 && subnet(other) === subnet(address) && other.length === address.length;
    const isPrimary = link.addresses.find(sameSubnet) === address;
    const promotes = this.confOf(link).get("ipv4/promote_secondaries") === "1";
    const goes = (other: Address): boolean => other === address || (isPrimary && !promotes && sameSubnet(other));
    const gone = link.addresses.filter(goes);
    link.addresses = link.addresses.filter((other) => !goes(other));
    const { space } = link;
    const left = (prefix: string): boolean =>
      link.addresses.some((other) => `${subnet(other)}/${other.length}` === prefix);
    space.routes = space.routes.filter(
      (route) => !(route.link === link && route.protocol === "kernel" && !left(route.destination)),
    );
    const [first] = link.addresses.filter(sameSubnet);
    // The one that follows it answers for it.
    space.routes = space.routes.map((route) =>
      route.link === link && route.protocol === "kernel" && isV4 && first && route.src === address.local
        ? { ...route, src: first.local }
        : route,
    );
    space.routes = space.routes.filter(
      (route) => !gone.some(({ local }) => route.src === local && route.protocol === "boot"),
    );
    // With its last IPv4 address an interface loses all its IPv4 routes.
    if (isV4 && !link.addresses.some(({ local }) => !local.includes(":")))
      space.routes = space.routes.filter((route) => route.link !== link || route.destination.includes(":"));
  }

  enslave(link: Link, master: Link): void {
    link.master = master;
    link.hairpin = false;
    this.followPorts(master);
  }

  followPorts(master: Link): void {
    const ports = master.space.links.filter((port) => port.master === master);
    if (!master.mtuIsSet) master.mtu = Math.min(...ports.map(({ mtu }) => mtu));
  }

  removeSpace(name: string): void {
    const { space } = this.files.get(`/run/netns/${name}`) ?? {};
    this.files.delete(`/run/netns/${name}`);
    if (!space || [...this.processes.values()].some((process) => process.space === space)) return;
    for (const link of [...space.links]) if (link.kind !== "loopback") this.removeLink(link);
  }

  start(space: Space, command: readonly string[], marks: readonly string[]): Process {
    const pid = ++this.lastPid;
    const process: Process = { pid, born: pid * 7, space, command, marks };
    this.processes.set(pid, process);
    return process;
  }

  /** Everything there is, in an order of its own: two kernels with the same text are the same. */
  dump(): string {
    const lines: string[] = [];
    for (const [path, { type, mode, content }] of this.files)
      lines.push(type === "file" ? `${path} ${type} ${mode} ${JSON.stringify(content)}` : `${path} ${type}`);
    lines.push(...dumpSpace("host", this.host, this));
    for (const [path, { space }] of this.files) if (space) lines.push(...dumpSpace(path, space, this));
    for (const { command } of this.processes.values()) lines.push(`process ${command.join(" ")}`);
    if (this.netnsIsMounted) lines.push("/run/netns is mounted");
    return lines.sort().join("\n");
  }
}

function dumpSpace(name: string, space: Space, kernel: Kernel): string[] {
  return [
    ...space.links.map((link) => {
      const { kind, mtu, up, master, hairpin, stp, ageing, addresses } = link;
      const conf = [...kernel.confOf(link)].map(([key, value]) => `${key}=${value}`).sort();
      const addressText = addresses.map(({ local, length }) => `${local}/${length}`).join(",");
      const text = [kind, mtu, up, master?.name, hairpin, stp, ageing, addressText, ...conf];
      return `${name} link ${link.name} ${text.join(" ")}`;
    }),
    ...space.routes.map(({ link, ...route }) => `${name} route ${link?.name} ${JSON.stringify(route)}`),
    ...space.neighbours.map(({ link, ...entry }) => `${name} neighbour ${link.name} ${JSON.stringify(entry)}`),
    ...[...space.sysctls].map(([key, value]) => `${name} sysctl ${key}=${value}`),
    ...[...space.tables].flatMap(([table, { chains }]) =>
      [...chains].map(([chain, rules]) => `${name} ${table} ${chain} ${JSON.stringify(rules)}`),
    ),
    ...[...space.nftables].flatMap(([table, { comment, objects }]) => [
      `${name} nftables ${table} ${comment}`,
      ...[...objects].map(([object, { header, lines }]) => {
        // Elements have no order, rules have.
        const content = object.startsWith("chain ") ? lines : [...lines].sort();
        return `${name} nftables ${table} ${object} ${JSON.stringify([header, content])}`;
      }),
    ]),
  ];
}

function forgetLink(link: Link): void {
  const { space } = link;
  space.routes = space.routes.filter((route) => route.link !== link);
  space.neighbours = space.neighbours.filter((entry) => entry.link !== link);
}

export function release(port: Link): void {
  port.master = undefined;
  port.hairpin = false;
}

function connect(link: Link, address: Address): void {
  const destination = `${subnet(address)}/${address.length}`;
  const isV6 = address.local.includes(":");
  if (address.length === (isV6 ? 128 : 32)) return;
  if (link.space.routes.some((route) => route.link === link && route.destination === destination)) return;
  link.space.routes.push({
    ...{ destination, link, table: "main", metric: isV6 ? 256 : 0, type: "unicast", onlink: false, protocol: "kernel" },
    ...(isV6 ? { scope: "global" } : { src: address.local, scope: "link" }),
  });
}

const sysctlDefaults = {
  "net/ipv4/ip_forward": "0",
  "net/ipv4/ip_local_port_range": "32768\t60999",
  "net/ipv6/conf/default/dad_transmits": "1",
};

const confDefaults = {
  "ipv4/arp_notify": "0",
  "ipv4/promote_secondaries": "0",
  "ipv6/accept_ra": "1",
  "ipv6/accept_dad": "1",
};

/** The network that an address lies in, in the only sizes that the fake knows: /24 and /32, /64 and /128. */
export function subnet({ local, length }: Address): string {
  if (length === 32 || length === 128) return local;
  return local.includes(":") ? `${local.split("::")[0]}::` : `${local.split(".").slice(0, 3).join(".")}.0`;
}
