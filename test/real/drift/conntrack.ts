import { type Table, hostIsFixed, netnsIsFixed } from "./row";

/** As if a client had sent a packet, and the answer were to come from that server. */
const flow = (destination: string, port: number, server: string): string =>
  `ip netns exec $N conntrack -I -p udp -s 10.244.0.9 -d ${destination} --sport 4000 --dport ${port}` +
  ` -r ${server} -q 10.244.0.9 --reply-port-src 5353 --reply-port-dst 4000 -t 1000`;

export const conntrack: Table = {
  kind: "UdpFlows",
  args: { destinations: ["10.96.0.10:53", ":30053"], servers: ["10.244.0.2:5353"] },
  properties: {
    host: hostIsFixed,
    netns: netnsIsFixed,
    destinations: "where packets were sent cannot be changed; to other destinations there are other flows",
    servers: [
      { drift: "a flow to another server", script: flow("10.96.0.10", 53, "10.244.1.2") },
      { drift: "a flow to another server, by a node's port", script: flow("192.168.0.11", 30053, "10.244.1.2") },
      {
        drift: "flows to several others, and one to the server",
        script: [
          flow("10.96.0.10", 53, "10.244.1.2"),
          flow("192.168.0.11", 30053, "10.244.1.3"),
          flow("192.168.0.12", 30053, "10.244.0.2"),
        ].join("; "),
        leaves: /dst=192\.168\.0\.12/,
      },
      { drift: "a flow where there is no server", args: { servers: [] }, script: flow("10.96.0.10", 53, "10.244.0.2") },
      {
        drift: "a flow to the server",
        script: flow("10.96.0.10", 53, "10.244.0.2"),
        shows: {},
        leaves: /10\.96\.0\.10/,
      },
      {
        drift: "flows to other destinations",
        script: [flow("10.96.0.10", 54, "10.244.1.2"), flow("10.96.0.11", 53, "10.244.1.3")].join("; "),
        shows: {},
        leaves: /src=10\.244\.1\.[23]/,
      },
    ],
  },
  deleted: "the table is always there, and what it does not hold is as it should be",
  replaced: "nobody can put anything else in the place of the table",
};
