/** Labs that are interrupted side by side. */
import type { Random } from "../../fake/random";
import { type Point, cut, pointsFor, signalled, stopped } from "./plan";
import type { HostType } from "./site";
import type { ToolName } from "./tool";

/** What one lab goes through. */
export interface Lane {
  readonly host: HostType;
  readonly tool: ToolName;
  readonly points: readonly Point[];
}

/** They take about as long as each other. */
export function lanesFor(random: Random): Lane[] {
  const points = pointsFor(random, [...cut, ...signalled], 2);
  // A connection can be closed from outside only where it is one of the network.
  const far = points.filter(({ what }, i) => what === "connection" || i % 4 === 0);
  const near = points.filter((point) => !far.includes(point));
  const half = Math.ceil(near.length / 2);
  // Pulumi itself not: killed while it writes its checkpoint it leaves an empty one, which only the scripts mend.
  const stock = pointsFor(random, ["provider", "sshd"], 1).map((point) => ({ ...point, by: "time" as const }));
  return [
    { host: "local", tool: "scripts", points: near.slice(0, half) },
    { host: "local", tool: "scripts", points: near.slice(half) },
    { host: "ssh", tool: "scripts", points: far },
    // Few, since Pulumi tries for half a minute to write what cannot be written.
    { host: "local", tool: "scripts", points: pointsFor(random, stopped, 1) },
    { host: "local", tool: "pulumi", points: stock },
  ];
}
