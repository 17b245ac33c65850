// The kernel's floor: a lab's namespaces, links, addresses, routes and settings as an administrator's script makes them, many at a
// time by `ip -batch`. The commands are podnet's own, out of its state.
import { quote } from "../components/host";
import type { Resource } from "./pulumi";

/** What is not made by ip(8) and sysctl(8) is none of this. */
const types = ["NetworkNamespace", "Bridge", "Veth", "Route", "Neighbour", "Sysctl"].map(
  (kind) => `podnet:linux:${kind}`,
);

export interface Scripts {
  readonly up: string;
  readonly destroy: string;
}

/** What is to be done in one namespace, in an order in which each thing finds what it needs. */
interface Inside {
  /** Settings of the namespace, which its links take over when they are made. */
  readonly early: string[];
  readonly links: string[];
  readonly settings: string[];
  readonly rest: string[];
}

export function kernelScripts(state: readonly Resource[]): Scripts {
  const outside: { readonly namespaces: string[]; readonly cables: string[] } = { namespaces: [], cables: [] };
  const insides = new Map<string, Inside>();
  for (const { type, outputs } of state.filter((resource) => types.includes(resource.type)))
    for (const command of outputs?.commands as string[]) sort(command, type.endsWith("Namespace"));
  const enter = [...insides];
  const up = [
    batch(outside.namespaces),
    ...enter.map(([netns, { early }]) => within(netns, early.join(""))),
    batch(outside.cables),
    ...enter.map(([netns, all]) => within(netns, batch(all.links) + all.settings.join("") + batch(all.rest))),
  ];
  return { up: up.join(""), destroy: batch([...insides.keys()].reverse().map((netns) => `netns del ${netns}`)) };

  function sort(command: string, isNamespace: boolean): void {
    const [, add] = /^ip (netns add \S+)$/.exec(command) ?? [];
    const [, cable] = /^ip (link add .*)$/.exec(command) ?? [];
    const [, netns = "", words] = /^ip -n (\S+) (.*)$/.exec(command) ?? [];
    const [, place = "", settings] = /^ip netns exec (\S+) sysctl -q -w (.*)$/.exec(command) ?? [];
    if (add !== undefined) outside.namespaces.push(add);
    else if (cable !== undefined) outside.cables.push(cable);
    else if (words !== undefined) inside(netns)[words.startsWith("link add ") ? "links" : "rest"].push(words);
    else if (settings !== undefined)
      inside(place)[isNamespace ? "early" : "settings"].push(...settings.split(" ").map(write));
    else throw new Error(`the kernel's floor has no place for the command: ${command}`);
  }

  function inside(netns: string): Inside {
    const found = insides.get(netns) ?? { early: [], links: [], settings: [], rest: [] };
    insides.set(netns, found);
    return found;
  }
}

/** A setting is a file below /proc/sys; its name has slashes when one of its parts has a dot (sysctl(8)). */
function write(setting: string): string {
  const [name = "", value = ""] = setting.split("=");
  return `echo ${quote(value)} >/proc/sys/${name.includes("/") ? name : name.replaceAll(".", "/")}\n`;
}

const batch = (lines: readonly string[]): string =>
  lines.length === 0 ? "" : `ip -batch - <<'BATCH'\n${lines.join("\n")}\nBATCH\n`;

const within = (netns: string, script: string): string =>
  script === "" ? "" : `nsenter --net=/run/netns/${netns} sh -e <<'INSIDE'\n${script}INSIDE\n`;
