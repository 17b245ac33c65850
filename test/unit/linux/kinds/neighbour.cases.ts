import { type Cases, answer, failed, json, noNamespace } from "./cases";

const args = { host: "local", netns: "kt-two", address: "10.0.0.20", dev: "eth0", lladdr: "0a:58:0a:00:00:20" };
const proxy = { proxy: true, lladdr: undefined };

export const cases: Cases = {
  token: "podnet:linux:Neighbour",
  args,
  refused: [
    [{ address: "10.0.0" }, "address", /no address/],
    [{ address: "10.0.0.20/24" }, "address", /no address/],
    [{ address: "FD00::1" }, "address", /write it as fd00::1/],
    [{ address: "fe80::1%eth0" }, "address", /no address/],
    [{ lladdr: undefined }, "lladdr", /only a proxy entry has none/],
    [{ proxy: true }, "lladdr", /not for a proxy entry/],
    [{ lladdr: "x" }, "lladdr", /lower case/],
    [{ state: "failed" }, "state", /write one of permanent, noarp, reachable, stale/],
    [{ dev: "" }, "dev", /1-15 letters/],
  ],
  accepted: [proxy, { address: "fd00::1" }],
  create: [
    [{}, ["ip -n kt-two neigh replace 10.0.0.20 lladdr 0a:58:0a:00:00:20 dev eth0 nud permanent"]],
    [{ state: "noarp", netns: undefined }, ["ip neigh replace 10.0.0.20 lladdr 0a:58:0a:00:00:20 dev eth0 nud noarp"]],
    [proxy, ["ip -n kt-two neigh add proxy 10.0.0.20 dev eth0"]],
  ],
  change: {
    lladdr: [
      [
        { lladdr: "0a:58:0a:00:00:99" },
        {},
        ["ip -n kt-two neigh replace 10.0.0.20 lladdr 0a:58:0a:00:00:20 dev eth0 nud permanent"],
      ],
    ],
    state: [
      [
        { state: "stale" },
        {},
        ["ip -n kt-two neigh replace 10.0.0.20 lladdr 0a:58:0a:00:00:20 dev eth0 nud permanent"],
      ],
    ],
  },
  remove: [
    [{}, ["ip -n kt-two neigh del 10.0.0.20 dev eth0"]],
    [proxy, ["ip -n kt-two neigh del proxy 10.0.0.20 dev eth0"]],
  ],
  removeNothing: [],
  found: [
    [
      "there",
      {},
      [answer("ip -n kt-two -j neigh show nud all to 10.0.0.20 dev eth0")],
      { ...args, state: "permanent", proxy: false },
    ],
    [
      "noarp, which ip only shows when asked for all",
      { address: "10.0.0.21" },
      [answer("ip -n kt-two -j neigh show nud all to 10.0.0.21 dev eth0")],
      { ...args, address: "10.0.0.21", lladdr: "0a:58:0a:00:00:21", state: "noarp", proxy: false },
    ],
    ["gone", {}, [answer("ip -n kt-two -j neigh show nud all to 10.0.0.20 dev eth0", 2)], undefined],
    ["without its interface", {}, [answer("ip -n kt-two -j neigh show nud all to 10.0.0.20 dev nosuch")], undefined],
    ["without its namespace", {}, [noNamespace], undefined],
    ["a question without an answer", {}, [json([{ dst: "10.0.0.20", state: ["FAILED"] }])], undefined],
    ["a question under way", {}, [json([{ dst: "10.0.0.20", state: ["INCOMPLETE"] }])], undefined],
    [
      "one that the kernel moves on by itself",
      { state: "reachable" },
      [json([{ dst: "10.0.0.20", lladdr: args.lladdr, state: ["DELAY"] }])],
      { ...args, state: "reachable", proxy: false },
    ],
    [
      "one that the kernel would ask again, though it should be permanent",
      {},
      [json([{ dst: "10.0.0.20", lladdr: args.lladdr, state: ["REACHABLE"] }])],
      { ...args, state: "reachable", proxy: false },
    ],
    [
      "a proxy entry",
      { ...proxy, address: "10.0.0.22" },
      [answer("ip -n kt-two -j neigh show proxy dev eth0")],
      { ...args, lladdr: undefined, address: "10.0.0.22", state: "permanent", proxy: true },
    ],
    ["proxy entries for others only", proxy, [answer("ip -n kt-two -j neigh show proxy dev eth0")], undefined],
    [
      "without a link address",
      {},
      [json([{ dst: "10.0.0.20", state: ["NOARP"] }])],
      { ...args, lladdr: undefined, state: "noarp", proxy: false },
    ],
    ["nothing is said of it", {}, [failed('Cannot find device "eth0"')], undefined],
  ],
  ids: [
    [{}, "local,kt-two,10.0.0.20,eth0"],
    [{ ...proxy, netns: undefined, address: "fd00::1" }, "local,,fd00::1,eth0,proxy"],
  ],
};
