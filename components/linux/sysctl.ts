// One setting of the running kernel (sysctl(8)). It is always there: made means set, deleted means put back.
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { type Context, type Kind, parts } from "./kind";
import { host, netns } from "./schema";

const args = Type.Object({
  host,
  netns,
  name: Type.String({
    pattern: "^[A-Za-z0-9_-]+([./][A-Za-z0-9_.:@-]+)+$",
    errorMessage: "write a setting as net.ipv4.ip_forward",
    description: "Name, as net.ipv4.ip_forward; with slashes where an interface's name holds a dot (sysctl(8)).",
  }),
  value: Type.String({ pattern: "^[^\\n\\0]*$", errorMessage: "a value is one line", description: 'Value, as "1".' }),
});

type Sysctl = Static<typeof args>;

/** The kernel separates several numbers by tabs, people by spaces. */
const normal = (value: string): string => value.trim().replaceAll(/\s+/g, " ");

const set = ({ netns, name }: Sysctl, value: string): Command => ({
  argv: within(netns, ["sysctl", "-q", "-w", `${name}=${value}`]),
});

function commands(want: Sysctl, found: Sysctl | undefined): Command[] {
  return found && normal(found.value) === normal(want.value) ? [] : [set(want, want.value)];
}

function removal(want: Sysctl, { before }: Context<Sysctl>): Command[] {
  return before === undefined ? [] : [set(want, before.value)];
}

function parse([output]: readonly Output[], want: Sysctl): Sysctl | undefined {
  if (!output || saysNotFound(output)) return undefined;
  const found = normal(output.stdout);
  return { ...want, value: found === normal(want.value ?? "") ? want.value : found };
}

export const sysctlKind: Kind<typeof args> = {
  token: "podnet:linux:Sysctl",
  description: "A setting of the running kernel (sysctl(8)); what it was before comes back when the resource goes.",
  args,
  identity: ["host", "netns", "name"],
  id: ({ netns = "", name }) => `${netns},${name}`,
  fromId: (id) => {
    const [netns, name] = parts(id, 2);
    return { ...(netns ? { netns } : {}), name };
  },
  within: ({ netns }) => [netns],
  permanent: true,
  written: true,
  commands,
  removal,
  probe: ({ netns, name }) => [{ argv: within(netns, ["sysctl", "-n", name]) }],
  parse,
};
