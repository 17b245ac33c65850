/** Where operations are interrupted, and by what. */
import type { Random } from "../../fake/random";

export const operations = ["up", "change", "destroy"] as const;
export type Operation = (typeof operations)[number];

export const cut = ["engine", "provider", "program", "shell", "sshd", "connection", "everything"] as const;
export const signalled = ["Ctrl-C", "Ctrl-C twice"] as const;
export const stopped = ["full state", "read-only state"] as const;
export const interruptions = [...cut, ...signalled, ...stopped] as const;
export type Interruption = (typeof interruptions)[number];

export const isSignal = (what: Interruption): boolean => (signalled as readonly Interruption[]).includes(what);
export const isOfState = (what: Interruption): boolean => (stopped as readonly Interruption[]).includes(what);

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
export function pointsFor({ below, chance }: Random, kinds: readonly Interruption[], each: number): Point[] {
  return (
    operations
      .flatMap((operation) => kinds.map((what) => ({ operation, what })))
      // To destroy, Pulumi needs no program.
      .filter(({ operation, what }) => !(operation === "destroy" && what === "program"))
      .flatMap((one) => Array.from({ length: each }, () => one))
      .map(({ operation, what }): Point => {
        // In a terminal Pulumi draws a table, again and again; and what is written of the state is written at the end.
        const by = isSignal(what) || isOfState(what) || chance(0.5) ? "time" : "output";
        return { operation, what, by, fraction: below(950) / 1000, pick: below(1_000_000) };
      })
      .map((point) => ({ point, place: below(1_000_000) }))
      .sort((a, b) => a.place - b.place)
      .map(({ point }) => point)
  );
}
