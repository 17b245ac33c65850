// What bridges and veth ends have in common: they are network interfaces (ip-link(8), ip-address(8)).
import { Address4 } from "ip-address";
import { Type } from "@sinclair/typebox";
import { type Command, NotFound, type Output, saysNotFound, within } from "../host";
import { isIPv6 } from "./address";
import { closed, interfaceAddress, withDefault } from "./schema";

const settings = Type.Record(Type.String({ pattern: "^[a-z0-9_]+$" }), Type.Integer(), {
  ...closed,
  errorMessage: "is no setting of an interface; write its file's name, as arp_notify",
});

/** Settings of one interface below /proc/sys/net/<family>/conf/<interface>/ (the kernel's ip-sysctl.rst). */
export const conf = withDefault(
  Type.Object(
    {
      ipv4: withDefault(settings, {}),
      ipv6: withDefault(settings, {}),
    },
    {
      ...closed,
      description:
        "Settings below /proc/sys/net/ipv4/conf/<interface> and .../ipv6/conf/<interface>, as { ipv4: { arp_notify: 1 } }.",
    },
  ),
  { ipv4: {}, ipv6: {} },
);

export const addresses = withDefault(
  Type.Array(interfaceAddress, { description: "Addresses with their prefix lengths, as 10.244.0.1/24." }),
  [],
);

export const up = withDefault(Type.Boolean({ description: "Whether the interface is up." }), true);

export interface Conf {
  readonly ipv4: Record<string, number>;
  readonly ipv6: Record<string, number>;
}

/** The settings of any interface that podnet can set. */
export interface LinkSettings {
  readonly netns?: string;
  readonly name: string;
  readonly mtu: number;
  readonly addresses: string[];
  readonly up: boolean;
  readonly conf: Conf;
}

/** Interfaces of a namespace have one name each, of whatever kind they are. */
export const interfaceNamed = ({ host, netns, name }: { host: string; netns?: string; name: string }): string =>
  `interface ${name} ${netns === undefined ? `of host "${host}"` : `in ${netns} on host "${host}"`}`;

/** What `ip -j -d addr show` says of one interface; only what podnet looks at. */
export interface IpLink {
  readonly ifindex: number;
  readonly link?: string;
  readonly link_index?: number;
  readonly ifname: string;
  readonly flags: string[];
  readonly mtu: number;
  readonly address: string;
  readonly master?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: { readonly ageing_time?: number; readonly stp_state?: number };
    readonly info_slave_data?: { readonly hairpin?: boolean };
  };
  readonly addr_info: readonly IpAddress[];
}

interface IpAddress {
  readonly local: string;
  /** The other end, of an address that was made for one. */
  readonly address?: string;
  readonly prefixlen: number;
  readonly scope: string;
}

/** As `ip addr add` and `ip addr del` take it. */
const addressText = ({ local, address, prefixlen }: IpAddress): string =>
  address === undefined ? `${local}/${prefixlen}` : `${local} peer ${address}/${prefixlen}`;

const confKeys = (conf: Conf): string[] =>
  (["ipv4", "ipv6"] as const).flatMap((family) =>
    Object.keys(conf[family])
      .sort()
      .map((key) => `${family}/${key}`),
  );

const confPath = (name: string, key: string): string => {
  const [family, setting] = key.split("/");
  return `net/${family}/conf/${name}/${setting}`; // With slashes, because a name may hold a dot (sysctl(8)).
};

export function probeLink(want: LinkSettings): Command[] {
  const show: Command = { argv: within(want.netns, ["ip", "-j", "-d", "addr", "show", "dev", want.name]) };
  const keys = confKeys(want.conf).map((key) => confPath(want.name, key));
  // Settings of IPv6 are not there while the MTU is too small for it; sysctl(8) prints the others all the same.
  return keys.length === 0 ? [show] : [show, { argv: within(want.netns, ["sysctl", ...keys]), mayFail: true }];
}

/** IPv6 needs this much (RFC 8200); with less the kernel keeps no IPv6 settings for the interface. */
const leastIpv6Mtu = 1280;

const hasSetting = (want: LinkSettings, key: string): boolean => want.mtu >= leastIpv6Mtu || !key.startsWith("ipv6/");

/** How many outputs `probeLink` gave. */
export const probesOf = (want: LinkSettings): number => (confKeys(want.conf).length === 0 ? 1 : 2);

/** @throws NotFound when there is no such interface */
export function parseLink(outputs: readonly Output[], want: LinkSettings): { link: IpLink; settings: LinkSettings } {
  const [show, values] = outputs;
  if (!show || saysNotFound(show)) throw new NotFound(`no interface ${want.name}`);
  const [link] = JSON.parse(show.stdout) as [IpLink];
  const conf: Conf = { ipv4: {}, ipv6: {} };
  for (const line of (values?.stdout ?? "").split("\n")) {
    const [, family, setting = "", value] = /^net\.(ipv[46])\.conf\..*\.([a-z0-9_]+) = (.*)$/.exec(line) ?? [];
    if (family !== undefined) conf[family as keyof Conf][setting] = Number(value);
  }
  // With an MTU that rules them out, IPv6's settings are not missing.
  for (const key of confKeys(want.conf)) {
    const [family, setting] = key.split("/") as [keyof Conf, string];
    const value = want.conf[family][setting];
    if (!hasSetting(want, key) && value !== undefined) conf[family][setting] = value;
  }
  // Link-local addresses are the kernel's own, but for those that somebody asked for.
  const addresses = link.addr_info
    .map((address) => ({ text: addressText(address), scope: address.scope }))
    .filter(({ text, scope }) => scope !== "link" || want.addresses.includes(text))
    .map(({ text }) => text);
  return {
    link,
    settings: {
      ...(want.netns === undefined ? {} : { netns: want.netns }),
      name: link.ifname,
      mtu: link.mtu,
      addresses: inOrderOf(want.addresses, addresses),
      up: link.flags.includes("UP"),
      conf,
    },
  };
}

/** The kernel lists addresses in an order of its own, which is no difference. */
function inOrderOf(want: readonly string[], found: readonly string[]): string[] {
  return [...want.filter((a) => found.includes(a)), ...found.filter((a) => !want.includes(a))];
}

/** Everything that can be set on an interface that is there, but for being raised. */
export function settle(want: LinkSettings, found: LinkSettings | undefined): Command[] {
  const inside = (...argv: string[]): Command => ({ argv: within(want.netns, argv) });
  const steps: Command[] = [];
  if (found?.up && !want.up) {
    steps.push(inside("ip", "link", "set", "dev", want.name, "down"));
    // The kernel drops the IPv6 addresses of an interface that goes down, unless keep_addr_on_down says otherwise.
    for (const address of want.addresses)
      if (isIPv6(address) && found.addresses.includes(address))
        steps.push(inside("ip", "addr", "replace", address, "dev", want.name));
  }
  if (found?.mtu !== want.mtu) steps.push(inside("ip", "link", "set", "dev", want.name, "mtu", `${want.mtu}`));
  const settings = confKeys(want.conf).flatMap((key) => {
    const [family, setting] = key.split("/") as ["ipv4" | "ipv6", string];
    const value = want.conf[family][setting];
    return !hasSetting(want, key) || found?.conf[family][setting] === value
      ? []
      : [`${confPath(want.name, key)}=${value}`];
  });
  if (settings.length > 0) steps.push(inside("sysctl", "-q", "-w", ...settings));
  return [...steps, ...readdress(want, found?.addresses ?? [])];
}

/**
 * New addresses come before old ones go: with its last IPv4 address an interface loses all its routes. The first address of
 * an IPv4 subnet takes those behind it along, unless promote_secondaries is set (ip-sysctl.rst). IPv6 has each address once,
 * whatever its prefix length.
 */
function readdress(want: LinkSettings, found: readonly string[]): Command[] {
  const inside = (...argv: string[]): Command => ({ argv: within(want.netns, argv) });
  const fresh = want.addresses.filter((address) => !found.includes(address));
  // The kernel lists a subnet's first address before those that it takes along.
  const stale = found.filter((address) => !want.addresses.includes(address)).reverse();
  const inTheWay = stale.filter(
    (old) => isIPv6(old) && fresh.some((address) => address.split("/")[0] === old.split("/")[0]),
  );
  const sharesSubnet = stale.some((old) => want.addresses.some((address) => subnetOf(address) === subnetOf(old)));
  const late = stale.filter((address) => !inTheWay.includes(address));
  const remove = (address: string): Command => inside("ip", "addr", "del", ...address.split(" "), "dev", want.name);
  return [
    ...inTheWay.map(remove),
    ...fresh.map((address) => inside("ip", "addr", "add", address, ...broadcast(address), "dev", want.name)),
    ...(sharesSubnet ? [inside("sh", "-c", promoting, "sh", want.name, ...late)] : late.map(remove)),
  ];
}

/** Removes addresses while the setting is on, and leaves it as it was. Arguments: INTERFACE ADDRESS... */
const promoting =
  'dev=$1 s=0; shift; f=/proc/sys/net/ipv4/conf/$dev/promote_secondaries; was=$(cat "$f") && echo 1 >"$f" || exit; for a; do ip addr del $a dev "$dev" || s=$?; done; echo "$was" >"$f"; exit $s';

/** Of an IPv4 address; each other one has a subnet of its own. */
const subnetOf = (address: string): string =>
  Address4.isValid(address)
    ? `${new Address4(address).startAddress().correctForm()}/${address.split("/")[1]}`
    : address;

/** Comes last: an interface that is up forwards, so it first has to be as asked. */
export function raise(want: LinkSettings, found: LinkSettings | undefined): Command[] {
  if (!want.up || found?.up) return [];
  return [{ argv: within(want.netns, ["ip", "link", "set", "dev", want.name, "up"]) }];
}

/** IPv4 subnets with room for one have a broadcast address, and `ip` sets it only when told (`brd +`). */
function broadcast(address: string): string[] {
  return Address4.isValid(address) && new Address4(address).subnetMask < 31 ? ["brd", "+"] : [];
}
