// A bridge is the kernel's software switch: the pods of one node plug their veth ends into it.
import { type Static, Type } from "@sinclair/typebox";
import { type Command, NotFound, type Output, within } from "../host";
import { faultsOfAddresses } from "./address";
import { type Kind, WrongKind, parts } from "./kind";
import { addresses, conf, parseLink, probeLink, raise, settle, up, interfaceNamed } from "./link";
import { type Fault, host, interfaceName, macAddress, mtu, netns, withDefault } from "./schema";

const args = Type.Object({
  host,
  netns,
  name: interfaceName,
  mtu,
  mac: Type.Optional({
    ...macAddress,
    description:
      "MAC address; without it the bridge takes one of its ports', and forgets its neighbours each time when that changes.",
  }),
  addresses,
  stp: withDefault(Type.Boolean({ description: "Spanning tree protocol (IEEE 802.1D)." }), false),
  ageingTime: withDefault(
    Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: "How long a silent MAC address is remembered, in seconds.",
    }),
    300,
  ),
  conf,
  up,
});

type Bridge = Static<typeof args>;

/** The kernel counts ageing_time in hundredths of a second. */
const ticks = 100;

function validate(want: Bridge): Fault[] {
  return faultsOfAddresses("addresses", want.addresses);
}

function commands(want: Bridge, found: Bridge | undefined): Command[] {
  const ip = (...argv: string[]): Command => ({ argv: within(want.netns, ["ip", "link", ...argv]) });
  const steps: Command[] = [];
  const mac = want.mac === undefined ? [] : ["address", want.mac];
  if (!found) steps.push(ip("add", "dev", want.name, ...mac, "type", "bridge"));
  else if (want.mac !== undefined && found.mac !== want.mac) steps.push(ip("set", "dev", want.name, ...mac));
  if (found ? found.stp !== want.stp : want.stp)
    steps.push(ip("set", "dev", want.name, "type", "bridge", "stp_state", want.stp ? "1" : "0"));
  if ((found?.ageingTime ?? 300) !== want.ageingTime)
    steps.push(ip("set", "dev", want.name, "type", "bridge", "ageing_time", `${want.ageingTime * ticks}`));
  return [...steps, ...settle(want, found), ...raise(want, found)];
}

function removal({ netns, name }: Bridge, found: Bridge | undefined): Command[] {
  return found ? [{ argv: within(netns, ["ip", "link", "del", "dev", name]) }] : [];
}

function parse(outputs: readonly Output[], want: Bridge): Bridge | undefined {
  try {
    const { link, settings } = parseLink(outputs, want);
    const kind = link.linkinfo?.info_kind ?? "none";
    if (kind !== "bridge") throw new WrongKind(`${want.name} exists, but its kind is ${kind}, not bridge`);
    const { ageing_time = 0, stp_state } = link.linkinfo?.info_data ?? {};
    return { ...settings, host: want.host, mac: link.address, stp: stp_state === 1, ageingTime: ageing_time / ticks };
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

export const bridgeKind: Kind<typeof args> = {
  token: "podnet:linux:Bridge",
  description: "A bridge, the kernel's software switch (ip-link(8), type bridge).",
  args,
  identity: ["host", "netns", "name"],
  derived: ["mac"],
  validate,
  id: ({ netns = "", name }) => `${netns},${name}`,
  takes: (bridge) => [interfaceNamed(bridge)],
  fromId: (id) => {
    const [netns, name] = parts(id, 2);
    return { ...(netns ? { netns } : {}), name };
  },
  within: ({ netns }) => [netns],
  commands,
  removal,
  probe: probeLink,
  parse,
};
