import { type Cases, failed, noNamespace, said } from "./cases";

const there = said("a network namespace");
const inside = (...lines: string[]) => said(lines.map((line) => `${line}\n`).join(""));
const dad = "net.ipv6.conf.default.dad_transmits";

export const cases: Cases = {
  token: "podnet:linux:NetworkNamespace",
  args: { host: "local", name: "lab.one" },
  refused: [
    [{ name: "" }, "name", /1-255 letters/],
    [{ name: "a/b" }, "name", /1-255 letters/],
    [{ name: ".." }, "name", /1-255 letters/],
    [{ name: "-x" }, "name", /1-255 letters/],
    [{ name: "a".repeat(256) }, "name", /1-255 letters/],
    [{ host: "" }, "host", /length/],
    [{ sysctls: { "-p": "1" } }, "sysctls.-p", /is no setting/],
    [{ sysctls: { "net.a": "1\n2" } }, "sysctls.net.a", /one line/],
    [{ sysctls: { "kernel.pid_max": "1" } }, "sysctls.kernel.pid_max", /whole host's/],
    [{ sysctls: { "net/../kernel/pid_max": "1" } }, "sysctls.net/../kernel/pid_max", /is no setting/],
  ],
  create: [
    [{}, ["ip netns add lab.one", "ip -n lab.one link set dev lo up"]],
    [{ loopback: false }, ["ip netns add lab.one"]],
    [
      { sysctls: { [dad]: "0", "net.ipv4.ip_local_port_range": "1 2" } },
      [
        "ip netns add lab.one",
        `ip netns exec lab.one sysctl -q -w ${dad}=0 'net.ipv4.ip_local_port_range=1 2'`,
        "ip -n lab.one link set dev lo up",
      ],
    ],
  ],
  change: {
    loopback: [
      [{ loopback: false }, {}, ["ip -n lab.one link set dev lo up"]],
      [{}, { loopback: false }, ["ip -n lab.one link set dev lo down"]],
    ],
    sysctls: [
      [{ sysctls: { [dad]: "1" } }, { sysctls: { [dad]: "0" } }, [`ip netns exec lab.one sysctl -q -w ${dad}=0`]],
      [
        { sysctls: { [dad]: "1", "net.a": "2" } },
        { sysctls: { [dad]: "1", "net.a": "3" } },
        ["ip netns exec lab.one sysctl -q -w net.a=3"],
      ],
      [{ sysctls: { "net.a": "1\t2" } }, { sysctls: { "net.a": "1 2" } }, []],
      [{ sysctls: { [dad]: "1" } }, {}, []],
    ],
  },
  remove: [[{}, ["ip netns del lab.one"]]],
  removeNothing: [],
  found: [
    ["there", {}, [there, inside("up")], { loopback: true, sysctls: {} }],
    ["there, lo down", {}, [there, inside("down")], { loopback: false, sysctls: {} }],
    ["not there", {}, [said(""), noNamespace], undefined],
    [
      "a plain file",
      {},
      [said("a file without a namespace"), failed('setting the network namespace "x" failed: Invalid argument', 255)],
      /without a namespace/,
    ],
    ["the host's own", {}, [said("the host's own network namespace"), inside("up")], /is the host's own/],
    [
      "a namespace that nobody can enter",
      {},
      [there, failed("Operation not permitted", 255)],
      /Operation not permitted/,
    ],
    [
      "with a setting",
      { sysctls: { [dad]: "0" } },
      [there, inside("up", "1")],
      { loopback: true, sysctls: { [dad]: "1" } },
    ],
    [
      "with several numbers",
      { sysctls: { "net.a": "1 2" } },
      [there, inside("up", "1\t2")],
      { loopback: true, sysctls: { "net.a": "1 2" } },
    ],
    [
      "without one of two settings",
      { sysctls: { "net.a": "1", "net.b": "2" } },
      [there, inside("up", "", "2")],
      { loopback: true, sysctls: { "net.a": "", "net.b": "2" } },
    ],
  ],
  ids: [[{}, "local,lab.one"]],
};
