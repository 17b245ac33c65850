// What Pulumi's engine does with one resource after the other: it remembers, compares, and calls the provider.
import type { Runner } from "../../components/host";
import type { Args, Kind } from "../../components/linux/kind";
import { Reconciler } from "../../components/linux/reconcile";
import { faultsOf, fill } from "../../components/linux/schema";
import { diff } from "../../provider/diff";
import type { Values } from "../../provider/values";

/** The arguments with their defaults, which Check would have let pass. */
export function checked(kind: Kind, args: object): Args {
  const full = fill(kind.args, args) as unknown as Args;
  const faults = [...faultsOf(kind.args, full), ...(kind.validate?.(full) ?? [])];
  if (faults.length > 0) throw new Error(`${kind.token}: ${JSON.stringify(faults)}`);
  return full;
}

export class Engine {
  readonly state = new Map<string, Args>();

  constructor(
    private readonly lab: string,
    private readonly host: Runner,
  ) {}

  /** Each operation is a plugin's whole life. */
  get reconciler(): Reconciler {
    return new Reconciler(this.lab, "ann@laptop:/home/ann/podnet", () => this.host);
  }

  async up(name: string, kind: Kind, args: Args): Promise<void> {
    const old = this.state.get(name);
    const changed = old ? diff(kind, old as unknown as Values, args as unknown as Values) : [];
    if (old && changed.length === 0) return;
    if (old && !changed.some(({ replaces }) => replaces)) {
      const { state } = await this.reconciler.update(kind, args, old);
      this.state.set(name, state);
      return;
    }
    if (old) await this.delete(name, kind);
    const { state } = await this.reconciler.create(kind, args);
    this.state.set(name, state);
  }

  async refresh(name: string, kind: Kind): Promise<void> {
    const old = this.state.get(name);
    const found = old && (await this.reconciler.read(kind, old));
    if (found) this.state.set(name, found);
    else this.state.delete(name);
  }

  async delete(name: string, kind: Kind): Promise<void> {
    const old = this.state.get(name);
    if (!old) return;
    await this.reconciler.delete(kind, old);
    this.state.delete(name);
  }
}
