// One setting of the running kernel (sysctl(8)). It is always there: made means set, deleted means put back.
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { type Context, type Kind, parts } from "./kind";
import { type Fault, host, netns } from "./schema";

/** Without "..", which would lead out of /proc/sys/net. */
export const settingPattern = "^(?!.*[.][.])[A-Za-z0-9_][A-Za-z0-9_-]*([./][A-Za-z0-9_.:@-]+)+$";
export const settingValue = Type.String({
  pattern: "^[^\\n\\0]*$",
  errorMessage: "a value is one line",
  description: 'Value, as "1".',
});

const args = Type.Object({
  host,
  netns,
  name: Type.String({
    pattern: settingPattern,
    errorMessage: "write a setting as net.ipv4.ip_forward",
    description: "Name, as net.ipv4.ip_forward; with slashes where an interface's name holds a dot (sysctl(8)).",
  }),
  value: settingValue,
});

type Sysctl = Static<typeof args>;

function validate({ netns, name }: Sysctl): Fault[] {
  if (netns === undefined || /^net[./]/.test(name)) return [];
  return [
    { property: "name", reason: `${name} is the whole host's, only net.* is a namespace's own; leave netns out` },
  ];
}

/** The kernel separates several numbers by tabs, people by spaces. */
export const normalValue = (value: string): string => value.trim().replaceAll(/\s+/g, " ");

const set = ({ netns, name }: Sysctl, value: string): Command => ({
  argv: within(netns, ["sysctl", "-q", "-w", `${name}=${value}`]),
});

function commands(want: Sysctl, found: Sysctl | undefined): Command[] {
  return found && normalValue(found.value) === normalValue(want.value) ? [] : [set(want, want.value)];
}

/** It cannot be made or deleted; what was there before comes back. */
function removal(want: Sysctl, found: Sysctl | undefined, { before }: Context<Sysctl>): Command[] {
  return found && before ? [set(want, before.value)] : [];
}

function parse([output]: readonly Output[], want: Sysctl): Sysctl | undefined {
  if (!output || saysNotFound(output)) return undefined;
  const found = normalValue(output.stdout);
  // An import does not know yet what to expect.
  return { ...want, value: found === normalValue(want.value ?? "") ? (want.value ?? "") : found };
}

export const sysctlKind: Kind<typeof args> = {
  token: "podnet:linux:Sysctl",
  description: "A setting of the running kernel (sysctl(8)); what it was before comes back when the resource goes.",
  args,
  identity: ["host", "netns", "name"],
  validate,
  id: ({ netns = "", name }) => `${netns},${name}`,
  fromId: (id) => {
    const [netns, name] = parts(id, 2);
    return { ...(netns ? { netns } : {}), name };
  },
  within: ({ netns }) => [netns],
  permanent: true,
  commands,
  removal,
  probe: ({ netns, name }) => [{ argv: within(netns, ["sysctl", "-n", name]) }],
  parse,
};
