import { type Cases, answer, json, noNamespace } from "./cases";

const args = {
  host: "local",
  netns: "kt-two",
  name: "eth0",
  mtu: 1400,
  peer: { netns: "kt-one", name: "port1", mtu: 1400 },
};
const peer = (different: object) => ({ peer: { ...args.peer, ...different } });
const two = (words: string) => `ip -n kt-two ${words}`;
const one = (words: string) => `ip -n kt-one ${words}`;
const missing = answer("ip -n kt-one -j -d addr show dev v1", 2);
const end = (ifindex: number, ifname: string, more: object = {}) =>
  json([
    {
      ifindex,
      ifname,
      flags: ["UP"],
      mtu: 1400,
      address: "0a:58:0a:00:00:01",
      linkinfo: { info_kind: "veth" },
      addr_info: [],
      ...more,
    },
  ]);
const state = {
  mtu: 1400,
  mac: "0a:58:0a:00:00:01",
  addresses: [],
  hairpin: false,
  conf: { ipv4: {}, ipv6: {} },
  up: true,
};

export const cases: Cases = {
  token: "podnet:linux:Veth",
  args,
  refused: [
    [{ peer: undefined }, "peer", /is missing/],
    [peer({ name: undefined }), "peer.name", /is missing/],
    [peer({ nme: "x" }), "peer.nme", /is no property here/],
    [peer({ netns: "kt-two", name: "eth0" }), "peer.name", /both ends cannot be eth0/],
    [{ hairpin: true }, "hairpin", /only a bridge's port has it/],
    [peer({ hairpin: true }), "peer.hairpin", /only a bridge's port has it/],
    [peer({ addresses: ["x/24"] }), "peer.addresses.0", /write an address/],
    [peer({ addresses: ["1.2.3/24"] }), "peer.addresses", /is no address/],
    [peer({ mac: "x" }), "peer.mac", /lower case/],
    [peer({ conf: { ipv4: { "a.b": 1 } } }), "peer.conf.ipv4.a.b", /is no setting/],
  ],
  accepted: [peer({ name: "eth0" }), peer({ netns: undefined })],
  create: [
    [
      {},
      [
        "ip link add dev eth0 netns kt-two mtu 1400 type veth peer name port1 netns kt-one mtu 1400",
        one("link set dev port1 up"),
        two("link set dev eth0 up"),
      ],
    ],
    [
      {
        ...{ mac: "0a:58:0a:00:00:01", addresses: ["10.0.0.10/24"], conf: { ipv4: { arp_notify: 1 } } },
        ...peer({ netns: undefined, mac: "0a:58:0a:00:00:02", master: "cbr0", hairpin: true, up: false }),
      },
      [
        "ip link add dev eth0 netns kt-two mtu 1400 address 0a:58:0a:00:00:01 type veth peer name port1 mtu 1400 address 0a:58:0a:00:00:02",
        "ip link set dev port1 master cbr0",
        "ip link set dev port1 type bridge_slave hairpin on",
        "ip netns exec kt-two sysctl -q -w net/ipv4/conf/eth0/arp_notify=1",
        two("addr add 10.0.0.10/24 brd + dev eth0"),
        two("link set dev eth0 up"),
      ],
    ],
  ],
  change: {
    mtu: [[{}, { mtu: 1300 }, [two("link set dev eth0 mtu 1300")]]],
    mac: [
      [
        { mac: "0a:58:0a:00:00:01" },
        { mac: "0a:58:0a:00:00:02" },
        [two("link set dev eth0 address 0a:58:0a:00:00:02")],
      ],
    ],
    addresses: [[{}, { addresses: ["fd00::1/64"] }, [two("addr add fd00::1/64 dev eth0")]]],
    master: [
      [{}, { master: "br0" }, [two("link set dev eth0 master br0")]],
      [{ master: "br0" }, {}, [two("link set dev eth0 nomaster")]],
      // A port starts without hairpin, whatever it had before.
      [
        { master: "br0", hairpin: true },
        { master: "br1", hairpin: true },
        [two("link set dev eth0 master br1"), two("link set dev eth0 type bridge_slave hairpin on")],
      ],
    ],
    hairpin: [
      [{ master: "br0" }, { master: "br0", hairpin: true }, [two("link set dev eth0 type bridge_slave hairpin on")]],
      [{ master: "br0", hairpin: true }, { master: "br0" }, [two("link set dev eth0 type bridge_slave hairpin off")]],
    ],
    conf: [
      [
        { conf: { ipv6: { accept_ra: 1 } } },
        { conf: { ipv6: { accept_ra: 0 } } },
        ["ip netns exec kt-two sysctl -q -w net/ipv6/conf/eth0/accept_ra=0"],
      ],
    ],
    up: [[{ up: false }, {}, [two("link set dev eth0 up")]]],
    "peer.mtu": [[{}, peer({ mtu: 1300 }), [one("link set dev port1 mtu 1300")]]],
    "peer.mac": [
      [
        peer({ mac: "0a:58:0a:00:00:01" }),
        peer({ mac: "0a:58:0a:00:00:02" }),
        [one("link set dev port1 address 0a:58:0a:00:00:02")],
      ],
    ],
    "peer.addresses": [[{}, peer({ addresses: ["10.0.0.1/32"] }), [one("addr add 10.0.0.1/32 dev port1")]]],
    "peer.master": [[peer({ master: "a" }), peer({ master: "b" }), [one("link set dev port1 master b")]]],
    "peer.hairpin": [
      [
        peer({ master: "a" }),
        peer({ master: "a", hairpin: true }),
        [one("link set dev port1 type bridge_slave hairpin on")],
      ],
    ],
    "peer.conf": [
      [
        peer({ conf: { ipv6: { accept_ra: 1 } } }),
        peer({ conf: { ipv6: { accept_ra: 0 } } }),
        ["ip netns exec kt-one sysctl -q -w net/ipv6/conf/port1/accept_ra=0"],
      ],
    ],
    "peer.up": [[{}, peer({ up: false }), [one("link set dev port1 down")]]],
  },
  remove: [[{}, [two("link del dev eth0"), one("link del dev port1")]]],
  removeNothing: [],
  found: [
    [
      "there, one end a bridge's port",
      peer({ master: "cbr0" }),
      [
        end(2, "eth0", { link_index: 7 }),
        end(7, "port1", {
          link_index: 2,
          master: "cbr0",
          linkinfo: { info_kind: "veth", info_slave_data: { hairpin: true } },
        }),
      ],
      { ...args, ...state, peer: { ...args.peer, ...state, master: "cbr0", hairpin: true } },
    ],
    [
      "both ends in one namespace",
      { netns: "kt-one", name: "v1", ...peer({ name: "v2" }) },
      [answer("ip -n kt-one -j -d addr show dev v1"), end(99, "v2", { link: "v1" })],
      {
        ...state,
        netns: "kt-one",
        name: "v1",
        mtu: 1500,
        mac: /./,
        up: false,
        peer: { ...state, netns: "kt-one", name: "v2" },
      },
    ],
    ["nothing there", {}, [missing, missing], undefined],
    ["both namespaces gone", {}, [noNamespace, noNamespace], undefined],
    [
      "one end renamed, or in another namespace",
      {},
      [end(2, "eth0", { link_index: 7 }), missing],
      /one end is missing or in another namespace/,
    ],
    ["one namespace gone", {}, [noNamespace, end(7, "port1", { link_index: 2 })], /one end is missing/],
    [
      "ends of two pairs",
      {},
      [end(2, "eth0", { link_index: 7 }), end(8, "port1", { link_index: 2 })],
      /are not the two ends of one pair/,
    ],
    [
      "ends of two pairs, seen from the other side",
      {},
      [end(2, "eth0", { link_index: 7 }), end(7, "port1", { link_index: 3 })],
      /are not the two ends/,
    ],
    ["a dummy", {}, [end(2, "eth0", { linkinfo: { info_kind: "dummy" } }), missing], /its kind is dummy, not veth/],
  ],
  ids: [
    [{}, "local,kt-two,eth0,kt-one,port1"],
    [{ netns: undefined, peer: { name: "x" } }, "local,,eth0,,x"],
  ],
};
