// A veth pair is a cable: what goes in at one end comes out at the other (veth(4)). Either end lies in a namespace of its own.
import { type Static, Type } from "@sinclair/typebox";
import { type Command, NotFound, type Output, within } from "../host";
import { faultsOfAddresses } from "./address";
import { type Kind, WrongKind, parts } from "./kind";
import {
  addresses,
  conf,
  interfaceNamed,
  type IpLink,
  type LinkSettings,
  parseLink,
  probeLink,
  probesOf,
  raise,
  settle,
  up,
} from "./link";
import { type Fault, closed, host, interfaceName, macAddress, mtu, netns, withDefault } from "./schema";

const end = {
  netns,
  name: interfaceName,
  mtu,
  mac: Type.Optional({ ...macAddress, description: "MAC address; without it the kernel makes one up." }),
  addresses,
  master: Type.Optional({ ...interfaceName, description: "Bridge whose port this end is." }),
  hairpin: withDefault(
    Type.Boolean({
      description: "Whether the bridge may send a frame back out of this port (bridge(8)); needs a master.",
    }),
    false,
  ),
  conf,
  up,
};

const peer = Type.Object(end, { ...closed, description: "The other end." });
const args = Type.Object({ host, ...end, peer });

type End = Static<typeof peer>;
type Veth = Static<typeof args>;

function validate(want: Veth): Fault[] {
  const faultsOfEnd = (prefix: string, end: End): Fault[] => [
    ...faultsOfAddresses(`${prefix}addresses`, end.addresses),
    ...(end.hairpin && end.master === undefined
      ? [{ property: `${prefix}hairpin`, reason: "only a bridge's port has it; set master, or leave hairpin out" }]
      : []),
  ];
  const same = want.netns === want.peer.netns && want.name === want.peer.name;
  return [
    ...faultsOfEnd("", want),
    ...faultsOfEnd("peer.", want.peer),
    ...(same
      ? [{ property: "peer.name", reason: `both ends cannot be ${want.name} in one namespace; name them differently` }]
      : []),
  ];
}

function commands(want: Veth, found: Veth | undefined): Command[] {
  return [
    ...(found ? [] : create(want)),
    ...settleEnd(want.peer, found?.peer),
    ...raise(want.peer, found?.peer),
    ...settleEnd(want, found),
    ...raise(want, found),
  ];
}

/** Both ends appear in their namespaces at once, never in the host's own. */
function create(want: Veth): Command[] {
  const describe = ({ netns, name, mac, mtu }: End): string[] => [
    ...[name, ...(netns === undefined ? [] : ["netns", netns]), "mtu", `${mtu}`],
    ...(mac === undefined ? [] : ["address", mac]),
  ];
  return [
    { argv: ["ip", "link", "add", "dev", ...describe(want), "type", "veth", "peer", "name", ...describe(want.peer)] },
  ];
}

function settleEnd(want: End, found: End | undefined): Command[] {
  const ip = (...argv: string[]): Command => ({
    argv: within(want.netns, ["ip", "link", "set", "dev", want.name, ...argv]),
  });
  const steps: Command[] = [];
  if (found && want.mac !== undefined && found.mac !== want.mac) steps.push(ip("address", want.mac));
  // A new pair has its MTU from the command that made it.
  steps.push(...settle(want, found ?? { ...want, addresses: [], conf: { ipv4: {}, ipv6: {} } }));
  if (found?.master !== want.master) steps.push(want.master === undefined ? ip("nomaster") : ip("master", want.master));
  // A port starts without hairpin, whatever it had at its former bridge.
  const hairpin = found !== undefined && found.master === want.master && found.hairpin;
  if (want.master !== undefined && hairpin !== want.hairpin)
    steps.push(ip("type", "bridge_slave", "hairpin", want.hairpin ? "on" : "off"));
  return steps;
}

/** One end takes the other with it; either may be all that is left. */
function removal(want: Veth, found: Veth | undefined): Command[] {
  if (!found) return [];
  const del = ({ netns, name }: End): string[] => [...within(netns, ["ip", "link", "del", "dev", name])];
  return [
    { argv: del(want), mayFail: true },
    { argv: del(want.peer), mayFail: true },
  ];
}

function parse(outputs: readonly Output[], want: Veth): Veth | undefined {
  const own = probesOf(want);
  const near = parseEnd(outputs.slice(0, own), want);
  const far = parseEnd(outputs.slice(own), want.peer);
  if (!near && !far) return undefined;
  if (!near || !far)
    throw new WrongKind(`of the pair ${want.name} - ${want.peer.name} one end is missing or in another namespace`);
  if (!plugsInto(near.link, far.link) || !plugsInto(far.link, near.link))
    throw new WrongKind(`${want.name} and ${want.peer.name} are not the two ends of one pair`);
  return { host: want.host, ...near.end, peer: far.end };
}

/** `ip` names the other end when it is in the same namespace, and gives its index there otherwise. */
function plugsInto(end: IpLink, other: IpLink): boolean {
  return end.link_index === undefined ? end.link === other.ifname : end.link_index === other.ifindex;
}

function parseEnd(outputs: readonly Output[], want: End): { link: IpLink; end: End } | undefined {
  let found: { link: IpLink; settings: LinkSettings };
  try {
    found = parseLink(outputs, want);
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
  const { link, settings } = found;
  const kind = link.linkinfo?.info_kind ?? "none";
  if (kind !== "veth") throw new WrongKind(`${want.name} exists, but its kind is ${kind}, not veth`);
  const hairpin = link.linkinfo?.info_slave_data?.hairpin ?? false;
  const master = link.master === undefined ? {} : { master: link.master };
  return { link, end: { ...settings, mac: link.address, ...master, hairpin } };
}

export const vethKind: Kind<typeof args> = {
  token: "podnet:linux:Veth",
  description: "A veth pair, a cable with an end in each of two places (ip-link(8), type veth).",
  args,
  identity: ["host", "netns", "name", "peer.netns", "peer.name"],
  derived: ["mac", "peer.mac"],
  validate,
  id: ({ netns = "", name, peer }) => `${netns},${name},${peer.netns ?? ""},${peer.name}`,
  takes: (want) => [interfaceNamed(want), interfaceNamed({ host: want.host, ...want.peer })],
  fromId: (id) => {
    const [netns, name, peerNetns, peerName] = parts(id, 4);
    return { ...(netns ? { netns } : {}), name, peer: { ...(peerNetns ? { netns: peerNetns } : {}), name: peerName } };
  },
  within: ({ netns, peer }) => [netns, peer.netns],
  commands,
  removal,
  probe: (want) => [...probeLink(want), ...probeLink(want.peer)],
  parse,
};
