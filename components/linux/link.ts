// What bridges and veth ends have in common: they are network interfaces (ip-link(8), ip-address(8)).
import { Address4, Address6 } from "ip-address";
import { Type } from "@sinclair/typebox";
import { type Command, NotFound, type Output, saysNotFound, within } from "../host";
import { interfaceAddress, withDefault } from "./schema";

/** Settings of one interface below /proc/sys/net/<family>/conf/<interface>/ (the kernel's ip-sysctl.rst). */
export const conf = withDefault(
  Type.Object(
    {
      ipv4: withDefault(Type.Record(Type.String({ pattern: "^[a-z0-9_]+$" }), Type.Integer()), {}),
      ipv6: withDefault(Type.Record(Type.String({ pattern: "^[a-z0-9_]+$" }), Type.Integer()), {}),
    },
    { description: "Settings below /proc/sys/net/ipv4/conf/<interface> and .../ipv6/conf/<interface>, as { ipv4: { arp_notify: 1 } }." },
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

/** What `ip -j -d addr show` says of one interface; only what podnet looks at. */
export interface IpLink {
  readonly ifindex: number;
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
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string; readonly broadcast?: string }[];
}

const confKeys = (conf: Conf): string[] =>
  (["ipv4", "ipv6"] as const).flatMap((family) => Object.keys(conf[family]).sort().map((key) => `${family}/${key}`));

const confPath = (name: string, key: string): string => {
  const [family, setting] = key.split("/");
  return `net/${family}/conf/${name}/${setting}`; // With slashes, because a name may hold a dot (sysctl(8)).
};

export function probeLink(want: LinkSettings): Command[] {
  const show: Command = { argv: within(want.netns, ["ip", "-j", "-d", "addr", "show", "dev", want.name]) };
  const keys = confKeys(want.conf).map((key) => confPath(want.name, key));
  return keys.length === 0 ? [show] : [show, { argv: within(want.netns, ["sysctl", "-n", ...keys]) }];
}

/** How many outputs `probeLink` gave. */
export const probesOf = (want: LinkSettings): number => (confKeys(want.conf).length === 0 ? 1 : 2);

/** @throws NotFound when there is no such interface */
export function parseLink(outputs: readonly Output[], want: LinkSettings): { link: IpLink; settings: LinkSettings } {
  const [show, values] = outputs;
  if (!show || saysNotFound(show)) throw new NotFound(`no interface ${want.name}`);
  const [link] = JSON.parse(show.stdout) as [IpLink];
  const said = values?.stdout.trim().split("\n") ?? [];
  const conf: Conf = { ipv4: {}, ipv6: {} };
  confKeys(want.conf).forEach((key, i) => {
    const [family, setting] = key.split("/") as ["ipv4" | "ipv6", string];
    conf[family][setting] = Number(said[i]);
  });
  // Link-local addresses are the kernel's own.
  const addresses = link.addr_info.filter(({ scope }) => scope !== "link").map((a) => `${a.local}/${a.prefixlen}`);
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

/** Everything that can be set on an interface that is there, but for being up. */
export function settle(want: LinkSettings, found: LinkSettings | undefined): Command[] {
  const inside = (...argv: string[]): Command => ({ argv: within(want.netns, argv) });
  const steps: Command[] = [];
  if (found?.mtu !== want.mtu) steps.push(inside("ip", "link", "set", "dev", want.name, "mtu", `${want.mtu}`));
  const settings = confKeys(want.conf).flatMap((key) => {
    const [family, setting] = key.split("/") as ["ipv4" | "ipv6", string];
    const value = want.conf[family][setting];
    return found?.conf[family][setting] === value ? [] : [`${confPath(want.name, key)}=${value}`];
  });
  if (settings.length > 0) steps.push(inside("sysctl", "-q", "-w", ...settings));
  for (const address of found?.addresses ?? [])
    if (!want.addresses.includes(address)) steps.push(inside("ip", "addr", "del", address, "dev", want.name));
  for (const address of want.addresses)
    if (!found?.addresses.includes(address)) steps.push(inside("ip", "addr", "add", address, ...broadcast(address), "dev", want.name));
  return steps;
}

/** Comes last, and only when it differs: an interface that is up forwards, so it first has to be as asked. */
export function raise(want: LinkSettings, found: LinkSettings | undefined): Command[] {
  if ((found?.up ?? false) === want.up) return [];
  return [{ argv: within(want.netns, ["ip", "link", "set", "dev", want.name, want.up ? "up" : "down"]) }];
}

/** IPv4 subnets with room for one have a broadcast address, and `ip` sets it only when told (`brd +`). */
function broadcast(address: string): string[] {
  return Address4.isValid(address) && new Address4(address).subnetMask < 31 ? ["brd", "+"] : [];
}

/** @param property where it stands, for the message */
export function faultsOfAddresses(property: string, addresses: readonly string[]): { property: string; reason: string }[] {
  return addresses
    .filter((address) => !Address4.isValid(address) && !Address6.isValid(address))
    .map((address) => ({ property, reason: `${address} is no address; write one as 10.244.0.1/24` }));
}
