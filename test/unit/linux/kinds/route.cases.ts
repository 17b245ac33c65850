import { type Cases, answer, json, noNamespace } from "./cases";

const args = { host: "local", netns: "kt-two", destination: "10.9.0.0/24", via: "10.0.0.1" };
const ip = (words: string) => `ip -n kt-two route ${words}`;
const ip6 = (words: string) => `ip -n kt-two -6 route ${words}`;
const show = (time: number) => answer("ip -n kt-two -j -d route show table main exact 0.0.0.0/0", time);
const show6 = (time: number) => answer("ip -n kt-two -6 -j -d route show table main exact ::/0", time);
const byDefault = { destination: "default" };
const v6 = { destination: "::/0", via: "fd00::1" };
const found = { type: "unicast", metric: 0, table: "main", onlink: false, scope: "global", dev: "eth0" };
const hop = { type: "unicast", scope: "global", flags: [] };

export const cases: Cases = {
  token: "podnet:linux:Route",
  args,
  refused: [
    [{ destination: "10.9.0.1/24" }, "destination", /without host bits/],
    [{ destination: "10.9.0.0" }, "destination", /without host bits/],
    [{ destination: "10.9.0.0/024" }, "destination", /without host bits/],
    [{ destination: "0.0.0.0/0" }, "destination", /write "default"/],
    [{ destination: "FD00::/64", via: "fd00::1" }, "destination", /write "default" or a prefix/],
    [{ destination: "nonsense" }, "destination", /write "default" or a prefix/],
    [{ via: "10.0.0" }, "via", /no address/],
    [{ via: "fd00::0:1", destination: "::/0" }, "via", /write it as fd00::1/],
    [{ via: "fd00::1" }, "via", /not of one IP version/],
    [{ src: "fd00::1" }, "src", /not of one IP version/],
    [{ ...v6, src: "10.0.0.1" }, "src", /not of one IP version/],
    [{ via: undefined }, "via", /needs via or dev/],
    [{ type: "blackhole" }, "type", /leads nowhere/],
    [{ type: "multicast" }, "type", /write one of unicast, blackhole/],
    [{ table: "all" }, "table", /one table/],
    [{ table: "0" }, "table", /one table/],
    [{ metric: -1 }, "metric", /0/],
    [{ scope: "site" }, "scope", /write one of global, link, host/],
    [{ dev: "all" }, "dev", /not called all/],
  ],
  accepted: [
    byDefault,
    v6,
    { destination: "10.9.0.1/32" },
    { via: undefined, dev: "eth0" },
    { via: undefined, type: "throw", table: "100" },
  ],
  create: [
    [{}, [ip("add 10.9.0.0/24 via 10.0.0.1")]],
    [{ netns: undefined, ...byDefault, dev: "eth0" }, ["ip route add default via 10.0.0.1 dev eth0"]],
    [
      { dev: "eth0", src: "10.0.0.10", metric: 50, table: "100", scope: "global", onlink: true },
      [ip("add 10.9.0.0/24 via 10.0.0.1 dev eth0 src 10.0.0.10 metric 50 table 100 scope global onlink")],
    ],
    [{ via: undefined, type: "blackhole" }, [ip("add blackhole 10.9.0.0/24")]],
    [v6, [ip6("add ::/0 via fd00::1")]],
  ],
  change: {
    via: [
      [{}, { via: "10.0.0.2" }, [ip("replace 10.9.0.0/24 via 10.0.0.2")]],
      [{}, { via: undefined, dev: "eth0" }, [ip("replace 10.9.0.0/24 dev eth0")]],
    ],
    dev: [
      [{ dev: "eth0" }, { dev: "eth1" }, [ip("replace 10.9.0.0/24 via 10.0.0.1 dev eth1")]],
      [{ dev: "eth0" }, {}, []],
    ],
    src: [[{}, { src: "10.0.0.10" }, [ip("replace 10.9.0.0/24 via 10.0.0.1 src 10.0.0.10")]]],
    scope: [
      [{ scope: "global" }, { scope: "link" }, [ip("replace 10.9.0.0/24 via 10.0.0.1 scope link")]],
      [{ scope: "global" }, {}, []],
    ],
    onlink: [[{}, { onlink: true }, [ip("replace 10.9.0.0/24 via 10.0.0.1 onlink")]]],
    type: [[{}, { via: undefined, type: "unreachable" }, [ip("replace unreachable 10.9.0.0/24")]]],
  },
  remove: [
    [{}, [ip("del 10.9.0.0/24 metric 0 table main")]],
    [{ via: undefined, type: "blackhole", metric: 5, table: "100" }, [ip("del 10.9.0.0/24 metric 5 table 100")]],
    // To IPv6 a metric of 0 would be any.
    [v6, [ip6("del ::/0 metric 1024 table main")]],
  ],
  // Metric 0 is any to IPv4 too: with nothing there, another's route of a higher metric would go.
  removeNothing: [],
  found: [
    ["nothing", byDefault, [answer("ip -n kt-two -j -d route show table main exact 0.0.0.0/0")], undefined],
    [
      "a table that nobody used",
      { table: "100" },
      [answer("ip -n kt-two -j -d route show table 100 exact 0.0.0.0/0")],
      undefined,
    ],
    [
      "the same of IPv6",
      { ...v6, table: "100" },
      [answer("ip -n kt-two -6 -j -d route show table 100 exact ::/0")],
      undefined,
    ],
    ["no such namespace", {}, [noNamespace], undefined],
    ["there", byDefault, [show(2)], { ...args, ...byDefault, ...found }],
    [
      "on link",
      { destination: "10.7.0.0/24" },
      [answer("ip -n kt-two -j -d route show table main exact 10.7.0.0/24")],
      { ...args, ...found, destination: "10.7.0.0/24", via: "10.9.9.9", onlink: true },
    ],
    [
      "with a source",
      { destination: "10.6.0.0/24" },
      [answer("ip -n kt-two -j -d route show table main exact 10.6.0.0/24")],
      { ...args, ...found, destination: "10.6.0.0/24", src: "10.0.0.10" },
    ],
    [
      "another type by now",
      byDefault,
      [show(3)],
      { ...args, ...byDefault, ...found, via: undefined, dev: undefined, type: "blackhole" },
    ],
    [
      "of two, the one with the metric",
      { ...byDefault, metric: 50 },
      [show(5)],
      { ...args, ...byDefault, ...found, via: "10.0.0.3", metric: 50 },
    ],
    ["only one with another metric", { ...byDefault, metric: 7 }, [show(5)], undefined],
    ["of IPv6, where 0 is 1024", v6, [show6(1)], { ...args, ...v6, ...found }],
    [
      "of IPv6, another type by now",
      v6,
      [show6(2)],
      { ...args, ...v6, ...found, via: undefined, dev: "lo", type: "blackhole" },
    ],
    [
      "several of IPv6 with one metric",
      v6,
      [
        json([
          { ...hop, dev: "eth1", metric: 1024 },
          { ...hop, gateway: "fd00::1", dev: "eth0", metric: 1024 },
        ]),
      ],
      { ...args, ...v6, ...found },
    ],
    [
      "several next hops by now",
      {},
      [
        json([
          {
            ...hop,
            nexthops: [
              { gateway: "10.0.0.1", dev: "eth0" },
              { gateway: "10.0.0.2", dev: "eth0" },
            ],
          },
        ]),
      ],
      { ...args, ...found, via: undefined, dev: undefined },
    ],
    ["one for a type of service", {}, [json([{ ...hop, tos: "0x10", gateway: "10.0.0.1", dev: "eth0" }])], undefined],
  ],
  ids: [
    [{}, "local,kt-two,10.9.0.0/24,main,0"],
    [{ ...v6, netns: undefined, table: "100", metric: 5 }, "local,,::/0,100,5"],
  ],
};
