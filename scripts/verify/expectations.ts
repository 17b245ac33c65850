// What can be expected and observed of one packet, and when the one is the other. Three answers: yes, no, and nobody knows,
// which never counts as yes.

export type Expected =
  /** It reaches a place, which sees one of these source addresses. */
  | { readonly kind: "answer"; readonly by: string; readonly sources: readonly string[] }
  /** It reaches nobody. */
  | { readonly kind: "no-way" }
  /** Some server is there. */
  | { readonly kind: "open" }
  /** Of many questions, each reaches one of these, which sees one of its source addresses; together they reach all of them. */
  | { readonly kind: "served"; readonly servers: readonly Server[]; readonly sticky: boolean }
  /** Somebody says at once that nobody serves. */
  | { readonly kind: "refused" }
  /** It is too long for an interface on the way, the sender's for one. */
  | { readonly kind: "too-long" };

/** Who may answer for a Service, by the name that it gives itself. */
export interface Server {
  readonly by: string;
  readonly sources: readonly string[];
}

export type Observed =
  | { readonly kind: "served"; readonly answers: readonly { readonly by: string; readonly source: string }[] }
  | { readonly kind: "answer"; readonly by: string; readonly source: string }
  | { readonly kind: "open" | "elsewhere" | "refused" | "unreachable" | "timeout" | "blocked" | "too-long" }
  | { readonly kind: "unmeasured"; readonly reason: string };

/** @returns undefined when it is not known */
export function holds(expected: Expected, observed: Observed): boolean | undefined {
  if (observed.kind === "unmeasured") return undefined;
  switch (expected.kind) {
    case "answer":
      return observed.kind === "answer" && observed.by === expected.by && expected.sources.includes(observed.source);
    case "no-way":
      return observed.kind === "unreachable" || observed.kind === "timeout";
    case "open":
      return observed.kind === "open" || observed.kind === "elsewhere";
    case "served":
      return observed.kind === "served" && isServed(expected, observed.answers);
    case "refused":
      return observed.kind === "refused";
    case "too-long":
      return observed.kind === "too-long";
  }
}

function isServed(
  { servers, sticky }: Extract<Expected, { kind: "served" }>,
  answers: Extract<Observed, { kind: "served" }>["answers"],
): boolean {
  const right = answers.every((answer) =>
    servers.some(({ by, sources }) => by === answer.by && sources.includes(answer.source)),
  );
  const heard = new Set(answers.map(({ by }) => by)).size;
  return right && heard === (sticky ? 1 : new Set(servers.map(({ by }) => by)).size);
}

/** Names with what each of them sees. */
function sayServers(servers: readonly { readonly by: string; readonly sources: readonly string[] }[]): string {
  return servers.map(({ by, sources }) => `${by} sees ${sources.join(" or ")}`).join(", ");
}

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
      for (const { by, source } of observed.answers) sources.set(by, (sources.get(by) ?? new Set()).add(source));
      return sayServers([...sources].sort().map(([by, seen]) => ({ by, sources: [...seen].sort() })));
    }
    case "unmeasured":
      return `? ${observed.reason}`;
    case "elsewhere":
      return "OPEN on another address only";
    case "too-long":
      return "TOO LONG";
    default:
      return observed.kind.toUpperCase();
  }
}
