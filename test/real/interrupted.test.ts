// Whatever is killed, cut or stopped, and whenever: nothing is lost and nothing stays. The next up completes, the next destroy
// leaves the machine as it was. To try the same points again: PODNET_SEED=<seed> npx jest --selectProjects real interrupted
import { random } from "../fake/random";
import { Chain, type Courses, type Struck } from "./interrupted/chain";
import { type Lane, lanesFor } from "./interrupted/lanes";
import { type Interruption, interruptions, operations } from "./interrupted/plan";

jest.setTimeout(1_800_000);

const seed = Number(process.env["PODNET_SEED"] ?? Date.now() % 1_000_000_000);
const source = random(seed);

interface Walk {
  readonly struck: readonly Struck[];
  readonly faults: readonly string[];
}

const faultsShown = 5;

/** After a fault it goes on with another lab, so that one does not hide the others. */
async function walk(lane: Lane, courses: Courses): Promise<Walk> {
  const own = random(source.below(2 ** 31));
  const struck: Struck[] = [];
  const faults: string[] = [];
  for (let left = lane.points; left.length > 0 && faults.length < faultsShown;) {
    const chain = await Chain.open(lane, own, courses);
    await chain.run(left).catch((error: Error) => faults.push(error.message));
    await chain.close();
    struck.push(...chain.struck);
    left = left.filter((point) => !chain.tried.has(point));
  }
  return { struck, faults };
}

test(`up completes and destroy leaves nothing, wherever they were interrupted: PODNET_SEED=${seed}`, async () => {
  const courses = await Chain.rehearse(source);
  const walks = await Promise.all(lanesFor(source).map((lane) => walk(lane, courses)));
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
  expect(struck.filter(({ isLocked }) => isLocked)).not.toEqual([]);
});
