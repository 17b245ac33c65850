// Which resource takes what on the hosts, as far as the program has said so in this operation. Two resources that are one object would
// change it in turn, and whichever goes would take it from the other.
import { type Args, type Kind, resourceId } from "../components/linux/kind";

/** What a resource cannot have. */
export interface Double {
  /** Which says that it wants it; none: all that names it. */
  readonly property?: string;
  readonly what: string;
  /** The URN of the resource that has it. */
  readonly by: string;
}

export class Claims {
  private readonly holders = new Map<string, string>();
  private readonly held = new Map<string, readonly string[]>();

  /** @returns what is another resource's already */
  claim(urn: string, kind: Kind, args: Args): Double | undefined {
    for (const what of this.held.get(urn) ?? []) this.holders.delete(what);
    this.held.delete(urn);
    const reserved = Object.entries(kind.reserves?.(args) ?? {}).flatMap(([property, all]) =>
      all.map((what) => ({ property, what })),
    );
    const wanted = [...namesOf(kind, args).map((what) => ({ what })), ...reserved];
    for (const each of wanted) {
      const by = this.holders.get(each.what);
      if (by !== undefined) return { ...each, by };
    }
    const all = wanted.map(({ what }) => what);
    this.held.set(urn, all);
    for (const what of all) this.holders.set(what, urn);
    return undefined;
  }

  /** The other resource that has it by now. */
  holder(urn: string, kind: Kind, args: Args): string | undefined {
    return namesOf(kind, args)
      .map((what) => this.holders.get(what))
      .find((by) => by !== undefined && by !== urn);
  }
}

const namesOf = (kind: Kind, args: Args): readonly string[] =>
  kind.takes?.(args) ?? [`${kind.token.split(":")[2]} ${resourceId(kind, args)}`];
