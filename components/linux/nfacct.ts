// A counter of the kernel's accounting, into which iptables rules may count what they match (nfacct(8)).
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { type Kind, WrongKind, parts } from "./kind";
import { host, netns } from "./schema";

const args = Type.Object({
  host,
  netns,
  name: Type.String({
    pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}$",
    errorMessage: 'a counter has 1-31 letters, digits, "_", "." or "-"',
    description: "Name, by which rules know it (`-m nfacct --nfacct-name`).",
  }),
});

type Counter = Static<typeof args>;

const nfacct = ({ netns }: Counter, ...argv: string[]): Command => ({ argv: within(netns, ["nfacct", ...argv]) });

function parse([output]: readonly Output[], want: Counter): Counter | undefined {
  if (!output || saysNotFound(output)) return undefined;
  const counters = [...output.stdout.matchAll(/^\{ (.*) \} = (\S+);$/gm)];
  const [, values] = counters.find(([, , name]) => name === want.name) ?? [];
  // Rules match nothing by it until the quota is used up.
  if (values?.includes("quota")) throw new WrongKind(`${want.name} is a counter with a quota`);
  return values === undefined ? undefined : want;
}

export const nfacctCounterKind: Kind<typeof args> = {
  token: "podnet:linux:NfacctCounter",
  description: "A counter of the kernel's accounting, into which iptables rules may count (nfacct(8)).",
  args,
  identity: ["host", "netns", "name"],
  id: ({ netns = "", name }) => `${netns},${name}`,
  fromId: (id) => {
    const [netns, name] = parts(id, 2);
    return { ...(netns ? { netns } : {}), name };
  },
  within: ({ netns }) => [netns],
  commands: (want, found) => (found ? [] : [nfacct(want, "add", want.name)]),
  removal: (want, found) => (found ? [nfacct(want, "delete", want.name)] : []),
  probe: (want) => [nfacct(want, "list")],
  parse,
};
