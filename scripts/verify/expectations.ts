// What can be expected and observed of one packet, and when the one is the other. Three answers: yes, no, and nobody knows,
// which never counts as yes.

export type Expected =
  /** It reaches a place, which sees one of these source addresses. */
  | { readonly kind: "answer"; readonly by: string; readonly sources: readonly string[] }
  /** It reaches nobody. */
  | { readonly kind: "no-way" }
  /** Some server is there. */
  | { readonly kind: "open" }
  /** It is too long for an interface on the way, the sender's for one. */
  | { readonly kind: "too-long" };

export type Observed =
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
    case "too-long":
      return observed.kind === "too-long";
  }
}

export function sayExpected(expected: Expected): string {
  switch (expected.kind) {
    case "answer":
      return `${expected.by} sees ${expected.sources.join(" or ")}`;
    case "no-way":
      return "UNREACHABLE or TIMEOUT";
    case "open":
      return "OPEN";
    case "too-long":
      return "TOO LONG";
  }
}

export function sayObserved(observed: Observed): string {
  switch (observed.kind) {
    case "answer":
      return `${observed.by} sees ${observed.source}`;
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
