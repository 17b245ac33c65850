// An entry of the neighbour table: which link address an IP address has, or that this machine answers for it (ip-neighbour(8)).
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { faultsOfAddress } from "./address";
import { type Kind, parts } from "./kind";
import { type Fault, host, interfaceName, macAddress, netns, withDefault } from "./schema";

const states = ["permanent", "noarp", "reachable", "stale"] as const;

const args = Type.Object({
  host,
  netns,
  address: Type.String({ minLength: 1, description: "IP address of the neighbour." }),
  dev: { ...interfaceName, description: "Interface on whose link the neighbour is." },
  lladdr: Type.Optional({ ...macAddress, description: "The neighbour's link address." }),
  state: withDefault(
    Type.Union(
      states.map((state) => Type.Literal(state)),
      { description: `${states.join(", ")}; a proxy entry has none.` },
    ),
    "permanent",
  ),
  proxy: withDefault(Type.Boolean({ description: "Answer ARP for the address instead of asking for it." }), false),
});

type Neighbour = Static<typeof args>;

function validate({ address, lladdr, proxy }: Neighbour): Fault[] {
  const faults = faultsOfAddress("address", address, "10.244.0.9");
  if (!proxy && lladdr === undefined)
    faults.push({ property: "lladdr", reason: "is missing; only a proxy entry has none" });
  if (proxy && lladdr !== undefined)
    faults.push({ property: "lladdr", reason: "is not for a proxy entry; leave it out" });
  return faults;
}

const ip = ({ netns }: Neighbour, ...argv: string[]): Command => ({ argv: within(netns, ["ip", "neigh", ...argv]) });

function commands(want: Neighbour, found: Neighbour | undefined): Command[] {
  const { address, dev, lladdr, state, proxy } = want;
  if (proxy) return found ? [] : [ip(want, "add", "proxy", address, "dev", dev)];
  if (found?.lladdr === lladdr && found?.state === state) return [];
  return [ip(want, "replace", address, "lladdr", lladdr ?? "", "dev", dev, "nud", state)];
}

function removal(want: Neighbour, found: Neighbour | undefined): Command[] {
  if (!found) return [];
  return [ip(want, "del", ...(want.proxy ? ["proxy"] : []), want.address, "dev", want.dev)];
}

function probe({ netns, address, dev, proxy }: Neighbour): Command[] {
  // ip-neighbour(8) filters proxy entries by device only.
  const filter = proxy ? ["proxy", "dev", dev] : ["nud", "all", "to", address, "dev", dev];
  return [{ argv: within(netns, ["ip", "-j", "neigh", "show", ...filter]) }];
}

/** States between which an entry goes on by itself, in its own time: the kernel asks again whether the neighbour is there. */
const restless: ReadonlySet<string> = new Set(["reachable", "stale", "delay", "probe"]);

interface IpNeighbour {
  readonly dst: string;
  readonly lladdr?: string;
  readonly state?: readonly string[];
}

function parse([output]: readonly Output[], want: Neighbour): Neighbour | undefined {
  if (!output || saysNotFound(output)) return undefined;
  const entries = JSON.parse(output.stdout || "[]") as IpNeighbour[];
  const found = entries.find(({ dst }) => dst === want.address);
  const said = found?.state?.[0]?.toLowerCase() ?? "none";
  const state = restless.has(want.state) && restless.has(said) ? want.state : said;
  // FAILED and INCOMPLETE are the kernel's notes about a question without an answer, not entries.
  if (!found || state === "failed" || state === "incomplete") return undefined;
  return {
    host: want.host,
    ...(want.netns === undefined ? {} : { netns: want.netns }),
    address: want.address,
    dev: want.dev,
    ...(found.lladdr === undefined ? {} : { lladdr: found.lladdr }),
    state: want.proxy ? want.state : (state as Neighbour["state"]),
    proxy: want.proxy,
  };
}

export const neighbourKind: Kind<typeof args> = {
  token: "podnet:linux:Neighbour",
  description: "An entry of the neighbour (ARP) table, or a proxy entry (ip-neighbour(8)).",
  args,
  identity: ["host", "netns", "address", "dev", "proxy"],
  validate,
  id: ({ netns = "", address, dev, proxy }) => `${netns},${address},${dev}${proxy ? ",proxy" : ""}`,
  fromId: (id) => {
    const [netns, address, dev, proxy] = parts(id, 4);
    return { ...(netns ? { netns } : {}), address, dev, proxy: proxy === "proxy" };
  },
  within: ({ netns }) => [netns],
  commands,
  removal,
  probe,
  parse,
};
