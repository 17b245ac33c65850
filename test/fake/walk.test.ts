// Ring 3: everything that can happen to a lab, in an order that nobody thought of. A failure names its seed; to see it
// again: PODNET_SEED=<seed> npx jest test/fake
import { kinds } from "../../components/linux/registry";
import { FakeHost } from "./host";
import { trials, walk } from "./walk";

const given = process.env["PODNET_SEED"];
const seeds = given === undefined ? Array.from({ length: 350 }, (_, i) => i + 1) : [Number(given)];
const stepsPerWalk = 60;

// Nobody waits for a host in memory.
beforeEach(() => void jest.spyOn(global, "setTimeout").mockImplementation((wake) => setImmediate(wake) as never));
afterEach(() => jest.restoreAllMocks());

test(`a lab survives ${seeds.length} walks of ${stepsPerWalk} steps`, async () => {
  const counts: Record<string, number> = {};
  for (const seed of seeds) {
    const host = new FakeHost();
    const walked = await walk(host, seed, stepsPerWalk).catch((error: Error) => {
      error.message = `PODNET_SEED=${seed}: ${error.message}`;
      throw error;
    });
    for (const [what, times] of Object.entries(walked.counts)) counts[what] = (counts[what] ?? 0) + times;
  }
  if (given !== undefined) return;
  // What never happened was not tried.
  const others = ["converged", "foreign", "flawless", "stays", "nobody's", "CommandFailed", "ConnectionLost"];
  const ofEach = kinds.flatMap(({ token }) => trials.map((trial) => `${token} ${trial}`));
  const rare = [...others, ...ofEach].filter((what) => (counts[what] ?? 0) < 3);
  expect(rare).toEqual([]);
});
