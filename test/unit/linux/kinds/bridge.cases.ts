import { type Cases, answer, failed, json, noNamespace, said } from "./cases";

const show = (time: number) => answer("ip -n kt-one -j -d addr show dev cbr0", time);
const inside = (words: string) => `ip -n kt-one ${words}`;
const link = { ifindex: 4, ifname: "cbr0", flags: ["UP"], mtu: 1500, address: "0a:58:0a:00:00:01" };
const bridge = { linkinfo: { info_kind: "bridge", info_data: { ageing_time: 30000, stp_state: 0 } } };
const asAsked = {
  netns: "kt-one",
  mtu: 1500,
  mac: "0a:58:0a:00:00:01",
  addresses: [],
  stp: false,
  ageingTime: 300,
  up: true,
  conf: { ipv4: {}, ipv6: {} },
};
const address = (local: string, prefixlen: number, more = {}) => ({ local, prefixlen, scope: "global", ...more });

export const cases: Cases = {
  token: "podnet:linux:Bridge",
  args: { host: "local", netns: "kt-one", name: "cbr0" },
  refused: [
    [{ name: "sixteen-letters-" }, "name", /1-15 letters/],
    [{ name: "br%d" }, "name", /1-15 letters/],
    [{ name: "-x" }, "name", /1-15 letters/],
    [{ name: "a b" }, "name", /1-15 letters/],
    [{ name: "all" }, "name", /not called all or default/],
    [{ name: "default" }, "name", /not called all or default/],
    [{ name: undefined }, "name", /is missing/],
    [{ mtu: 67 }, "mtu", /68/],
    [{ mtu: 65536 }, "mtu", /65535/],
    [{ mtu: 1500.5 }, "mtu", /integer/],
    [{ mac: "0A:58:0A:00:00:01" }, "mac", /lower case/],
    [{ addresses: ["10.0.0.1"] }, "addresses.0", /prefix length/],
    [{ addresses: ["10.0.0.1/33"] }, "addresses", /prefix length/],
    [{ addresses: ["10.0.0.01/24"] }, "addresses", /no address/],
    [{ addresses: ["10.0.0.256/24"] }, "addresses", /no address/],
    [{ addresses: ["fd00:0::1/64"] }, "addresses", /write it as fd00::1/],
    [{ addresses: ["10.0.0.1/24", "10.0.0.1/24"] }, "addresses", /twice/],
    [{ ageingTime: -1 }, "ageingTime", /0/],
    [{ conf: { ipv4: { "../x": 1 } } }, "conf.ipv4.../x", /is no setting of an interface/],
    [{ conf: { ipv4: { arp_notify: "1" } } }, "conf.ipv4.arp_notify", /integer/],
    [{ conf: { ipv5: {} } }, "conf.ipv5", /is no property here/],
    [{ netns: "" }, "netns", /length/],
  ],
  accepted: [{ name: "br.5" }, { addresses: ["::ffff:1.2.3.4/128", "10.0.0.1/32", "10.0.0.1/24"] }],
  create: [
    [
      {},
      [inside("link add dev cbr0 type bridge"), inside("link set dev cbr0 mtu 1500"), inside("link set dev cbr0 up")],
    ],
    [
      {
        ...{ mtu: 1400, mac: "0a:58:0a:00:00:01", addresses: ["10.0.0.1/24", "10.1.0.0/31", "fd00::1/64"] },
        ...{ stp: true, ageingTime: 10, up: false, conf: { ipv6: { accept_ra: 0 }, ipv4: { arp_notify: 1 } } },
      },
      [
        inside("link add dev cbr0 address 0a:58:0a:00:00:01 type bridge"),
        inside("link set dev cbr0 type bridge stp_state 1"),
        inside("link set dev cbr0 type bridge ageing_time 1000"),
        inside("link set dev cbr0 mtu 1400"),
        "ip netns exec kt-one sysctl -q -w net/ipv4/conf/cbr0/arp_notify=1 net/ipv6/conf/cbr0/accept_ra=0",
        inside("addr add 10.0.0.1/24 brd + dev cbr0"),
        inside("addr add 10.1.0.0/31 dev cbr0"),
        inside("addr add fd00::1/64 dev cbr0"),
      ],
    ],
    [
      { netns: undefined },
      ["ip link add dev cbr0 type bridge", "ip link set dev cbr0 mtu 1500", "ip link set dev cbr0 up"],
    ],
  ],
  change: {
    mtu: [[{}, { mtu: 1400 }, [inside("link set dev cbr0 mtu 1400")]]],
    mac: [
      [
        { mac: "0a:58:0a:00:00:01" },
        { mac: "0a:58:0a:00:00:02" },
        [inside("link set dev cbr0 address 0a:58:0a:00:00:02")],
      ],
      [{ mac: "0a:58:0a:00:00:01" }, {}, []],
    ],
    addresses: [
      [{}, { addresses: ["10.0.0.1/24"] }, [inside("addr add 10.0.0.1/24 brd + dev cbr0")]],
      [{ addresses: ["10.0.0.1/24"] }, {}, [inside("addr del 10.0.0.1/24 dev cbr0")]],
      // With its last address an interface loses its routes, so the new one comes first.
      [
        { addresses: ["10.0.0.1/24"] },
        { addresses: ["10.2.0.1/24"] },
        [inside("addr add 10.2.0.1/24 brd + dev cbr0"), inside("addr del 10.0.0.1/24 dev cbr0")],
      ],
      // A subnet's first address takes those behind it along.
      [
        { addresses: ["10.0.0.1/24", "10.0.0.2/24"] },
        {},
        [inside("addr del 10.0.0.2/24 dev cbr0"), inside("addr del 10.0.0.1/24 dev cbr0")],
      ],
      [
        { addresses: ["10.0.0.1/24", "10.0.0.2/24"] },
        { addresses: ["10.0.0.2/24"] },
        [
          `ip netns exec kt-one sh -c 'dev=$1 s=0; shift; f=/proc/sys/net/ipv4/conf/$dev/promote_secondaries; was=$(cat "$f") && echo 1 >"$f" || exit; for a; do ip addr del $a dev "$dev" || s=$?; done; echo "$was" >"$f"; exit $s' sh cbr0 10.0.0.1/24`,
        ],
      ],
      // IPv6 has each address once.
      [
        { addresses: ["fd00::1/64"] },
        { addresses: ["fd00::1/48"] },
        [inside("addr del fd00::1/64 dev cbr0"), inside("addr add fd00::1/48 dev cbr0")],
      ],
      [{ addresses: ["10.0.0.1 peer 10.0.0.2/32"] }, {}, [inside("addr del 10.0.0.1 peer 10.0.0.2/32 dev cbr0")]],
    ],
    stp: [
      [{}, { stp: true }, [inside("link set dev cbr0 type bridge stp_state 1")]],
      [{ stp: true }, {}, [inside("link set dev cbr0 type bridge stp_state 0")]],
    ],
    ageingTime: [[{}, { ageingTime: 0 }, [inside("link set dev cbr0 type bridge ageing_time 0")]]],
    conf: [
      [
        { conf: { ipv4: { arp_notify: 0 } } },
        { conf: { ipv4: { arp_notify: 1 } } },
        ["ip netns exec kt-one sysctl -q -w net/ipv4/conf/cbr0/arp_notify=1"],
      ],
      [{ conf: { ipv4: { arp_notify: 0 } } }, {}, []],
    ],
    up: [
      [{ up: false }, {}, [inside("link set dev cbr0 up")]],
      [{}, { up: false }, [inside("link set dev cbr0 down")]],
      // IPv6 addresses go with the link.
      [
        { addresses: ["10.0.0.1/24", "fd00::1/64"] },
        { addresses: ["10.0.0.1/24", "fd00::1/64"], up: false },
        [inside("link set dev cbr0 down"), inside("addr replace fd00::1/64 dev cbr0")],
      ],
    ],
  },
  remove: [
    [{}, [inside("link del dev cbr0")]],
    [{ netns: undefined }, ["ip link del dev cbr0"]],
  ],
  removeNothing: [],
  found: [
    ["not there", {}, [show(1)], undefined],
    ["no such namespace", {}, [noNamespace], undefined],
    ["down, with the spanning tree", {}, [show(2)], { ...asAsked, mtu: 1400, stp: true, ageingTime: 30, up: false }],
    ["with another MTU", {}, [show(3)], { ...asAsked, mtu: 1450, stp: true, ageingTime: 30, up: false }],
    [
      "with addresses, of which the link-local one is the kernel's",
      { addresses: ["fe80::1/64", "10.0.0.2/24"] },
      [
        json([
          {
            ...{ ...link, ...bridge },
            addr_info: [
              ...[address("10.0.0.1", 24), address("10.0.0.2", 24), address("10.0.0.7", 32, { address: "10.0.0.8" })],
              ...[address("fe80::1", 64, { scope: "link" }), address("fe80::58ff:fe00:1", 64, { scope: "link" })],
            ],
          },
        ]),
      ],
      { ...asAsked, addresses: ["fe80::1/64", "10.0.0.2/24", "10.0.0.1/24", "10.0.0.7 peer 10.0.0.8/32"] },
    ],
    [
      "with settings",
      { conf: { ipv4: { arp_notify: 1 }, ipv6: { accept_ra: 0 } } },
      [
        json([{ ...link, ...bridge, addr_info: [] }]),
        answer("ip netns exec kt-one sysctl net/ipv4/conf/cbr0/arp_notify net/ipv6/conf/cbr0/accept_ra"),
      ],
      { ...asAsked, conf: { ipv4: { arp_notify: 0 }, ipv6: { accept_ra: 1 } } },
    ],
    [
      "without one of two settings",
      { conf: { ipv4: { nosuch: 1 }, ipv6: { accept_ra: 0 } } },
      [
        json([{ ...link, ...bridge, addr_info: [] }]),
        failed(
          "sysctl: cannot stat /proc/sys/net/ipv4/conf/cbr0/nosuch: No such file or directory",
          1,
          "net.ipv6.conf.cbr0.accept_ra = 1\n",
        ),
      ],
      { ...asAsked, conf: { ipv4: {}, ipv6: { accept_ra: 1 } } },
    ],
    [
      "a name with a dot",
      { name: "br.5", conf: { ipv4: { arp_notify: 1 } } },
      [
        json([{ ...link, ifname: "br.5", ...bridge, addr_info: [] }]),
        answer("ip netns exec kt-one sysctl net/ipv4/conf/br.5/arp_notify"),
      ],
      { ...asAsked, name: "br.5", conf: { ipv4: { arp_notify: 0 }, ipv6: {} } },
    ],
    ["a veth end of that name", {}, [answer("ip -n kt-one -j -d addr show dev port1")], /its kind is veth, not bridge/],
    ["an interface of no kind", {}, [json([{ ...link, addr_info: [] }])], /its kind is none, not bridge/],
    [
      "settings of another interface do not count",
      {},
      [json([{ ...link, ...bridge, addr_info: [] }]), said("")],
      asAsked,
    ],
  ],
  ids: [
    [{}, "local,kt-one,cbr0"],
    [{ netns: undefined }, "local,,cbr0"],
  ],
};
