// Ring 3: everything that can happen to a lab, in an order that nobody thought of. A failure names its seed; to see it
// again: PODNET_SEED=<seed> npx jest test/fake
import { FakeHost } from "./host";
import { walk } from "./walk";

const given = process.env["PODNET_SEED"];
const seeds = given === undefined ? Array.from({ length: 100 }, (_, i) => i + 1) : [Number(given)];
const stepsPerWalk = 60;

// Nobody waits for a host in memory.
beforeEach(() => void jest.spyOn(global, "setTimeout").mockImplementation((wake) => setImmediate(wake) as never));
afterEach(() => jest.restoreAllMocks());

test(`a lab survives ${seeds.length} walks of ${stepsPerWalk} steps`, async () => {
  const counts: Record<string, number> = {};
  for (const seed of seeds) {
    const host = new FakeHost();
    const walked = await walk(host, seed, stepsPerWalk).catch((error: Error) => {
      error.message = `seed ${seed}: ${error.message}`;
      throw error;
    });
    for (const [what, times] of Object.entries(walked.counts)) counts[what] = (counts[what] ?? 0) + times;
  }
  if (given !== undefined) return;
  // What never happened was not tried.
  const expected = ["converged", "damage", "fail", "lose", "foreign", "flawless", "CommandFailed", "ConnectionLost"];
  expect(expected.filter((what) => (counts[what] ?? 0) < 10)).toEqual([]);
});
