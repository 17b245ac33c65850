// Where connection tracking leads UDP packets: a flow goes on to the server it began with, even when new flows go to others,
// so entries that lead to a server that is gone have to go (conntrack(8)). The table is always there; what counts is what it
// does not hold.
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { type Kind, parts } from "./kind";
import { remembered } from "./remembered";
import { host, netns, withDefault } from "./schema";

const args = Type.Object({
  host,
  netns,
  destinations: Type.Array(
    Type.String({
      pattern: "^[0-9.]*:[0-9]+$",
      errorMessage: "write a destination as 10.96.0.10:53, or :30053 for the port of any address",
    }),
    { minItems: 1, description: "To where clients send, as 10.96.0.10:53, or :30053 for the port of any address." },
  ),
  servers: withDefault(
    Type.Array(Type.String({ pattern: "^[0-9.]+:[0-9]+$", errorMessage: "write a server as 10.244.0.2:53" }), {
      description: "Who may answer, as 10.244.0.2:53. Entries that lead to others are deleted.",
    }),
    [],
  ),
});

type Flows = Static<typeof args>;

const conntrack = ({ netns }: Flows, ...argv: string[]): Command => ({
  argv: within(netns, ["conntrack", ...argv]),
});

/** Entries to the destinations; an entry may end by itself at any time. */
const forget = (want: Flows, ...by: string[]): Command[] =>
  want.destinations.map((destination) => {
    const [address = "", port = ""] = destination.split(":");
    const to = [...(address === "" ? [] : ["--orig-dst", address]), "--orig-port-dst", port];
    return { ...conntrack(want, "-D", "-p", "udp", ...to, ...by), mayFail: true };
  });

function commands(want: Flows, found: Flows | undefined): Command[] {
  if (!found) return forget(want);
  const stale = found.servers.filter((server) => !want.servers.includes(server));
  return stale.flatMap((server) => {
    const [ip = "", number = ""] = server.split(":");
    return forget(want, "--reply-src", ip, "--reply-port-src", number);
  });
}

interface Entry {
  readonly address: string;
  readonly port: string;
  readonly server: string;
}

/** The first tuple of a line is as the client sent it, the second as the answer comes. */
const readEntries = remembered((text): readonly Entry[] =>
  text.split("\n").flatMap((line) => {
    const [, address = "", port = ""] = / dst=(\S+) sport=\d+ dport=(\d+)/.exec(line) ?? [];
    const [, ip, from] = / dst=.* src=(\S+) dst=\S+ sport=(\d+)/.exec(line) ?? [];
    return ip === undefined ? [] : [{ address, port, server: `${ip}:${from}` }];
  }),
);

function parse([output]: readonly Output[], want: Flows): Flows | undefined {
  if (!output || saysNotFound(output)) return undefined;
  const { destinations, servers } = want;
  const others = readEntries(output.stdout)
    .filter(({ address, port }) => destinations.includes(`${address}:${port}`) || destinations.includes(`:${port}`))
    .map(({ server }) => server)
    .filter((server) => !servers.includes(server));
  return { ...want, servers: [...servers, ...new Set(others)] };
}

export const udpFlowsKind: Kind<typeof args> = {
  token: "podnet:linux:UdpFlows",
  description:
    "What connection tracking holds of UDP to some destinations: nothing that leads to others than their servers (conntrack(8)).",
  args,
  identity: ["host", "netns", "destinations"],
  id: ({ netns = "", destinations }) => `${netns},${destinations.join("+")}`,
  fromId: (id) => {
    const [netns, destinations = ""] = parts(id, 2);
    return { ...(netns ? { netns } : {}), destinations: destinations.split("+") };
  },
  within: ({ netns }) => [netns],
  permanent: true,
  transient: true,
  commands,
  removal: () => [],
  probe: (want) => [conntrack(want, "-L", "-p", "udp")],
  shared: true,
  parse,
};
