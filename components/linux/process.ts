// A process that podnet starts and that goes on by itself: a session of its own (setsid(1)), no terminal, output to a file.
// It is known again by its process id together with marks in its environment, which no other process has.
import { createHash } from "node:crypto";
import { type Static, Type } from "@sinclair/typebox";
import type { Command, Output } from "../host";
import { type Context, type Kind, parts } from "./kind";
import { recordPath } from "./owned";
import { endProcess, waitForProcess } from "./process-watch";
import { type Fault, host, netns, withDefault } from "./schema";

const noNul = "^[^\\0]*$";

const args = Type.Object({
  host,
  netns,
  name: Type.String({ minLength: 1, pattern: "^[^,\\n\\0]+$", description: "Name, unique in its namespace; not the program's." }),
  command: Type.Array(Type.String({ pattern: noNul }), { minItems: 1, description: "Program and arguments; no shell reads them." }),
  env: withDefault(
    Type.Record(Type.String({ pattern: "^[^=\\0]+$" }), Type.String({ pattern: noNul }), { description: "The whole environment but for PATH and podnet's marks." }),
    {},
  ),
  listens: withDefault(
    Type.Array(
      Type.Object({
        protocol: Type.Union([Type.Literal("TCP"), Type.Literal("UDP"), Type.Literal("SCTP")]),
        port: Type.Integer({ minimum: 1, maximum: 65535 }),
      }),
      { description: "Ports on which it serves; it counts as made when it listens on all of them." },
    ),
    [],
  ),
});

type Process = Static<typeof args>;

const idOf = ({ netns = "", name }: Process): string => `${netns},${name}`;

const files = (want: Process, lab: string): { pid: string; log: string } => {
  const record = recordPath(lab, processKind, want);
  return { pid: `${record}.pid`, log: `${record}.log` };
};

/** Says which process of which lab it is, and with which words it was started. */
function marks(want: Process, lab: string): string[] {
  const spec = createHash("sha256").update(JSON.stringify([want.command, Object.entries(want.env).sort()])).digest("hex");
  return [`PODNET_LAB=${lab}`, `PODNET_PROCESS=${idOf(want)}`, `PODNET_SPEC=${spec.slice(0, 20)}`];
}

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function commands(want: Process, found: Process | undefined, { lab }: Context<Process>): Command[] {
  if (found) return [];
  const { pid, log } = files(want, lab);
  const detached = 'exec >"$1" 2>&1 </dev/null; echo $$ >"$2"; shift 2; exec "$@"';
  const enter = want.netns === undefined ? [] : ["ip", "netns", "exec", want.netns];
  const environment = [searchPath, ...Object.entries(want.env).map(([name, value]) => `${name}=${value}`), ...marks(want, lab)];
  return [
    { argv: ["rm", "-f", pid] },
    { argv: ["setsid", "--fork", "sh", "-c", detached, "sh", log, pid, ...enter, "env", "-i", ...environment, ...want.command] },
  ];
}

function probe(want: Process, { lab }: Context<Process>): Command[] {
  const { pid } = files(want, lab);
  // A process that has ended but was not yet buried (a zombie) has no environment any more.
  // One that outlived its namespace's name is in another namespace than the one that has the name now.
  const space = want.netns === undefined ? "/proc/self/ns/net" : `/run/netns/${want.netns}`;
  const alive =
    'cat "$1" && p=$(cat "$2") && [ "/proc/$p/ns/net" -ef "$4" ] && tr "\\0" "\\n" <"/proc/$p/environ" | grep -qxF -e "$3"';
  const [, mark = ""] = marks(want, lab);
  return [{ argv: ["sh", "-c", alive, "sh", recordPath(lab, processKind, want), pid, mark, space], mayFail: true }];
}

/** What runs is what was written down when it was started. */
function parse([output]: readonly Output[], want: Process): Process | undefined {
  if (!output || output.code !== 0) return undefined;
  const { command, env, listens } = (JSON.parse(output.stdout) as { args: Process }).args;
  return { ...want, command, env, listens };
}

function validate({ env }: Process): Fault[] {
  const taken = Object.keys(env).filter((name) => name.startsWith("PODNET_"));
  return taken.map((name) => ({ property: `env.${name}`, reason: "names that start with PODNET_ are podnet's own" }));
}

export const processKind: Kind<typeof args> = {
  token: "podnet:linux:Process",
  description: "A process in a network namespace that goes on by itself.",
  args,
  identity: ["host", "netns", "name", "command", "env"],
  validate,
  id: idOf,
  fromId: (id) => {
    const [netns, name] = parts(id, 2);
    return { ...(netns ? { netns } : {}), name };
  },
  within: ({ netns }) => [netns],
  written: true,
  // What a run before left of it would hold its ports.
  prepare: (want, { lab }) => [endProcess(files(want, lab).pid, marks(want, lab)[1] ?? "")],
  commands,
  finish: (want, { lab }) => {
    const ports = want.listens.map(({ protocol, port }) => `${protocol}:${port}`);
    return [waitForProcess(want.netns, files(want, lab), marks(want, lab), ports)];
  },
  removal: (want, { lab }) => {
    const { pid, log } = files(want, lab);
    return [endProcess(pid, marks(want, lab)[1] ?? ""), { argv: ["rm", "-f", pid, log] }];
  },
  probe,
  parse,
};
