import { endProcess } from "../../../../components/linux/process-watch";
import { line } from "../../../../components/host";
import { type Cases, failed, noNamespace, said } from "./cases";

const args = { host: "local", netns: "lab.a", name: "default/web", command: ["server", "--text", "it's"] };
const record = "/run/podnet/lab/.owned/netns-6d5b7a1a5f7a3c3f2f5e/Process-b0d7cb7d53b4a9ae0e2c";
const full = { ...args, env: {}, ownMounts: true, listens: [] };
const end = endProcess("lab", { name: "lab.a,default/web", pidFiles: [`${record}.pid`] });
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export const cases: Cases = {
  token: "podnet:linux:Process",
  args,
  refused: [
    [{ name: "" }, "name", /length/],
    [{ name: "a,b" }, "name", /match/],
    [{ name: "a\nb" }, "name", /match/],
    [{ command: [] }, "command", /1/],
    [{ command: ["a\0"] }, "command.0", /match/],
    [{ command: ["a=b/c"] }, "command.0", /cannot hold "="/],
    [{ env: { "A=B": "" } }, "env.A=B", /is no name/],
    [{ env: { "": "" } }, "env.", /is no name/],
    [{ env: { A: "\0" } }, "env.A", /match/],
    [{ env: { PODNET_LAB: "x" } }, "env.PODNET_LAB", /podnet's own/],
    [{ listens: [{ protocol: "tcp", port: 1 }] }, "listens.0.protocol", /write one of TCP, UDP, SCTP/],
    [{ listens: [{ protocol: "TCP", port: 0 }] }, "listens.0.port", /1/],
    [{ listens: [{ protocol: "TCP", port: 1, name: "x" }] }, "listens.0.name", /is no property here/],
  ],
  accepted: [{ env: { A: "two\nlines", "-u": "x" } }, { command: ["", "a=b"] }],
  create: [
    [
      {},
      [
        `setsid --fork ip netns exec lab.a env -i ${path} PODNET_LAB=lab PODNET_PROCESS=lab.a,default/web PODNET_SPEC=SPEC server --text 'it'\\''s' </dev/null >${record}.log 2>&1`,
      ],
    ],
    [
      { netns: undefined, name: "x", command: ["-x", "$(y)"], env: { A: "1\n2", "-u": "3" } },
      [
        `setsid --fork env -i ${path} 'A=1\n2' -u=3 PODNET_LAB=lab PODNET_PROCESS=,x PODNET_SPEC=SPEC -x '$(y)' </dev/null >HOST.log 2>&1`,
      ],
    ],
    [
      { ownMounts: false },
      [
        `setsid --fork nsenter --net=/run/netns/lab.a env -i ${path} PODNET_LAB=lab PODNET_PROCESS=lab.a,default/web PODNET_SPEC=SPEC server --text 'it'\\''s' </dev/null >${record}.log 2>&1`,
      ],
    ],
  ],
  change: {
    listens: [[{}, { listens: [{ protocol: "TCP", port: 80 }] }, []]],
  },
  unchangeable: {},
  remove: [[{}, [line(end), `rm -f ${record}.pid ${record}.log`]]],
  // It may run on in a namespace that lost its name.
  removeNothing: [line(end), `rm -f ${record}.pid ${record}.log`],
  found: [
    ["as it was started", {}, [said(JSON.stringify({ args: full }))], full],
    [
      "started with other words",
      {},
      [said(JSON.stringify({ args: { ...full, command: ["old"] } }))],
      { ...full, command: ["old"] },
    ],
    ["gone", {}, [said(JSON.stringify({ args: full }), 3)], undefined],
    ["never written down", {}, [said("", 3)], undefined],
    ["a host that could not look", {}, [failed("fork: Cannot allocate memory", 126)], /Cannot allocate/],
    ["no answer that means gone", {}, [{ ...noNamespace, code: 3 }], undefined],
  ],
  ids: [
    [{}, "local,lab.a,default/web"],
    [{ netns: undefined }, "local,,default/web"],
  ],
};
