// What can be expected and observed of one packet, and when the one is the other. Three answers: yes, no, and nobody knows,
// which never counts as yes.
import { isEven } from "./evenness";

export type Expected =
  /** It reaches a place, which sees one of these source addresses. */
  | { readonly kind: "answer"; readonly by: string; readonly sources: readonly string[] }
  /** It reaches nobody. */
  | { readonly kind: "no-way" }
  /** Some server is there. */
  | { readonly kind: "open" }
  /** Of many questions, each reaches one of these, which sees one of its source addresses; together they reach all of them. */
  | { readonly kind: "served"; readonly servers: readonly Server[]; readonly sticky: boolean }
  /** Of all that reach some endpoint, each endpoint gets as many as any other; a name for each. */
  | { readonly kind: "even"; readonly among: readonly string[] }
  /** A node tells how many endpoints of a Service it has. */
  | { readonly kind: "health"; readonly code: number; readonly endpoints: number }
  /** Somebody says at once that nobody serves. */
  | { readonly kind: "refused" }
  /** It is too long for an interface on the way, the sender's for one. */
  | { readonly kind: "too-long" };

/** Who may answer for a Service, by the name that it gives itself. */
export interface Server {
  readonly by: string;
  readonly sources: readonly string[];
}

/** Who said to serve, and whom it saw; a server that answers one question only is not asked the second. */
export interface Answer {
  readonly by: string;
  readonly source?: string;
}

export type Observed =
  | { readonly kind: "served"; readonly answers: readonly Answer[] }
  | { readonly kind: "tally"; readonly counts: ReadonlyMap<string, number> }
  | { readonly kind: "health"; readonly code: number; readonly endpoints: number }
  | { readonly kind: "answer"; readonly by: string; readonly source: string }
  | { readonly kind: "open" | "elsewhere" | "refused" | "unreachable" | "timeout" | "blocked" | "too-long" }
  /** Impossible on that host, and nothing that a lab there could do either. */
  | { readonly kind: "unmeasured" | "impossible"; readonly reason: string };

/** @returns undefined when it is not known */
export function holds(expected: Expected, observed: Observed): boolean | undefined {
  if (observed.kind === "unmeasured" || observed.kind === "impossible") return undefined;
  switch (expected.kind) {
    case "answer":
      return observed.kind === "answer" && observed.by === expected.by && expected.sources.includes(observed.source);
    case "no-way":
      return observed.kind === "unreachable" || observed.kind === "timeout";
    case "open":
      return observed.kind === "open" || observed.kind === "elsewhere";
    case "served":
      return observed.kind === "served" && isServed(expected, observed.answers);
    case "even":
      return observed.kind === "tally" && isEven(expected.among, observed.counts);
    case "health":
      return observed.kind === "health" && observed.code === expected.code && observed.endpoints === expected.endpoints;
    case "refused":
      return observed.kind === "refused";
    case "too-long":
      return observed.kind === "too-long";
  }
}

function isServed({ servers, sticky }: Extract<Expected, { kind: "served" }>, answers: readonly Answer[]): boolean {
  const right = answers.every(({ by, source }) =>
    servers.some((server) => server.by === by && (source === undefined || server.sources.includes(source))),
  );
  const heard = new Set(answers.map(({ by }) => by)).size;
  return right && heard === (sticky ? 1 : new Set(servers.map(({ by }) => by)).size);
}

/** Names with what each of them sees. */
function sayServers(servers: readonly { readonly by: string; readonly sources: readonly string[] }[]): string {
  return servers
    .map(({ by, sources }) => (sources.length === 0 ? by : `${by} sees ${sources.join(" or ")}`))
    .join(", ");
}

const sayHealth = ({ code, endpoints }: { readonly code: number; readonly endpoints: number }): string =>
  `${code} with ${endpoints} local endpoint${endpoints === 1 ? "" : "s"}`;

export function sayExpected(expected: Expected): string {
  switch (expected.kind) {
    case "answer":
      return `${expected.by} sees ${expected.sources.join(" or ")}`;
    case "no-way":
      return "UNREACHABLE or TIMEOUT";
    case "open":
      return "OPEN";
    case "served":
      return `${expected.sticky ? "always the same of: " : ""}${sayServers(expected.servers)}`;
    case "even":
      return `as many for each of: ${[...new Set(expected.among)].join(", ")}`;
    case "health":
      return sayHealth(expected);
    case "refused":
      return "REFUSED";
    case "too-long":
      return "TOO LONG";
  }
}

export function sayObserved(observed: Observed): string {
  switch (observed.kind) {
    case "answer":
      return `${observed.by} sees ${observed.source}`;
    case "served": {
      const sources = new Map<string, Set<string>>();
      for (const { by, source } of observed.answers) {
        const seen = sources.get(by) ?? new Set();
        sources.set(by, source === undefined ? seen : seen.add(source));
      }
      return sayServers([...sources].sort().map(([by, seen]) => ({ by, sources: [...seen].sort() })));
    }
    case "tally": {
      const all = [...observed.counts.values()].reduce((sum, count) => sum + count, 0);
      return [...observed.counts].map(([by, count]) => `${by} got ${count} of ${all}`).join(", ");
    }
    case "health":
      return sayHealth(observed);
    case "unmeasured":
    case "impossible":
      return `? ${observed.reason}`;
    case "elsewhere":
      return "OPEN on another address only";
    case "too-long":
      return "TOO LONG";
    default:
      return observed.kind.toUpperCase();
  }
}
