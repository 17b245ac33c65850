// A network namespace with a name: a file below /run/netns on which the namespace is mounted (ip-netns(8)).
import { Type } from "@sinclair/typebox";
import { type Command, HostError, type Output, within } from "../host";
import { type Context, type Kind, WrongKind, parts } from "./kind";
import { netnsMountRecord, pidFilesWithin } from "./owned";
import { killProcesses } from "./process-watch";
import { type Fault, closed, host, withDefault } from "./schema";
import { script } from "./script";
import { normalValue, settingPattern, settingValue } from "./sysctl";

const args = Type.Object({
  host,
  name: Type.String({
    pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$",
    errorMessage: 'a namespace has 1-255 letters, digits, "_", "." or "-"',
    description: "Name, as `ip netns` lists it; a file name of 1-255 characters.",
  }),
  loopback: withDefault(Type.Boolean({ description: "Whether the interface lo is up." }), true),
  sysctls: withDefault(
    Type.Record(Type.String({ pattern: settingPattern }), settingValue, {
      ...closed,
      errorMessage: "is no setting; write one as net.ipv4.ip_forward",
      description: 'Settings that hold before any link is made, as { "net.ipv6.conf.default.dad_transmits": "0" }.',
    }),
    {},
  ),
});

type Netns = typeof args.static;

function validate({ sysctls }: Netns): Fault[] {
  return Object.keys(sysctls)
    .filter((key) => !/^net[./]/.test(key))
    .map((key) => ({ property: `sysctls.${key}`, reason: "is the whole host's; only net.* is a namespace's own" }));
}

function commands(want: Netns, found: Netns | undefined): Command[] {
  const steps: Command[] = [];
  if (!found) steps.push({ argv: ["ip", "netns", "add", want.name] });
  const settings = Object.entries(want.sysctls).filter(
    ([key, value]) => normalValue(found?.sysctls[key] ?? "") !== normalValue(value),
  );
  if (settings.length > 0)
    steps.push({
      argv: within(want.name, ["sysctl", "-q", "-w", ...settings.map(([key, value]) => `${key}=${value}`)]),
    });
  if ((found?.loopback ?? false) !== want.loopback)
    steps.push({ argv: within(want.name, ["ip", "link", "set", "dev", "lo", want.loopback ? "up" : "down"]) });
  return steps;
}

const prepare = (_: Netns, { lab }: Context): Command[] => [script("note-netns-mount", [netnsMountRecord(lab)])];

/**
 * A namespace lives on, with its links, for as long as a process is in it, so they all end first: containers,
 * their children, and whoever looks around in there. Containers and their children end wherever they went, also when
 * somebody has deleted the name already.
 */
function clear(removed: readonly { args: Netns; found: Netns | undefined }[], { lab }: Context): Command[] {
  const endings = removed.map(({ args: { name }, found }) => ({
    name: `${name},`,
    ...(found ? { space: `/run/netns/${name}` } : {}),
    pidFiles: [pidFilesWithin(lab, name)],
  }));
  return [killProcesses(lab, endings)];
}

/** Should somebody have given the name to the host's own namespace (ip netns attach), only the name goes. */
const removal = ({ name }: Netns, found: Netns | undefined): Command[] =>
  found ? [{ argv: ["ip", "netns", "del", name] }] : [];

function probe(want: Netns): Command[] {
  const { argv, ...rest } = script("read-netns", Object.keys(want.sysctls));
  return [
    script("look-at-netns", [`/run/netns/${want.name}`]),
    // Nobody can enter a file that is no namespace.
    { argv: within(want.name, argv), ...rest, mayFail: true },
  ];
}

function parse([what, inside]: readonly Output[], want: Netns): Netns | undefined {
  if (!what || !inside || what.stdout === "") return undefined;
  if (what.stdout !== "a network namespace") throw new WrongKind(`/run/netns/${want.name} is ${what.stdout}`);
  if (inside.code !== 0) throw new HostError(`network namespace ${want.name}: ${inside.stderr.trim()}`);
  const [lo, ...values] = inside.stdout.split("\n");
  const sysctls: Record<string, string> = {};
  Object.entries(want.sysctls).forEach(([key, value], i) => {
    const found = normalValue(values[i] ?? "");
    sysctls[key] = found === normalValue(value) ? value : found;
  });
  return { host: want.host, name: want.name, loopback: lo === "up", sysctls };
}

export const netnsKind: Kind<typeof args> = {
  token: "podnet:linux:NetworkNamespace",
  description: "A network namespace with a name (ip-netns(8)).",
  args,
  identity: ["host", "name"],
  validate,
  id: ({ name }) => name,
  fromId: (id) => ({ name: parts(id, 1)[0] }),
  within: () => [undefined],
  space: ({ name }) => name,
  prepare,
  commands,
  clear,
  removal,
  probe,
  parse,
};
