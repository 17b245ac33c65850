// Measurements with round numbers, so that what follows from them can be seen.
import type { PodsResult, Results, ServicesResult, Times } from "../../../bench/results";

const all = (seconds: readonly number[]): Times => ({
  up: [...seconds],
  "second up": [...seconds],
  preview: [...seconds],
  refresh: [...seconds],
  "one pod added": seconds.map((each) => each * 1.5),
  destroy: [...seconds],
});

/** In the second round something else kept the machine busy. */
export const size: PodsResult = {
  pods: 10,
  nodes: 2,
  resources: 113,
  times: {
    podnet: all([3, 30, 3.3]),
    "Pulumi alone": all([2, 20, 2.2]),
    "kernel alone": { up: [0.1, 1, 0.2], destroy: [0.01, 0.1, 0.02] },
    Mininet: { up: [1, 10, 1.1], destroy: [0.5, 5, 0.55] },
  },
  memory: [
    { pause: 200_000, server: 1_000_000 },
    { pause: 210_000, server: 1_100_000 },
    { pause: 190_000, server: 1_200_000 },
  ],
};

const { Mininet: _, ...withoutMininet } = size.times;

/** Ten times as much of everything, and no Mininet. */
export const large: PodsResult = {
  ...{ pods: 100, nodes: 4, resources: 1029, memory: size.memory },
  times: Object.fromEntries(
    Object.entries(withoutMininet).map(([contestant, times]) => [
      contestant,
      Object.fromEntries(Object.entries(times).map(([step, seconds]) => [step, seconds.map((each) => each * 10)])),
    ]),
  ),
};

export const services: ServicesResult = {
  services: 100,
  nodes: 4,
  mode: "iptables",
  resources: 642,
  times: {
    podnet: {
      ...{ up: [3, 30, 3.3], "one endpoint changed": [2, 20, 2.2], "second up": [1.5, 15, 1.6] },
      ...{ refresh: [1, 10, 1.1], destroy: [3, 30, 3.3] },
    },
    "Pulumi alone": {
      ...{ up: [2, 20, 2.2], "one endpoint changed": [1, 10, 1.1], "second up": [1, 10, 1.1] },
      ...{ refresh: [1, 10, 1.1], destroy: [2, 20, 2.2] },
    },
    "in one go": { up: [0.2, 2, 0.22] },
  },
};

export const results: Results = {
  machine: { processors: "2 x Example", kernel: "6.1.0" },
  runs: 3,
  pods: [size, large],
  services: [services],
  notes: ["Mininet is left out above 10 pods."],
};
