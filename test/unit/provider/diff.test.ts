// What differs, in Pulumi's words: what is there (state) against what is wanted (inputs).
import { kindOf } from "../../../components/linux/registry";
import { fill } from "../../../components/linux/schema";
import { diff } from "../../../provider/diff";
import type { Values } from "../../../provider/values";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const veth = { host: "local", netns: "a", name: "eth0", peer: { netns: "b", name: "port" } };
const bridge = { host: "local", netns: "a", name: "cbr0" };
const process = { host: "local", name: "web", command: ["server"] };
const chains = { host: "local", table: "nat", chains: { A: ["-j RETURN"] } };
const rule = { host: "local", table: "nat", chain: "OUTPUT", rule: "-j RETURN" };
const route = { host: "local", destination: "default", via: "10.0.0.1" };

type Row = readonly [what: string, kind: string, state: Values, wanted: Values, differences: readonly string[]];

/** `~` update, `+` add, `-` delete; `!` where it takes another object. */
const rows: readonly Row[] = [
  ["nothing", "Bridge", bridge, bridge, []],
  ["a number", "Bridge", { ...bridge, mtu: 1400 }, bridge, ["~mtu"]],
  [
    "a list, as a whole",
    "Bridge",
    { ...bridge, addresses: ["10.0.0.1/24"] },
    { ...bridge, addresses: ["10.0.0.2/24"] },
    ["~addresses"],
  ],
  ["the name", "Bridge", bridge, { ...bridge, name: "cbr1" }, ["~name!"]],
  ["the place", "Bridge", bridge, { ...bridge, netns: undefined }, ["-netns!"]],
  ["the host", "Bridge", { ...bridge, netns: undefined }, { ...bridge, host: "other" }, ["~host!", "+netns!"]],
  ["what the kernel filled in", "Bridge", { ...bridge, mac: "0a:58:0a:00:00:01" }, bridge, []],
  [
    "what the kernel filled in, asked for",
    "Bridge",
    { ...bridge, mac: "0a:58:0a:00:00:01" },
    { ...bridge, mac: "0a:58:0a:00:00:02" },
    ["~mac"],
  ],
  ["asked for at last", "Bridge", bridge, { ...bridge, mac: "0a:58:0a:00:00:02" }, ["+mac"]],
  [
    "commands that a release words otherwise",
    "Bridge",
    { ...bridge, commands: ["a"] },
    { ...bridge, commands: ["b"] },
    [],
  ],
  [
    "a setting",
    "Bridge",
    bridge,
    { ...bridge, conf: { ipv4: { arp_notify: 1 }, ipv6: {} } },
    ["+conf.ipv4.arp_notify"],
  ],
  [
    "a setting that nobody asks for any more",
    "Bridge",
    { ...bridge, conf: { ipv4: { arp_notify: 1 }, ipv6: {} } },
    bridge,
    ["-conf.ipv4.arp_notify"],
  ],
  ["the other end", "Veth", veth, { ...veth, peer: { ...veth.peer, mtu: 1400 } }, ["~peer.mtu"]],
  ["the other end's name", "Veth", veth, { ...veth, peer: { ...veth.peer, name: "x" } }, ["~peer.name!"]],
  [
    "the other end's MAC address, which nobody asked for",
    "Veth",
    { ...veth, peer: { ...veth.peer, mac: "0a:58:0a:00:00:01" } },
    veth,
    [],
  ],
  ["the other end altogether", "Veth", { ...veth, peer: undefined }, veth, ["+peer!"]],
  ["an environment", "Process", process, { ...process, env: { "A.B": "1" } }, ['+env["A.B"]!']],
  ["words", "Process", process, { ...process, command: ["other"] }, ["~command!"]],
  ["what to wait for", "Process", process, { ...process, listens: [{ protocol: "TCP", port: 1 }] }, ["~listens"]],
  [
    "chains",
    "IptablesChains",
    { ...chains, saved: { A: ["x"] } },
    { ...chains, chains: { "B-C": [] } },
    ["-chains.A", '+chains["B-C"]'],
  ],
  ["how iptables-save writes it", "IptablesChains", { ...chains, saved: { A: ["x"] } }, chains, []],
  ["the place of a rule, which nobody asked for", "IptablesRule", { ...rule, position: 3 }, rule, []],
  ["the place of a rule", "IptablesRule", { ...rule, position: 3 }, { ...rule, position: 1 }, ["~position"]],
  ["the words of a rule", "IptablesRule", rule, { ...rule, rule: "-j ACCEPT" }, ["~rule"]],
  ["the chain of a rule", "IptablesRule", rule, { ...rule, chain: "INPUT" }, ["~chain!"]],
  ["a type", "Route", { ...route, type: "blackhole", via: undefined }, route, ["~type", "+via"]],
  ["a metric", "Route", route, { ...route, metric: 5 }, ["~metric!"]],
  ["an interface, which nobody asked for", "Route", { ...route, dev: "eth0", scope: "global" }, route, []],
  ["a value that is not known yet", "Route", route, { ...route, via: unknown }, ["~via"]],
  ["a name that is not known yet", "Route", { ...route, netns: "a" }, { ...route, netns: unknown }, ["~netns!"]],
];

test.each(rows)("%s", (_what, name, state, wanted, differences) => {
  const kind = kindOf(`podnet:linux:${name}`);
  const full = (values: Values): Values => {
    const given = JSON.parse(JSON.stringify(values)) as Values;
    // A veth pair without its other end is half a state.
    if (!("peer" in values) || given["peer"] !== undefined) return fill(kind.args, given);
    const { peer: _, ...rest } = fill(kind.args, { ...given, peer: veth.peer });
    return rest;
  };
  const sign = { add: "+", delete: "-", update: "~" };
  const found = diff(kind, full(state), full(wanted));
  expect(found.map(({ path, change, replaces }) => `${sign[change]}${path}${replaces ? "!" : ""}`).sort()).toEqual(
    [...differences].sort(),
  );
});
