// A lab as a drawing in plain text: what stands in what, with addresses. Large labs are drawn in part.
import { clusterIPOf, externalIPsOf, portsOf, typeOf } from "./services";
import type { Outputs } from "./stack";

/** What a pod's containers are called and where they listen, by pod: `web :8080`. */
export type Containers = Readonly<Record<string, readonly string[]>>;

/** How much of it is drawn. */
export interface Limits {
  readonly nodes: number;
  readonly podsOfNode: number;
  readonly services: number;
}

const usual: Limits = { nodes: 5, podsOfNode: 4, services: 8 };

interface Leaf {
  readonly words: readonly string[];
  readonly leaves?: readonly Leaf[];
  /** How many leaves it has, drawn or not. */
  readonly holds?: number;
}

/** @param router its address in the node network */
export function picture(outputs: Outputs, router: string, containers: Containers, limits = usual): string {
  const clients = Object.entries(outputs.clients).map(([name, { ip }]) => `${name} ${ip}`);
  const nodes = sorted(outputs.nodes).map(([name, { internalIP, podCIDR }]): Leaf => {
    const pods = sorted(outputs.pods).filter(([, pod]) => pod.node === name);
    const leaves = pods.map(([key, { ip }]): Leaf => {
      return { words: [shortName(key), ip, (containers[key] ?? []).join(", ")] };
    });
    const drawn = elided(leaves, limits.podsOfNode, "pods");
    return { words: [name, internalIP, `pods ${podCIDR}`], leaves: drawn, holds: pods.length };
  });
  const drawn = elided(nodes, limits.nodes, "nodes");
  const services = sorted(outputs.services).map(([key, service]): Leaf => {
    const words = [typeOf(service), clusterIPOf(service), externalIPsOf(service).join(", ")];
    return { words: [shortName(key), ...words, portsOf(service).join(", ")] };
  });
  const below =
    services.length > 0 ? ["", "services", ...tree(elided(services, limits.services, "services"), "  ")] : [];
  const rows = [...clients, "  │", `router ${router}`, "  │", "switch", ...tree(drawn, "  "), ...below];
  return [title(outputs), "", ...rows].map((row) => row.trimEnd()).join("\n");
}

/** What there is how many of. */
export function title({ lab, nodes, pods, services }: Outputs): string {
  const counted = [count(Object.keys(nodes).length, "node"), count(Object.keys(pods).length, "pod")];
  const number = Object.keys(services).length;
  return `Lab ${lab}: ${[...counted, ...(number > 0 ? [count(number, "service")] : [])].join(", ")}`;
}

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** node2 comes before node10. */
export const sorted = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));

/** Pods of other namespaces keep theirs in the name. */
const shortName = (key: string): string => key.replace(/^default\//, "");

/** The first ones, and how many more there are. To leave out a single one would save no line. */
function elided(leaves: readonly Leaf[], most: number, noun: string): readonly Leaf[] {
  if (leaves.length <= most + 1) return leaves;
  const hidden = leaves.slice(most);
  const below = hidden.reduce((sum, { holds = 0 }) => sum + holds, 0);
  return [
    ...leaves.slice(0, most),
    { words: [`… ${hidden.length} more ${noun}${below > 0 ? ` with ${count(below, "pod")}` : ""}`] },
  ];
}

function tree(leaves: readonly Leaf[], indent: string): string[] {
  const widths = columnWidths(leaves);
  return leaves.flatMap(({ words, leaves: below = [] }, i) => {
    const last = i === leaves.length - 1;
    const text = words.map((word, column) => word.padEnd(widths[column] ?? 0)).join("  ");
    return [`${indent}${last ? "└─" : "├─"} ${text}`, ...tree(below, `${indent}${last ? "  " : "│ "}  `)];
  });
}

/** Columns stand below each other among the leaves that have any. */
function columnWidths(leaves: readonly Leaf[]): number[] {
  const rows = leaves.map(({ words }) => words).filter(({ length }) => length > 1);
  return (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}
