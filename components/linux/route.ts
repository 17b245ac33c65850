// A route: where packets for a destination go next (ip-route(8)).
import { Address4, Address6 } from "ip-address";
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { type Kind, parts } from "./kind";
import { type Fault, host, interfaceName, netns, withDefault } from "./schema";

const address = Type.String({ pattern: "^[0-9a-f.:]+$", errorMessage: "write an address as 192.168.0.1" });

const types = ["unicast", "blackhole", "unreachable", "prohibit", "throw", "local"] as const;

const args = Type.Object({
  host,
  netns,
  destination: Type.String({ minLength: 1, description: "`default` (IPv4), or a prefix as 10.244.1.0/24." }),
  via: Type.Optional({ ...address, description: "Address of the next router." }),
  dev: Type.Optional({ ...interfaceName, description: "Interface the packets leave by; the kernel finds it from `via` where it is left out." }),
  src: Type.Optional({ ...address, description: "Source address for what this machine sends itself." }),
  metric: withDefault(Type.Integer({ minimum: 0, maximum: 4294967295, description: "Of two routes the lower metric wins." }), 0),
  table: withDefault(Type.String({ pattern: "^[a-z0-9_]+$", description: "Routing table, by name or number." }), "main"),
  scope: Type.Optional(
    Type.Union([Type.Literal("global"), Type.Literal("link"), Type.Literal("host")], {
      description: "Where the destination is valid; without it, what the kernel derives.",
    }),
  ),
  onlink: withDefault(Type.Boolean({ description: "Take `via` for a neighbour though no address says so." }), false),
  type: withDefault(
    Type.Union(types.map((type) => Type.Literal(type)), { description: `What happens to the packets: ${types.join(", ")}.` }),
    "unicast",
  ),
});

type Route = Static<typeof args>;

function validate(want: Route): Fault[] {
  const faults: Fault[] = [];
  const { destination, via, dev, type } = want;
  if (destination !== "default" && !isPrefix(destination))
    faults.push({ property: "destination", reason: `${destination}: write "default" or a prefix without host bits, as 10.244.1.0/24` });
  if (type === "unicast" && via === undefined && dev === undefined)
    faults.push({ property: "via", reason: "a unicast route needs via or dev" });
  if (type !== "unicast" && type !== "local" && (via !== undefined || dev !== undefined))
    faults.push({ property: "type", reason: `a ${type} route leads nowhere; leave out via and dev` });
  return faults;
}

function isPrefix(text: string): boolean {
  if (!text.includes("/")) return false;
  if (Address4.isValid(text)) return new Address4(text).startAddress().correctForm() === text.split("/")[0];
  return Address6.isValid(text) && new Address6(text).startAddress().correctForm() === text.split("/")[0];
}

const family = (route: Route): string[] => (route.destination.includes(":") ? ["-6"] : []);
const ip = (route: Route, ...argv: string[]): Command => ({ argv: within(route.netns, ["ip", ...family(route), ...argv]) });

/** `replace` changes a route of the same destination, metric and table in one step: no packet meets a gap. */
function commands(want: Route, found: Route | undefined): Command[] {
  if (found && same(want, found)) return [];
  const { type, destination, via, dev, src, metric, table, scope, onlink } = want;
  const word = (name: string, value: string | undefined): string[] => (value === undefined ? [] : [name, value]);
  return [
    ip(
      want,
      "route",
      found ? "replace" : "add",
      ...(type === "unicast" ? [] : [type]),
      destination,
      ...word("via", via),
      ...word("dev", dev),
      ...word("src", src),
      ...(metric === 0 ? [] : ["metric", `${metric}`]),
      ...(table === "main" ? [] : ["table", table]),
      ...word("scope", scope),
      ...(onlink ? ["onlink"] : []),
    ),
  ];
}

function same(want: Route, found: Route): boolean {
  return (["via", "dev", "src", "scope", "onlink", "type"] as const).every((key) => want[key] === found[key]);
}

function removal(want: Route): Command[] {
  const { type, destination, metric, table } = want;
  return [ip(want, "route", "del", ...(type === "unicast" ? [] : [type]), destination, "metric", `${metric}`, "table", table)];
}

function probe(want: Route): Command[] {
  const exact = want.destination === "default" ? "0.0.0.0/0" : want.destination;
  return [{ argv: within(want.netns, ["ip", ...family(want), "-j", "-d", "route", "show", "table", want.table, "exact", exact]) }];
}

interface IpRoute {
  readonly type: Route["type"];
  readonly gateway?: string;
  readonly dev?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly scope?: Route["scope"];
  readonly flags: readonly string[];
}

function parse([output]: readonly Output[], want: Route): Route | undefined {
  if (!output || saysNotFound(output)) return undefined;
  const routes = JSON.parse(output.stdout || "[]") as IpRoute[];
  const found = routes.find(({ metric = 0 }) => metric === want.metric);
  if (!found) return undefined;
  const { type, gateway, dev, prefsrc, scope, flags } = found;
  return {
    host: want.host,
    ...(want.netns === undefined ? {} : { netns: want.netns }),
    destination: want.destination,
    ...(gateway === undefined ? {} : { via: gateway }),
    ...(dev === undefined ? {} : { dev }),
    ...(prefsrc === undefined ? {} : { src: prefsrc }),
    metric: want.metric,
    table: want.table,
    ...(scope === undefined ? {} : { scope }),
    onlink: flags.includes("onlink"),
    type,
  };
}

export const routeKind: Kind<typeof args> = {
  token: "podnet:linux:Route",
  description: "A route: where packets for a destination go next (ip-route(8)).",
  args,
  identity: ["host", "netns", "destination", "metric", "table"],
  derived: ["dev", "scope"],
  validate,
  id: ({ netns = "", destination, table, metric }) => `${netns},${destination},${table},${metric}`,
  fromId: (id) => {
    const [netns, destination, table, metric] = parts(id, 4);
    return { ...(netns ? { netns } : {}), destination, table: table || "main", metric: Number(metric ?? 0) };
  },
  within: ({ netns }) => [netns],
  commands,
  removal,
  probe,
  parse,
};
