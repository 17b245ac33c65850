// A process that podnet starts and that goes on by itself: a session of its own (setsid(2)), no terminal, output to a file.
// It is known again by its process id together with the time of its start, which no other process has. Marks in its
// environment say whose it is too, but a program may write over its environment, as nginx does.
import { createHash } from "node:crypto";
import { type Static, Type } from "@sinclair/typebox";
import { type Command, HostError, type Output, line, quote, within } from "../host";
import { type Context, type Kind, parts } from "./kind";
import { pidFilesWithin, recordPath } from "./owned";
import { type Ending, endHolders, endIfStarted, endProcess, waitForProcess } from "./process-watch";
import { type Fault, closed, host, netns, withDefault } from "./schema";
import { script } from "./script";

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
  ownMounts: withDefault(
    Type.Boolean({
      description:
        "Whether it has a mount namespace of its own, as `ip netns exec` gives: /sys is that of its network namespace, and files below /etc/netns stand for those below /etc (ip-netns(8)). Hundreds of these make every mount on the host slower.",
    }),
    true,
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
      {
        description:
          "Ports on which it serves; it counts as made when it listens on all of them. A process of the lab that is declared no more gives them up to it.",
      },
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

const portsOf = ({ listens }: Process): string[] => listens.map(({ protocol, port }) => `${protocol}:${port}`);

/** Says which process of which lab it is. */
const names = (want: Process, lab: string): string[] => [`PODNET_LAB=${lab}`, `PODNET_PROCESS=${idOf(want)}`];

/** And with which words it was started. */
const marks = (want: Process, lab: string): string[] => [...names(want, lab), `PODNET_SPEC=${specOf(want)}`];

const specOf = ({ command, env }: Process): string =>
  createHash("sha256")
    .update(JSON.stringify([command, Object.entries(env).sort()]))
    .digest("hex")
    .slice(0, 20);

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function commands(want: Process, found: Process | undefined, { lab }: Context<Process>): Command[] {
  if (found) return [];
  const { pid, log } = files(want, lab);
  const environment = [
    searchPath,
    ...Object.entries(want.env).map(([name, value]) => `${name}=${value}`),
    ...marks(want, lab),
  ];
  const start = (environment: readonly string[], ...argv: readonly string[]): Command =>
    script("start-process", [log, pid, `${environment.length}`, ...environment, ...argv]);
  const alone = ["env", "-i", ...environment, ...want.command];
  const shown = (...argv: readonly string[]): string =>
    `${line({ argv: ["setsid", "--fork", ...argv] })} </dev/null >${quote(log)} 2>&1`;
  const { netns, ownMounts } = want;
  if (netns !== undefined && ownMounts) {
    const argv = within(netns, alone);
    return [{ ...start([searchPath], ...argv), shown: shown(...argv) }];
  }
  const { argv, ...rest } = start(environment, ...want.command);
  // Whoever starts it is in the namespace already.
  const enter = netns === undefined ? [] : ["nsenter", `--net=/run/netns/${netns}`];
  return [{ ...rest, argv: within(netns, argv), shown: shown(...enter, ...alone) }];
}

/** From those that are declared no more, or are to become others. */
function takePorts(want: Process, { lab, declared = () => [] }: Context<Process>): Command[] {
  if (want.listens.length === 0) return [];
  const beside = declared().filter(({ host, netns }) => host === want.host && netns === want.netns);
  const staying = beside.map((other) => ({ pidFile: files(other, lab).pid, spec: specOf(other) }));
  return [endHolders(lab, pidFilesWithin(lab, want.netns), staying, portsOf(want))];
}

const ending = (want: Process, lab: string): Ending => ({ name: idOf(want), pidFiles: [files(want, lab).pid] });

/** Exit code of find-process.pl when there is no such process, which no failure of Perl's gives. */
const gone = 3;

function probe(want: Process, { lab }: Context<Process>): Command[] {
  const space = want.netns === undefined ? "/proc/self/ns/net" : `/run/netns/${want.netns}`;
  const record = recordPath(lab, processKind, want);
  const { pid } = files(want, lab);
  return [{ ...script("find-process", [record, pid, space, ...names(want, lab)]), mayFail: true }];
}

/** What runs is what was written down when it was started. */
function parse([output]: readonly Output[], want: Process): Process | undefined {
  if (!output || output.code === gone) return undefined;
  if (output.code !== 0) throw new HostError(`process ${want.name}: ${output.stderr.trim()}`);
  const { command, env, ownMounts, listens } = (JSON.parse(output.stdout) as { args: Process }).args;
  return { ...want, command, env, ownMounts, listens };
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
  identity: ["host", "netns", "name", "command", "env", "ownMounts"],
  validate,
  id: idOf,
  fromId: (id) => {
    const [netns, name] = parts(id, 2);
    return { ...(netns ? { netns } : {}), name };
  },
  within: ({ netns }) => [netns],
  // What a run before left of it would hold its ports, and so would one whose place it takes.
  prepare: (want, context) => [
    endIfStarted(context.lab, files(want, context.lab), ending(want, context.lab)),
    ...takePorts(want, context),
  ],
  commands,
  finish: (want, { lab }) => {
    // Without mounts of its own it is podnet's: a pause process, a stand-in server.
    return [waitForProcess(want.netns, files(want, lab), marks(want, lab), portsOf(want), !want.ownMounts)];
  },
  // Also one that is not found may still run, in a namespace that lost its name.
  removal: (want, _, { lab }) => {
    const { pid, log } = files(want, lab);
    return [endProcess(lab, ending(want, lab)), { argv: ["rm", "-f", pid, log] }];
  },
  probe,
  parse,
};
