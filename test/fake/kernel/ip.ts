// ip(8), as far as kinds and the damage in tests use it.
import { isIPv4 } from "node:net";
import type { Output } from "../../../components/host";
import { json, refuse, said, unknownCommand } from "./answer";
import { type Address, type Kernel, type Link, type Route, type Space, release, subnet } from "./kernel";

type Words = readonly string[];

const exists = (): never => refuse(2, "RTNETLINK answers: File exists");

export function ip(kernel: Kernel, here: Space, argv: Words): Output {
  const words = argv.slice(1);
  let space = here;
  for (;;) {
    if (words[0] === "-n") space = enter(kernel, words.splice(0, 2)[1]);
    else if (/^-(j|d|6)$/.test(words[0] ?? "")) words.shift();
    else break;
  }
  const [object, verb, ...rest] = words;
  const known: Record<string, () => Output> = {
    "link add": () => linkAdd(kernel, space, rest),
    "link set": () => linkSet(kernel, space, rest),
    "link del": () => linkDel(kernel, space, rest),
    "link show": () => json([{ ifname: "lo", flags: flags(find(space, rest[1])) }]),
    "addr show": () => json([describe(kernel, find(space, rest[1]))]),
    "addr add": () => addressAdd(kernel, space, rest, false),
    "addr replace": () => addressAdd(kernel, space, rest, true),
    "addr del": () => addressDel(kernel, space, rest),
    "route add": () => routePut(space, rest, false),
    "route replace": () => routePut(space, rest, true),
    "route del": () => routeDel(space, rest),
    "route show": () => routeShow(space, rest),
    "neigh replace": () => neighbourPut(space, rest),
    "neigh add": () => neighbourPut(space, rest),
    "neigh del": () => neighbourDel(space, rest),
    "neigh show": () => neighbourShow(space, rest),
    "netns add": () => netnsAdd(kernel, rest[0] ?? ""),
    "netns del": () => netnsDel(kernel, rest[0] ?? ""),
  };
  return (known[`${object} ${verb}`] ?? (() => unknownCommand(argv)))();
}

export function enter(kernel: Kernel, name: string | undefined): Space {
  const file = kernel.files.get(`/run/netns/${name}`);
  if (!file) refuse(255, `Cannot open network namespace "${name}": No such file or directory`);
  return file.space ?? refuse(255, `setting the network namespace "${name}" failed: Invalid argument`);
}

const find = (space: Space, name: string | undefined): Link =>
  space.links.find((link) => link.name === name) ?? refuse(1, `Device "${name}" does not exist.`);

const device = (space: Space, name: string | undefined): Link =>
  space.links.find((link) => link.name === name) ?? refuse(1, `Cannot find device "${name}"`);

const flags = ({ up }: Link): string[] => (up ? ["BROADCAST", "UP"] : ["BROADCAST"]);

/** Takes `name value` pairs; words without a value are given as `alone`. */
function options(words: Words, alone: Words = []): Map<string, string> {
  const found = new Map<string, string>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    found.set(word, alone.includes(word) ? "" : (words[++i] ?? unknownCommand(words)));
  }
  return found;
}

function linkAdd(kernel: Kernel, here: Space, words: Words): Output {
  const type = words[words.indexOf("type") + 1] ?? "";
  const [near, far] = [words.slice(0, words.indexOf("type")), words.slice(words.indexOf("peer") + 1)];
  const ends = type === "veth" ? [options(near), options(["dev", ...far.slice(1)])] : [options(near)];
  const wanted = ends.map((end) => ({
    end,
    name: end.get("dev") ?? "",
    space: end.has("netns") ? enter(kernel, end.get("netns")) : here,
  }));
  for (const { name, space } of wanted) if (space.links.some((link) => link.name === name)) exists();
  const links = wanted.map(({ end, name, space }) => {
    const link = kernel.addLink(space, name, type as Link["kind"]);
    link.mac = end.get("address") ?? link.mac;
    link.mtu = Number(end.get("mtu") ?? 1500);
    return link;
  });
  const [one, other] = links;
  if (one && other) [one.peer, other.peer] = [other, one];
  return said();
}

function linkSet(kernel: Kernel, space: Space, words: Words): Output {
  const link = device(space, words[1]);
  const rest = [...words.slice(2)];
  while (rest.length > 0) {
    const word = rest.shift() ?? "";
    const value = (): string => rest.shift() ?? unknownCommand(words);
    if (word === "up") kernel.raise(link);
    else if (word === "down") kernel.lower(link);
    else if (word === "nomaster") release(link);
    else if (word === "mtu") setMtu(kernel, link, Number(value()));
    else if (word === "address") link.mac = value();
    else if (word === "master") kernel.enslave(link, master(space, value()));
    else if (word === "name") link.name = free(space, value());
    else if (word === "netns") kernel.moveLink(link, enter(kernel, value()));
    else if (word === "type") setByType(link, value(), rest.splice(0));
    else unknownCommand(words);
  }
  return said();
}

const master = (space: Space, name: string): Link =>
  space.links.find((link) => link.name === name) ??
  refuse(255, `Error: argument "${name}" is wrong: Device does not exist`);

const free = (space: Space, name: string): string => (space.links.some((link) => link.name === name) ? exists() : name);

function setMtu(kernel: Kernel, link: Link, mtu: number): void {
  if (link.mtu !== mtu) link.mtuIsSet = true;
  link.mtu = mtu;
  if (link.master) kernel.followPorts(link.master);
}

function setByType(link: Link, type: string, words: string[]): void {
  for (const [name, value] of options(words)) {
    if (type === "bridge" && link.kind === "bridge" && name === "stp_state") link.stp = value === "1";
    else if (type === "bridge" && link.kind === "bridge" && name === "ageing_time") link.ageing = Number(value);
    else if (type === "bridge_slave" && name === "hairpin" && link.master) link.hairpin = value === "on";
    else refuse(2, "RTNETLINK answers: Operation not supported");
  }
}

function linkDel(kernel: Kernel, space: Space, words: Words): Output {
  const link = device(space, words[1]);
  if (link.kind === "loopback") refuse(2, "RTNETLINK answers: Operation not supported");
  kernel.removeLink(link);
  return said();
}

function describe(kernel: Kernel, link: Link): object {
  const { kind, master, hairpin, stp, ageing, peer } = link;
  const info: Record<Link["kind"], object> = {
    bridge: { linkinfo: { info_kind: "bridge", info_data: { ageing_time: ageing, stp_state: stp ? 1 : 0 } } },
    veth: { linkinfo: { info_kind: "veth", ...(master ? { info_slave_data: { hairpin } } : {}) } },
    dummy: { linkinfo: { info_kind: "dummy" } },
    loopback: {},
  };
  // The other end by name in the same namespace, and by index elsewhere.
  const other = peer && (peer.space === link.space ? { link: peer.name } : { link_index: peer.index });
  return {
    ...{ ifindex: link.index, ...other, ifname: link.name, flags: flags(link), mtu: link.mtu, address: link.mac },
    ...(master ? { master: master.name } : {}),
    ...info[kind],
    addr_info: link.addresses.map(({ local, length }) => ({
      ...{ family: local.includes(":") ? "inet6" : "inet", local, prefixlen: length },
      scope: local.startsWith("fe80:") ? "link" : "global",
    })),
  };
}

const parseAddress = (text: string): Address => {
  const [local = "", length = ""] = text.split("/");
  return { local, length: Number(length) };
};

const isSame = (a: Address, b: Address): boolean =>
  a.local === b.local && (a.length === b.length || a.local.includes(":"));

function addressAdd(kernel: Kernel, space: Space, words: Words, replace: boolean): Output {
  const [text = "", ...rest] = words;
  const link = device(space, options(rest).get("dev"));
  const address = parseAddress(text);
  const taken = link.addresses.some((other) => isSame(other, address));
  if (taken && !replace)
    refuse(
      2,
      isIPv4(address.local) ? "Error: ipv4: Address already assigned." : "Error: ipv6: address already assigned.",
    );
  if (!taken) kernel.addAddress(link, address);
  return said();
}

function addressDel(kernel: Kernel, space: Space, words: Words): Output {
  const [text = "", ...rest] = words;
  const link = device(space, options(rest).get("dev"));
  const address = parseAddress(text);
  const found = link.addresses.find((other) => other.local === address.local && other.length === address.length);
  kernel.removeAddress(link, found ?? refuse(2, "Error: ipv4: Address not found."));
  return said();
}

const types = ["blackhole", "unreachable", "prohibit", "throw", "local"];
const isV6 = (destination: string): boolean => destination.includes(":");

function routePut(space: Space, words: Words, replace: boolean): Output {
  const route = readRoute(space, words);
  const same = space.routes.findIndex((other) => hasSameKey(other, route));
  if (same >= 0 && !replace) exists();
  if (same >= 0) space.routes.splice(same, 1, route);
  else space.routes.push(route);
  return said();
}

const hasSameKey = (a: Route, b: Route): boolean =>
  a.destination === b.destination && a.table === b.table && a.metric === b.metric;

function readRoute(space: Space, words: Words): Route {
  const [type = "", ...after] = types.includes(words[0] ?? "") ? words : ["unicast", ...words];
  const [destination = "", ...rest] = after;
  const given = options(rest, ["onlink"]);
  const via = given.get("via");
  const onlink = given.has("onlink");
  const dev = given.get("dev");
  const named = dev === undefined ? undefined : device(space, dev);
  const link = type === "unicast" ? (named ?? linkTo(space, via)) : type === "local" ? named : undefined;
  if (via !== undefined && !onlink && (!link || linkTo(space, via) !== link))
    refuse(2, "Error: Nexthop has invalid gateway.");
  if (link && !link.up) refuse(2, "Error: Device for nexthop is not up.");
  const src = given.get("src");
  if (src !== undefined && !space.links.some(({ addresses }) => addresses.some(({ local }) => local === src)))
    refuse(2, "Error: Invalid prefsrc address.");
  const metric = Number(given.get("metric") ?? 0);
  const derived = type === "local" ? "host" : type === "unicast" && via === undefined ? "link" : "global";
  return {
    ...{ destination, type, onlink, protocol: "boot", table: given.get("table") ?? "main" },
    metric: metric === 0 && isV6(destination) ? 1024 : metric,
    scope: isV6(destination) ? "global" : (given.get("scope") ?? derived),
    ...(via === undefined ? {} : { via }),
    ...(link === undefined ? {} : { link }),
    ...(src === undefined ? {} : { src }),
  };
}

const linkTo = (space: Space, address: string | undefined): Link | undefined =>
  address === undefined
    ? undefined
    : space.links.find(
        ({ up, addresses }) =>
          up &&
          addresses.some(
            ({ local, length }) =>
              local.includes(":") === address.includes(":") &&
              subnet({ local: address, length }) === subnet({ local, length }),
          ),
      );

function routeDel(space: Space, words: Words): Output {
  const type = types.find((type) => type === words[0]);
  const [destination = "", ...rest] = type === undefined ? words : words.slice(1);
  const given = options(rest);
  const metric = Number(given.get("metric") ?? 0);
  const ours = space.routes
    .filter((route) => route.destination === destination && route.table === (given.get("table") ?? "main"))
    // To delete, a metric of 0 is any.
    .filter((route) => metric === 0 || route.metric === metric)
    .filter((route) => type === undefined || route.type === type)
    .sort((a, b) => a.metric - b.metric);
  const [first] = ours;
  if (!first) refuse(2, "RTNETLINK answers: No such process");
  space.routes = space.routes.filter((route) => route !== first);
  return said();
}

function routeShow(space: Space, words: Words): Output {
  const given = options(words);
  const table = given.get("table") ?? "main";
  const exact = given.get("exact") ?? "";
  const destination = exact === "0.0.0.0/0" ? "default" : exact;
  const family = isV6(exact) ? "ipv6" : "ipv4";
  if (table !== "main" && table !== "local" && !space.routes.some((route) => route.table === table))
    refuse(2, `Error: ${family}: FIB table does not exist.\nDump terminated`, "[");
  const routes = space.routes.filter((route) => route.destination === destination && route.table === table);
  return json(
    routes.map(({ type, via, link, src, metric, scope, onlink }) => ({
      ...{ type, dst: /^::\/0$/.test(destination) ? "default" : destination, scope, flags: onlink ? ["onlink"] : [] },
      ...(via === undefined ? {} : { gateway: via }),
      ...(link ? { dev: link.name } : isV6(destination) ? { dev: "lo" } : {}),
      ...(src === undefined ? {} : { prefsrc: src }),
      ...(metric === 0 ? {} : { metric }),
    })),
  );
}

function neighbourPut(space: Space, words: Words): Output {
  const proxy = words[0] === "proxy";
  const [address = "", ...rest] = proxy ? words.slice(1) : words;
  const given = options(rest);
  const link = device(space, given.get("dev"));
  space.neighbours = space.neighbours.filter((e) => !(e.address === address && e.link === link && e.proxy === proxy));
  space.neighbours.push(
    proxy ? { address, link, proxy } : { address, link, proxy, mac: given.get("lladdr"), state: given.get("nud") },
  );
  return said();
}

function neighbourDel(space: Space, words: Words): Output {
  const proxy = words[0] === "proxy";
  const [address = "", ...rest] = proxy ? words.slice(1) : words;
  const link = device(space, options(rest).get("dev"));
  const left = space.neighbours.filter((e) => !(e.address === address && e.link === link && e.proxy === proxy));
  if (left.length === space.neighbours.length) refuse(2, "RTNETLINK answers: No such file or directory");
  space.neighbours = left;
  return said();
}

function neighbourShow(space: Space, words: Words): Output {
  const given = options(words, ["proxy"]);
  const link = device(space, given.get("dev"));
  const proxy = given.has("proxy");
  const found = space.neighbours
    .filter((entry) => entry.link === link && entry.proxy === proxy && (proxy || entry.address === given.get("to")))
    .filter(({ state }) => given.get("nud") === "all" || state !== "noarp");
  return json(
    found.map(({ address, mac, state }) =>
      proxy ? { dst: address, proxy: null } : { dst: address, lladdr: mac, state: [state?.toUpperCase()] },
    ),
  );
}

function netnsAdd(kernel: Kernel, name: string): Output {
  const path = `/run/netns/${name}`;
  if (kernel.files.has(path)) refuse(1, `Cannot create namespace file "${path}": File exists`);
  if (!kernel.files.has("/run/netns")) kernel.files.set("/run/netns", { type: "directory", mode: "0755", content: "" });
  kernel.netnsIsMounted = true;
  kernel.files.set(path, { type: "namespace", mode: "0444", content: "", space: kernel.newSpace() });
  return said();
}

function netnsDel(kernel: Kernel, name: string): Output {
  const path = `/run/netns/${name}`;
  if (!kernel.files.has(path)) refuse(1, `Cannot remove namespace file "${path}": No such file or directory`);
  kernel.removeSpace(name);
  return said();
}
