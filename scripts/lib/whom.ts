// Which namespace a short name stands for.
import { closest, distance } from "fastest-levenshtein";
import { underlayOf } from "./live";
import type { Outputs } from "./stack";

export interface Place {
  /** As a person calls it. */
  readonly name: string;
  readonly host: string;
  readonly netns: string;
  /** The key of its output, as `default/pod1`, if it is a pod. */
  readonly pod?: string;
}

/** `pod1`, `default/pod1`, `node1`, `node/node1`, `client`, `router` or `switch`. @throws when it is none or several of them */
export function whom(name: string, outputs: Outputs): Place {
  const places = placesOf(outputs);
  const found = called(name, places);
  const [place] = found;
  if (found.length > 1)
    throw new Error(`"${name}" is several: ${found.map(({ names }) => names[0]).join(", ")}; say which`);
  if (!place) throw new Error(`lab "${outputs.lab}" has no "${name}"; ${suggestion(name, places)}`);
  return { name, host: place.host, netns: place.netns, ...(place.isPod ? { pod: place.names[0] } : {}) };
}

function called(name: string, places: readonly Named[]): readonly Named[] {
  const all = places.filter(({ names }) => names.includes(name));
  // As kubectl takes it: of pods of one name, the one in the namespace "default".
  const inDefault = all.filter(({ isPod, names }) => isPod && names[0] === `default/${name}`);
  return inDefault.length === 1 && all.every(({ isPod }) => isPod) ? inDefault : all;
}

interface Named {
  /** The first one means this one for sure. */
  readonly names: readonly string[];
  readonly isPod?: boolean;
  readonly host: string;
  readonly netns: string;
}

function placesOf(outputs: Outputs): Named[] {
  const pods = Object.entries(outputs.pods).map(([key, { host, netns }]) => ({
    names: [key, key.split("/")[1] ?? ""],
    isPod: true,
    host,
    netns,
  }));
  const nodes = Object.entries(outputs.nodes).map(([name, { host, netns }]) => ({
    names: [`node/${name}`, name],
    host,
    netns,
  }));
  const others = Object.entries({ ...outputs.clients, ...underlayOf(outputs) });
  // A pod may be called as any of the others; its namespace tells it from them.
  return [
    ...pods,
    ...nodes,
    ...others.map(([name, { host, netns }]) => ({ names: [`lab/${name}`, name], host, netns })),
  ];
}

/** Only names that mean one place. */
function suggestion(name: string, places: readonly Named[]): string {
  const shortest = places.map(({ names }) => {
    const short = names.at(-1) as string;
    const [meant, ...others] = called(short, places);
    return others.length === 0 && meant?.names === names ? short : (names[0] as string);
  });
  const near = closest(name, name.includes("/") ? places.map(({ names }) => names[0] as string) : shortest);
  if (distance(name, near) <= 2) return `did you mean ${near}?`;
  const shown = shortest.slice(0, 12).join(", ");
  return `there are: ${shown}${shortest.length > 12 ? ", ... (npm run status shows all)" : ""}`;
}
