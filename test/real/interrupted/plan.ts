/** Where operations are interrupted, and by what. */
import type { Random } from "../../fake/random";

export const operations = ["up", "change", "destroy"] as const;
export type Operation = (typeof operations)[number];

export const interruptions = [
  "engine",
  "provider",
  "program",
  "shell",
  "sshd",
  "connection",
  "everything",
  "Ctrl-C",
  "Ctrl-C twice",
  "full state",
  "read-only state",
] as const;
export type Interruption = (typeof interruptions)[number];

export interface Point {
  readonly operation: Operation;
  readonly what: Interruption;
  /** By the clock, or when the operation has printed so much. */
  readonly by: "time" | "output";
  /** Of what the operation takes, or prints. */
  readonly fraction: number;
  /** Chooses among several that could be struck. */
  readonly pick: number;
}

/** Some points for each interruption of each operation, in any order. */
export function pointsFor({ below, chance }: Random, kinds: readonly Interruption[], each: number): readonly Point[] {
  const all = operations.flatMap((operation) => kinds.map((what) => ({ operation, what })));
  return (
    all
      // To destroy, Pulumi needs no program.
      .filter(({ operation, what }) => !(operation === "destroy" && what === "program"))
      .flatMap((one) => Array.from({ length: each }, () => one))
      .map(({ operation, what }) => {
        // In a terminal Pulumi draws a table, again and again; and what is written of the state is written at the end.
        const by = /Ctrl-C|state/.test(what) || chance(0.5) ? ("time" as const) : ("output" as const);
        return { operation, what, by, fraction: below(950) / 1000, pick: below(1_000_000) };
      })
      .map((point) => ({ point, place: below(1_000_000) }))
      .sort((a, b) => a.place - b.place)
      .map(({ point }) => point)
  );
}
