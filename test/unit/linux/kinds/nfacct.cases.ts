import { type Cases, noNamespace, said } from "./cases";

const args = { host: "local", netns: "kt-one", name: "drops" };

export const cases: Cases = {
  token: "podnet:linux:NfacctCounter",
  args,
  refused: [
    [{ name: "" }, "name", /1-31 letters/],
    [{ name: "-f" }, "name", /1-31 letters/],
    [{ name: "a b" }, "name", /1-31 letters/],
    [{ name: "x".repeat(32) }, "name", /1-31 letters/],
  ],
  accepted: [{ name: "ct_state_invalid_dropped_pkts" }],
  create: [
    [{}, ["ip netns exec kt-one nfacct add drops"]],
    [{ netns: undefined }, ["nfacct add drops"]],
  ],
  change: {},
  remove: [[{}, ["ip netns exec kt-one nfacct delete drops"]]],
  removeNothing: [],
  found: [
    ["there", {}, [said("{ pkts = 00000000000000000003, bytes = 00000000000000000180 } = drops;\n")], args],
    ["others only", {}, [said("{ pkts = 00000000000000000000, bytes = 00000000000000000000 } = drop;\n")], undefined],
    [
      "one with a quota",
      {},
      [
        said(
          "{ pkts = 00000000000000000003, bytes = 00000000000000000180, quota = 00000000000000001000, mode = packet, overquota = no } = drops;\n",
        ),
      ],
      /drops is a counter with a quota/,
    ],
    ["no such namespace", {}, [noNamespace], undefined],
  ],
  ids: [
    [{}, "local,kt-one,drops"],
    [{ netns: undefined }, "local,,drops"],
  ],
};
