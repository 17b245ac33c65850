// A route: where packets for a destination go next (ip-route(8)).
import { Address4, Address6 } from "ip-address";
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { asTheKernelWrites, faultsOfAddress, isIPv6 } from "./address";
import { type Kind, parts } from "./kind";
import { type Fault, host, interfaceName, netns, withDefault } from "./schema";

const address = Type.String({ pattern: "^[0-9a-f.:]+$", errorMessage: "write an address as 192.168.0.1" });

const types = ["unicast", "blackhole", "unreachable", "prohibit", "throw", "local"] as const;

const args = Type.Object({
  host,
  netns,
  destination: Type.String({
    minLength: 1,
    description: "`default` (IPv4), or a prefix as 10.244.1.0/24; IPv6's default is ::/0.",
  }),
  via: Type.Optional({ ...address, description: "Address of the next router." }),
  dev: Type.Optional({
    ...interfaceName,
    description: "Interface the packets leave by; the kernel finds it from `via` where it is left out.",
  }),
  src: Type.Optional({ ...address, description: "Source address for what this machine sends itself." }),
  metric: withDefault(
    Type.Integer({
      minimum: 0,
      maximum: 4294967295,
      description: "Of two routes the lower metric wins; 0 stands for 1024 with IPv6, which knows no 0.",
    }),
    0,
  ),
  table: withDefault(
    Type.String({
      pattern: "^(?!(all|cache|unspec|0)$)[a-z0-9_]+$",
      errorMessage: "write the name or the number of one table",
      description: "Routing table, by name or number.",
    }),
    "main",
  ),
  scope: Type.Optional(
    Type.Union([Type.Literal("global"), Type.Literal("link"), Type.Literal("host")], {
      description: "Where the destination is valid; without it, what the kernel derives.",
    }),
  ),
  onlink: withDefault(Type.Boolean({ description: "Take `via` for a neighbour though no address says so." }), false),
  type: withDefault(
    Type.Union(
      types.map((type) => Type.Literal(type)),
      { description: `What happens to the packets: ${types.join(", ")}.` },
    ),
    "unicast",
  ),
});

type Route = Static<typeof args>;

function validate(want: Route): Fault[] {
  const faults: Fault[] = [];
  const { destination, via, src, dev, type } = want;
  if (destination !== "default" && !isPrefix(destination))
    faults.push({
      property: "destination",
      reason: `${destination}: write "default" or a prefix without host bits, as 10.244.1.0/24`,
    });
  for (const [property, address] of Object.entries({ via, src })) {
    if (address === undefined) continue;
    faults.push(...faultsOfAddress(property, address, "192.168.0.1"));
    if (isIPv6(address) !== isIPv6(destination))
      faults.push({ property, reason: `${address} and the destination ${destination} are not of one IP version` });
  }
  if (type === "unicast" && via === undefined && dev === undefined)
    faults.push({ property: "via", reason: "a unicast route needs via or dev" });
  if (type !== "unicast" && type !== "local" && (via !== undefined || dev !== undefined))
    faults.push({ property: "type", reason: `a ${type} route leads nowhere; leave out via and dev` });
  return faults;
}

/** As the kernel writes it; IPv4's 0.0.0.0/0 has its one name already. */
function isPrefix(text: string): boolean {
  const [address = "", length = ""] = text.split("/");
  if (!/^(0|[1-9]\d*)$/.test(length) || asTheKernelWrites(address) !== address || text === "0.0.0.0/0") return false;
  const network = isIPv6(text) ? Address6 : Address4;
  return network.isValid(text) && asTheKernelWrites(new network(text).startAddress().correctForm()) === address;
}

const family = (route: Route): string[] => (isIPv6(route.destination) ? ["-6"] : []);
/** IPv6 takes a 0 for its default (ipv6_route.h, IP6_RT_PRIO_USER). */
const metricInKernel = ({ destination, metric }: Route): number =>
  metric === 0 && isIPv6(destination) ? 1024 : metric;
const ip = (route: Route, ...argv: string[]): Command => ({
  argv: within(route.netns, ["ip", ...family(route), ...argv]),
});

/** `replace` changes a route of the same destination, metric and table in one step: no packet meets a gap. */
function commands(want: Route, found: Route | undefined): Command[] {
  if (found && isAsAsked(want, found)) return [];
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

const derived = ["dev", "scope"] as const;

/** What the kernel fills in does not count where nobody asked for it. */
function isAsAsked(want: Route, found: Route): boolean {
  const asked = derived.filter((key) => want[key] !== undefined);
  return (["via", "src", "onlink", "type", ...asked] as const).every((key) => want[key] === found[key]);
}

/** Says no more than what identifies it: whatever it has become, it goes. To IPv4, metric 0 is any; the lowest goes first. */
function removal(want: Route, found: Route | undefined): Command[] {
  if (!found) return [];
  return [ip(want, "route", "del", want.destination, "metric", `${metricInKernel(want)}`, "table", want.table)];
}

function probe(want: Route): Command[] {
  const exact = want.destination === "default" ? "0.0.0.0/0" : want.destination;
  return [
    {
      argv: within(want.netns, [
        "ip",
        ...family(want),
        "-j",
        "-d",
        "route",
        "show",
        "table",
        want.table,
        "exact",
        exact,
      ]),
    },
  ];
}

interface IpRoute {
  readonly type: Route["type"];
  readonly gateway?: string;
  readonly dev?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  /** Routes for some packets only, by their type of service; none of podnet's. */
  readonly tos?: string;
  readonly scope?: Route["scope"];
  readonly flags: readonly string[];
}

function parse([output]: readonly Output[], want: Route): Route | undefined {
  if (!output || saysNotFound(output)) return undefined;
  const routes = JSON.parse(output.stdout || "[]") as IpRoute[];
  const ours = routes.filter(({ metric = 0, tos }) => metric === metricInKernel(want) && tos === undefined);
  // IPv6 may have several with one metric.
  const all = ours.map((route) => inOurWords(route, want));
  return all.find((route) => isAsAsked(want, route)) ?? all[0];
}

function inOurWords({ type, gateway, dev, prefsrc, scope, flags }: IpRoute, want: Route): Route {
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
  derived,
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
