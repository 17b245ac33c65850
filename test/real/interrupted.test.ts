// Whatever is killed, cut or stopped, and whenever: nothing is lost and nothing stays. The next up completes, the next destroy
// leaves the machine as it was. To try the same points again: PODNET_SEED=<seed> npx jest --selectProjects real interrupted
import { random } from "../fake/random";
import { Chain, type Rehearsal, type Struck, type Tool } from "./interrupted/chain";
import { type Interruption, type Point, interruptions, operations, pointsFor } from "./interrupted/plan";
import type { HostType } from "./interrupted/site";

jest.setTimeout(1_800_000);

const seed = Number(process.env["PODNET_SEED"] ?? Date.now() % 1_000_000_000);
const source = random(seed);

const isOfState = (what: Interruption): boolean => what.endsWith("state");

interface Lane {
  readonly host: HostType;
  readonly tool: Tool;
  readonly points: readonly Point[];
}

/** A lab each, side by side. */
const lanes = (): Lane[] => {
  const points = pointsFor(
    source,
    interruptions.filter((what) => !isOfState(what)),
    2,
  );
  // A connection can be closed from outside only where it is one of the network.
  const far = points.filter(({ what }, i) => what === "connection" || i % 3 === 0);
  const near = points.filter((point) => !far.includes(point));
  // Pulumi tries for half a minute to write what cannot be written.
  const ofState = pointsFor(source, interruptions.filter(isOfState), 1);
  // Pulumi itself not: killed while it writes its checkpoint it leaves an empty one, which only the scripts mend.
  const stock = pointsFor(source, ["provider", "sshd"], 1).map((point) => ({ ...point, by: "time" as const }));
  return [
    { host: "local", tool: "scripts", points: near },
    { host: "ssh", tool: "scripts", points: far },
    { host: "local", tool: "scripts", points: ofState },
    { host: "local", tool: "pulumi", points: stock },
  ];
};

interface Walk {
  readonly struck: readonly Struck[];
  readonly faults: readonly string[];
}

const faultsShown = 5;

/** After a fault it goes on with another lab, so that one does not hide the others. */
async function walk({ host, tool, points }: Lane, rehearsal: Rehearsal): Promise<Walk> {
  const struck: Struck[] = [];
  const faults: string[] = [];
  for (let left = points; left.length > 0 && faults.length < faultsShown;) {
    const chain = await Chain.open(host, tool, random(source.below(2 ** 31)), rehearsal);
    await chain.run(left).catch((error: Error) => faults.push(error.message));
    await chain.close();
    struck.push(...chain.struck);
    left = left.filter((point) => !chain.tried.has(point));
  }
  return { struck, faults };
}

test(`up completes and destroy leaves nothing, wherever they were interrupted: PODNET_SEED=${seed}`, async () => {
  const rehearsal = await Chain.rehearse(source);
  const walks = await Promise.all(lanes().map((lane) => walk(lane, rehearsal)));
  const struck = walks.flatMap((each) => each.struck);
  const by = (what: Interruption): Struck[] => struck.filter(({ point }) => point.what === what);
  const times = (what: Interruption): number[] =>
    operations.map((during) => by(what).filter(({ point }) => point.operation === during).length);
  const counts = interruptions.map((what) => `${what}: ${times(what).join(" + ")}`);
  console.log([`PODNET_SEED=${seed}: ${struck.length} points, ${operations.join(" + ")}`, ...counts].join("\n  "));
  expect(walks.flatMap(({ faults }) => faults).join("\n\n")).toBe("");
  expect(struck.length).toBeGreaterThanOrEqual(60);
  expect(interruptions.filter((what) => by(what).length === 0)).toEqual([]);
  // Some of the dead held the lock of the state, and the next one lifted it.
  expect(struck.filter(({ locked }) => locked)).not.toEqual([]);
});
