import { type Cases, noNamespace, said } from "./cases";

const args = {
  host: "local",
  netns: "kt-one",
  destinations: ["10.96.0.10:53", ":30053"],
  servers: ["10.244.0.2:5353"],
};
const entry = (to: string, port: number, by: string, from: number): string =>
  `udp      17 27 src=10.244.0.9 dst=${to} sport=4000 dport=${port} [UNREPLIED] src=${by} dst=10.244.0.9 sport=${from} dport=4000 mark=0 use=1\n`;
const deletion = (to: string, server: string): string =>
  `ip netns exec kt-one conntrack -D -p udp ${to} --reply-src ${server.replace(":", " --reply-port-src ")}`;
const [cluster, node] = ["--orig-dst 10.96.0.10 --orig-port-dst 53", "--orig-port-dst 30053"];

export const cases: Cases = {
  token: "podnet:linux:UdpFlows",
  args,
  refused: [
    [{ destinations: [] }, "destinations", /greater or equal to 1/],
    [{ servers: ["10.244.0.2"] }, "servers.0", /as 10.244.0.2:53/],
    [{ destinations: ["53"] }, "destinations.0", /as 10.96.0.10:53/],
  ],
  accepted: [{ servers: [] }],
  create: [
    [{}, [cluster, node].map((to) => `ip netns exec kt-one conntrack -D -p udp ${to}`)],
    [{ netns: undefined, destinations: [":53"] }, ["conntrack -D -p udp --orig-port-dst 53"]],
  ],
  change: {
    servers: [
      [
        { servers: ["10.244.0.2:5353", "10.244.1.2:5353"] },
        {},
        [deletion(cluster, "10.244.1.2:5353"), deletion(node, "10.244.1.2:5353")],
      ],
    ],
  },
  remove: [[{}, []]],
  removeNothing: [],
  found: [
    ["nothing", {}, [said("")], args],
    ["what it should hold", {}, [said(entry("10.96.0.10", 53, "10.244.0.2", 5353))], args],
    [
      "what leads to others",
      {},
      [
        said(
          entry("10.96.0.10", 53, "10.244.1.2", 5353) +
            entry("192.168.0.11", 30053, "10.244.1.3", 5353) +
            entry("10.96.0.10", 53, "10.244.1.2", 5353),
        ),
      ],
      { ...args, servers: ["10.244.0.2:5353", "10.244.1.2:5353", "10.244.1.3:5353"] },
    ],
    ["what is for others", {}, [said(entry("10.96.0.11", 53, "10.244.1.2", 5353))], args],
    ["no such namespace", {}, [noNamespace], undefined],
  ],
  ids: [
    [{}, "local,kt-one,10.96.0.10:53+:30053"],
    [{ netns: undefined }, "local,,10.96.0.10:53+:30053"],
  ],
};
