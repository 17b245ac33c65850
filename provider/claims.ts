// Which resource takes what on the hosts, as far as the program has said so in this operation. Two resources that are one object would
// change it in turn, and whichever goes would take it from the other.
import { type Args, type Kind, resourceId } from "../components/linux/kind";

export class Claims {
  private readonly holders = new Map<string, string>();
  private readonly held = new Map<string, readonly string[]>();
  private readonly args = new Map<Kind, Map<string, Args>>();

  /** @returns what is another resource's already, and its URN */
  claim(urn: string, kind: Kind, args: Args): { readonly what: string; readonly by: string } | undefined {
    for (const what of this.held.get(urn) ?? []) this.holders.delete(what);
    this.held.delete(urn);
    const wanted = namesOf(kind, args);
    const taken = wanted.find((what) => this.holders.has(what));
    if (taken !== undefined) return { what: taken, by: this.holders.get(taken) ?? "" };
    this.held.set(urn, wanted);
    for (const what of wanted) this.holders.set(what, urn);
    this.args.set(kind, (this.args.get(kind) ?? new Map<string, Args>()).set(urn, args));
    return undefined;
  }

  declared = (kind: Kind): Args[] => [...(this.args.get(kind)?.values() ?? [])];

  /** The other resource that has it by now. */
  holder(urn: string, kind: Kind, args: Args): string | undefined {
    return namesOf(kind, args)
      .map((what) => this.holders.get(what))
      .find((by) => by !== undefined && by !== urn);
  }
}

const namesOf = (kind: Kind, args: Args): readonly string[] =>
  kind.takes?.(args) ?? [`${kind.token.split(":")[2]} ${resourceId(kind, args)}`];
