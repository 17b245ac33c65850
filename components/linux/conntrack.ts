// Where connection tracking leads UDP packets: a flow goes on to the server it began with, even when new flows go to others,
// so entries that lead to a server that is gone have to go (conntrack(8)). The table is always there; what counts is what it
// does not hold.
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { type Kind, parts } from "./kind";
import { remembered } from "./remembered";
import { closed, host, netns, withDefault } from "./schema";

const port = Type.Integer({ minimum: 1, maximum: 65535 });
const address = Type.String({ pattern: "^[0-9.]+$", errorMessage: "write an IPv4 address" });

const args = Type.Object({
  host,
  netns,
  name: Type.String({
    pattern: "^[^,\\s]+$",
    errorMessage: "a name has no comma and no white space",
    description: "Name, unique in its namespace.",
  }),
  destinations: withDefault(
    Type.Array(Type.Object({ address: Type.Optional(address), port }, closed), {
      description: "To where clients send; without an address, to the port of any.",
    }),
    [],
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
  want.destinations.map(({ address, port }) => {
    const to = [...(address === undefined ? [] : ["--orig-dst", address]), "--orig-port-dst", `${port}`];
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
  readonly to: string;
  readonly port: number;
  readonly server: string;
}

/** The first tuple of a line is as the client sent it, the second as the answer comes. */
const readEntries = remembered((text): readonly Entry[] =>
  text.split("\n").flatMap((line) => {
    const [, to = "", port = ""] = / dst=(\S+) sport=\d+ dport=(\d+)/.exec(line) ?? [];
    const [, ip, from] = / dst=.* src=(\S+) dst=\S+ sport=(\d+)/.exec(line) ?? [];
    return ip === undefined ? [] : [{ to, port: Number(port), server: `${ip}:${from}` }];
  }),
);

function parse([output]: readonly Output[], want: Flows): Flows | undefined {
  if (!output || saysNotFound(output)) return undefined;
  const { destinations, servers } = want;
  const others = readEntries(output.stdout)
    .filter(({ to, port }) =>
      destinations.some((its) => its.port === port && (its.address === undefined || its.address === to)),
    )
    .map(({ server }) => server)
    .filter((server) => !servers.includes(server));
  return { ...want, servers: [...servers, ...new Set(others)] };
}

export const udpFlowsKind: Kind<typeof args> = {
  token: "podnet:linux:UdpFlows",
  description:
    "What connection tracking holds of UDP to some destinations: nothing that leads to others than their servers (conntrack(8)).",
  args,
  identity: ["host", "netns", "name"],
  id: ({ netns = "", name }) => `${netns},${name}`,
  fromId: (id) => {
    const [netns, name] = parts(id, 2);
    return { ...(netns ? { netns } : {}), name };
  },
  within: ({ netns }) => [netns],
  permanent: true,
  commands,
  removal: () => [],
  probe: (want) => [conntrack(want, "-L", "-p", "udp")],
  shared: true,
  parse,
};
