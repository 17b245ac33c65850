// A process that podnet starts and that goes on by itself: a session of its own (setsid(1)), no terminal, output to a file.
// It is known again by its process id together with the time of its start, which no other process has. Marks in its
// environment say whose it is too, but a program may write over its environment, as nginx does.
import { createHash } from "node:crypto";
import { type Static, Type } from "@sinclair/typebox";
import { type Command, HostError, type Output } from "../host";
import { type Context, type Kind, parts } from "./kind";
import { recordPath } from "./owned";
import { askForProcess, endProcess, waitForProcess } from "./process-watch";
import { type Fault, closed, host, netns, withDefault } from "./schema";

const noNul = "^[^\\0]*$";

const args = Type.Object({
  host,
  netns,
  name: Type.String({
    minLength: 1,
    pattern: "^[^,\\n\\0]+$",
    description: "Name, unique in its namespace; not the program's.",
  }),
  command: Type.Array(Type.String({ pattern: noNul }), {
    minItems: 1,
    description: "Program and arguments; no shell reads them.",
  }),
  env: withDefault(
    Type.Record(Type.String({ pattern: "^[^=\\0]+$" }), Type.String({ pattern: noNul }), {
      ...closed,
      errorMessage: 'is no name; one has no "=" and is not empty',
      description: "The whole environment but for PATH and podnet's marks.",
    }),
    {},
  ),
  listens: withDefault(
    Type.Array(
      Type.Object(
        {
          protocol: Type.Union([Type.Literal("TCP"), Type.Literal("UDP"), Type.Literal("SCTP")]),
          port: Type.Integer({ minimum: 1, maximum: 65535 }),
        },
        closed,
      ),
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

/** Says which process of which lab it is. */
const names = (want: Process, lab: string): string[] => [`PODNET_LAB=${lab}`, `PODNET_PROCESS=${idOf(want)}`];

/** And with which words it was started. */
function marks(want: Process, lab: string): string[] {
  const spec = createHash("sha256")
    .update(JSON.stringify([want.command, Object.entries(want.env).sort()]))
    .digest("hex");
  return [...names(want, lab), `PODNET_SPEC=${spec.slice(0, 20)}`];
}

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function commands(want: Process, found: Process | undefined, { lab }: Context<Process>): Command[] {
  if (found) return [];
  const { pid, log } = files(want, lab);
  // Field 22 of stat is the time of its start (proc(5)); the second, its name in brackets, is "(sh)" as yet.
  const detached =
    'exec >"$1" 2>&1 </dev/null; born=$(cut -d " " -f 22 "/proc/$$/stat"); printf "%s\\n" "$$" "$born" >"$2"; shift 2; exec "$@"';
  const enter = want.netns === undefined ? [] : ["ip", "netns", "exec", want.netns];
  const environment = [
    searchPath,
    ...Object.entries(want.env).map(([name, value]) => `${name}=${value}`),
    ...marks(want, lab),
  ];
  return [
    { argv: ["rm", "-f", pid] },
    {
      argv: [
        "setsid",
        "--fork",
        "sh",
        "-c",
        detached,
        "sh",
        log,
        pid,
        ...enter,
        "env",
        "-i",
        ...environment,
        ...want.command,
      ],
    },
  ];
}

const end = (want: Process, lab: string): Command =>
  endProcess({ lab, name: idOf(want), pidFiles: [files(want, lab).pid] });

/** What a run before left of it would hold its ports. Where nothing was ever started, nobody looks at all processes. */
function prepare(want: Process, { lab }: Context<Process>): Command[] {
  const { pid, log } = files(want, lab);
  const { argv, ...rest } = end(want, lab);
  const ifStarted = '[ ! -e "$1" ] && [ ! -e "$2" ] || { shift 2; exec "$@"; }';
  return [{ argv: ["sh", "-c", ifStarted, "sh", pid, log, ...argv], ...rest }];
}

/** Exit code of the probe's script when there is no such process, which no failure of the shell's gives. */
const gone = 3;

// A process that has ended but was not yet buried (a zombie) is gone. One that outlived its namespace's name is in another
// namespace than the one that has the name now.
//
// A process whose id is not written down, or not wholly, is looked for by its marks, and written down again; one that never
// started has no log.
const look = `record=$1 file=$2 log=$3 space=$4; shift 4
[ -e "$record" ] && { [ -e "$file" ] || [ -e "$log" ]; } || exit ${gone}
cat "$record" || exit 1
is_known() { { read -r pid && read -r born; } 2>/dev/null <"$file" && case $pid,$born in ,* | *, | *[!0-9,]*) false ;; esac; }
is_known || { found=$(perl - "$@") && printf "%s\\n" "$found" >"$file" && is_known; } || exit ${gone}
stat=$(cat "/proc/$pid/stat" 2>/dev/null) || exit ${gone}
set -- \${stat##*) }
case $1 in Z | X) exit ${gone} ;; esac
[ "\${20}" = "$born" ] && [ "/proc/$pid/ns/net" -ef "$space" ] || exit ${gone}`;

function probe(want: Process, { lab }: Context<Process>): Command[] {
  const space = want.netns === undefined ? "/proc/self/ns/net" : `/run/netns/${want.netns}`;
  const record = recordPath(lab, processKind, want);
  const { pid, log } = files(want, lab);
  return [askForProcess(["sh", "-c", look, "sh", record, pid, log, space, ...names(want, lab)])];
}

/** What runs is what was written down when it was started. */
function parse([output]: readonly Output[], want: Process): Process | undefined {
  if (!output || output.code === gone) return undefined;
  if (output.code !== 0) throw new HostError(`process ${want.name}: ${output.stderr.trim()}`);
  const { command, env, listens } = (JSON.parse(output.stdout) as { args: Process }).args;
  return { ...want, command, env, listens };
}

function validate({ command, env }: Process): Fault[] {
  const taken = Object.keys(env).filter((name) => name.startsWith("PODNET_"));
  return [
    ...taken.map((name) => ({ property: `env.${name}`, reason: "names that start with PODNET_ are podnet's own" })),
    // env(1) would take it for one more variable.
    ...(command[0]?.includes("=")
      ? [{ property: "command.0", reason: `${command[0]}: a program's path cannot hold "="` }]
      : []),
  ];
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
  prepare,
  commands,
  finish: (want, { lab }) => {
    const ports = want.listens.map(({ protocol, port }) => `${protocol}:${port}`);
    return [waitForProcess(want.netns, files(want, lab), marks(want, lab), ports)];
  },
  // Also one that is not found may still run, in a namespace that lost its name.
  removal: (want, _, { lab }) => {
    const { pid, log } = files(want, lab);
    return [end(want, lab), { argv: ["rm", "-f", pid, log] }];
  },
  probe,
  parse,
};
