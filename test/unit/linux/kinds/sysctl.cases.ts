import { type Cases, answer, noNamespace, said } from "./cases";

export const cases: Cases = {
  token: "podnet:linux:Sysctl",
  args: { host: "local", netns: "kt-one", name: "net.ipv4.ip_forward", value: "1" },
  refused: [
    [{ name: "ip_forward" }, "name", /write a setting as/],
    [{ name: "-p.x" }, "name", /write a setting as/],
    [{ name: "net.ipv4.ip_forward=1" }, "name", /write a setting as/],
    [{ name: "net/../kernel/pid_max" }, "name", /write a setting as/],
    [{ name: "kernel.pid_max" }, "name", /whole host's/],
    [{ value: "1\n2" }, "value", /one line/],
    [{ value: 1 }, "value", /one line/],
    [{ value: undefined }, "value", /is missing/],
  ],
  accepted: [{ netns: undefined, name: "kernel.pid_max" }, { name: "net/ipv4/conf/eth0.5/arp_notify" }, { value: "" }],
  create: [
    [{}, ["ip netns exec kt-one sysctl -q -w net.ipv4.ip_forward=1"]],
    [{ netns: undefined, value: "1 2" }, ["sysctl -q -w 'net.ipv4.ip_forward=1 2'"]],
  ],
  change: {
    value: [
      [{ value: "0" }, {}, ["ip netns exec kt-one sysctl -q -w net.ipv4.ip_forward=1"]],
      [{ value: "1 2" }, { value: "1\t2" }, []],
    ],
  },
  remove: [
    [{}, ["ip netns exec kt-one sysctl -q -w net.ipv4.ip_forward=0"], { before: { value: "0" } }],
    [{}, [], {}],
  ],
  removeNothing: [],
  found: [
    ["as asked", {}, [answer("ip netns exec kt-one sysctl -n net.ipv4.ip_forward", 2)], { value: "1" }],
    ["something else", {}, [answer("ip netns exec kt-one sysctl -n net.ipv4.ip_forward")], { value: "0" }],
    ["several numbers", { value: "32768  60999" }, [said("32768\t60999\n")], { value: "32768  60999" }],
    ["other numbers", { value: "1 2" }, [said("32768\t60999\n")], { value: "32768 60999" }],
    ["nothing of that name", {}, [answer("ip netns exec kt-one sysctl -n net.ipv4.nosuch")], undefined],
    ["no such namespace", {}, [noNamespace], undefined],
  ],
  ids: [
    [{}, "local,kt-one,net.ipv4.ip_forward"],
    [{ netns: undefined }, "local,,net.ipv4.ip_forward"],
  ],
};
