// What is done with every kind in the same way: observe, ensure, sync, return. Nothing branches on "is it new":
// what is there is a fact of the host, never of the state.
import {
  type Command,
  CommandFailed,
  HostError,
  NotOurs,
  type Output,
  type Runner,
  Together,
  brief,
  line,
  saysNotFound,
} from "../host";
import { type Args, type Context, type Kind, WrongKind, resourceId } from "./kind";
import { type Observed, formerOf, isAbsent, isForeign, isPartOf, isSame, nothing } from "./observed";
import {
  type OwnedRecord,
  anotherLab,
  forget,
  ofAnotherOwner,
  ownedFolder,
  parseOwnership,
  probeOwnership,
  writeDown,
  writtenMeanwhile,
} from "./owned";
import { at, differences, without } from "./properties";
import { RefusedTogether, amongOthers, askAndLook, forgetLooks, runAndLook } from "./shared";

/** For the plugin, which knows only how kinds are reconciled. */
export { projectOwner } from "./owned";

export interface Made {
  readonly id: string;
  readonly state: Args;
  /** Sentences for the user about something that works, but perhaps not as meant. */
  readonly warnings: readonly string[];
}

interface Removed {
  readonly args: Args;
  readonly found: Args | undefined;
}

export class Reconciler {
  /** Hosts that said, since this one is at work, that the lab there is its owner's; the mark goes with the last record. */
  private readonly marked = new Set<string>();
  /** Namespaces that this one has made, by host and name: at first there is nothing in them, so nobody needs to look. */
  private readonly fresh = new Set<string>();
  private readonly clearing = new Map<string, Together<Removed, void>>();

  /**
   * @param owner as `projectOwner` says it
   * @param moment how old, in milliseconds, what was seen may be for `read`: many have the same to look at
   * @param declared all of a kind that the program has said so far
   */
  constructor(
    readonly lab: string,
    readonly owner: string,
    private readonly host: (name: string) => Runner,
    private readonly moment = 0,
    private readonly declared: (kind: Kind) => readonly Args[] = () => [],
  ) {}

  /** Makes an object, or adopts and corrects what a run before left of it. */
  async create(kind: Kind, args: Args): Promise<Made> {
    return this.amongOthers(kind, args, () => this.createOnce(kind, args));
  }

  private async createOnce(kind: Kind, args: Args): Promise<Made> {
    forgetLooks(this.host(args.host));
    if (this.isFresh(kind, args)) {
      try {
        return await this.ensure(kind, args, nothing, undefined);
      } catch (error) {
        // Somebody was faster, so it is looked at after all.
        if (!saysExists(error)) throw error;
      }
    }
    const observed = await this.observe(kind, args);
    this.expectOwner(args.host, observed);
    this.refuseForeign(kind, args, observed);
    if (isAbsent(observed)) return this.createNew(kind, args, observed);
    if (kind.permanent || isSame(kind, args, observed)) return this.ensure(kind, args, observed, undefined);
    await this.remove(kind, observed.found ?? args, observed);
    return this.ensure(kind, args, { ...observed, found: undefined, wrong: undefined }, undefined);
  }

  private async createNew(kind: Kind, args: Args, observed: Observed): Promise<Made> {
    const made = await this.ensure(kind, args, observed, undefined);
    const space = kind.space?.(args);
    if (space !== undefined && !observed.ownership.record) this.fresh.add(`${args.host},${space}`);
    return made;
  }

  private isFresh(kind: Kind, args: Args): boolean {
    const spaces = kind.within(args);
    return !kind.permanent && spaces.every((netns) => netns !== undefined && this.fresh.has(`${args.host},${netns}`));
  }

  /** Changes an object in place. @param old the arguments it had */
  async update(kind: Kind, args: Args, old: Args): Promise<Made> {
    return this.amongOthers(kind, args, () => this.updateOnce(kind, args, old));
  }

  private async updateOnce(kind: Kind, args: Args, old: Args): Promise<Made> {
    forgetLooks(this.host(args.host));
    const observed = await this.observeRenamed(kind, args, old);
    this.expectOwner(args.host, observed);
    if (observed.wrong !== undefined) return this.createOnce(kind, args);
    this.refuseForeign(kind, args, observed);
    const made = await this.ensureAmongOthers(kind, args, observed, old);
    if (kind.id(old) !== kind.id(args)) await this.host(args.host).run([forget(this.lab, kind, old)]);
    return made;
  }

  /** What the kernel has; undefined when it is gone, or when something that is not the lab's, or not this one's, took its name. */
  async read(kind: Kind, state: Args): Promise<Args | undefined> {
    const observed = await this.observe(kind, state, this.moment);
    if (!observed.found || this.isAnothersLab(observed)) return undefined;
    const { owner, record } = observed.ownership;
    // The mark alone is lost: without it the next one of another project would take the lab over.
    if (record && owner === undefined) await this.host(state.host).run([writeDown(this, kind, state, record, false)]);
    if (!isForeign(kind, observed)) return this.asAsked(kind, state, observed.found);
    // Without any of its notes the lab may well have made it, so the state may not forget it.
    if (!this.marked.has(state.host)) throw this.unknown(kind, state, observed);
    return undefined;
  }

  /** Reads an object that podnet did not make and makes it the lab's own. */
  async import(kind: Kind, args: Args): Promise<Args | undefined> {
    const observed = await this.observe(kind, args);
    this.expectOwner(args.host, observed);
    const { found, wrong, ownership } = observed;
    if (wrong !== undefined) throw new HostError(`${resourceId(kind, args)} cannot be imported: ${wrong}`);
    const { inside, record } = ownership;
    const note = (before: Args): Command => this.record(kind, before, kind.permanent ? before : undefined, [], true);
    if (found && !record && !(inside && kind.transient)) await this.host(args.host).run([note(found)]);
    return found;
  }

  /** Removes an object; that it is gone already is no failure, and what is not the lab's stays. @returns warnings */
  async delete(kind: Kind, state: Args): Promise<string[]> {
    for (let pause = 25; ; pause *= 2) {
      try {
        return await this.amongOthers(kind, state, () => this.deleteOnce(kind, state));
      } catch (error) {
        // Its namespace may go at the same time and take what runs inside with it (an imported object's: Pulumi knows of no
        // order between the two). A later look finds both gone.
        const inNamespace = kind.within(state).some((netns) => netns !== undefined);
        if (!(error instanceof CommandFailed) || !inNamespace || pause > 200) throw error;
        await new Promise((wake) => setTimeout(wake, pause));
      }
    }
  }

  private async deleteOnce(kind: Kind, state: Args): Promise<string[]> {
    forgetLooks(this.host(state.host));
    for (const netns of [kind.space?.(state), ...kind.within(state)]) this.fresh.delete(`${state.host},${netns}`);
    const observed = await this.observe(kind, state);
    this.expectOwner(state.host, observed);
    const { inside, record } = observed.ownership;
    if (isForeign(kind, observed)) {
      // Without any of its notes the lab may well have made it, so nobody may forget it.
      if (!this.marked.has(state.host)) throw this.unknown(kind, state, observed);
      return [`${this.notOurs(kind, state, observed.wrong).message}; it stays`];
    }
    const last = await this.withoutFormer(kind, state, observed);
    await this.remove(kind, last, last === state ? observed : await this.observe(kind, last));
    if (record || !inside) await this.host(state.host).run([forget(this.lab, kind, state)]);
    return [];
  }

  /**
   * Of what a killed change left, nobody finds all when it is to go. So first it becomes what was written down last.
   * @returns the arguments that it has then
   */
  private async withoutFormer(kind: Kind, state: Args, { ownership: { record } }: Observed): Promise<Args> {
    if (!record || !kind.remembers || isPartOf(record.args, state)) return state;
    const last = { ...record.args, host: state.host }; // It names the host as the lab called it then.
    await this.ensure(kind, last, await this.observe(kind, last), state);
    return last;
  }

  /** Those with one probe may pass parts on to each other (an address, from one Service to another): then what was seen is old. */
  private async ensureAmongOthers(kind: Kind, args: Args, observed: Observed, old: Args): Promise<Made> {
    for (let [seen, attempts] = [observed, kind.shared ? 3 : 1]; ; attempts--) {
      try {
        return await this.ensure(kind, args, seen, old);
      } catch (error) {
        if (attempts <= 1 || !saysMoved(error)) throw error;
        seen = await this.observe(kind, args);
      }
    }
  }

  private async ensure(kind: Kind, args: Args, observed: Observed, old: Args | undefined): Promise<Made> {
    try {
      return await this.ensureOnce(kind, args, observed, old);
    } catch (error) {
      if (!(error instanceof RefusedTogether)) throw error;
      return this.ensureOnce(kind, args, await this.observe(kind, args), old, { wasAbsent: !observed.found });
    }
  }

  /** @param alone that nothing of others is to go with it, and whether there was nothing when it went with them */
  private async ensureOnce(
    kind: Kind,
    args: Args,
    observed: Observed,
    old: Args | undefined,
    alone?: { readonly wasAbsent: boolean },
  ): Promise<Made> {
    const { found, ownership } = observed;
    const { inside, record } = ownership;
    const host = this.host(args.host);
    const former = kind.remembers ? formerOf(record, old) : [];
    const earlier = old ? [old, ...former] : former;
    const context = { ...this.context(), earlier, declared: () => this.declared(kind) };
    const before = kind.permanent ? ((record?.before as Args | undefined) ?? found) : undefined;
    const note = inside && kind.transient ? [] : [this.record(kind, args, before, former, !record)];
    const steps = kind.commands(args, found, context);
    const prepare = steps.length > 0 && observed !== nothing ? (kind.prepare?.(args, context) ?? []) : [];
    // Some properties only say what to wait for.
    const changes = steps.length > 0 || !found || differences(args, this.asAsked(kind, args, found)).length > 0;
    const finish = changes ? (kind.finish?.(args, context) ?? []) : [];
    const probe = kind.probe(args, context);
    let outputs: Output[];
    try {
      outputs = await runAndLook(host, kind, note, [...prepare, ...steps, ...finish], probe, alone !== undefined);
      // What ended between the last look and the probe is looked at again, to hear why.
      if (finish.length > 0 && !kind.parse(outputs.slice(-probe.length), args)) await host.run(finish);
    } catch (error) {
      if (error instanceof CommandFailed && note.includes(error.command)) throw this.notWritten(kind, args, error);
      const isNew = kind.permanent ? !record : (alone?.wasAbsent ?? !found);
      if (isNew && error instanceof CommandFailed) await this.undo(kind, args, record, before, error, steps);
      throw error instanceof CommandFailed && finish.includes(error.command)
        ? this.failed(kind, args, steps, error)
        : error;
    }
    const state = this.parseMade(kind, args, outputs.slice(-probe.length), steps);
    const said = outputs.slice(prepare.length + steps.length, -probe.length).map(({ stdout }) => stdout.trim());
    const warnings = [...said.filter((text) => text !== ""), ...this.shortfall(kind, args, state)];
    return {
      id: resourceId(kind, args),
      state,
      warnings: warnings.map((text) => `${resourceId(kind, args)}: ${text}`),
    };
  }

  private parseMade(kind: Kind, args: Args, outputs: readonly Output[], steps: readonly Command[]): Args {
    const seen = kind.parse(outputs, args);
    if (!seen)
      throw new HostError(`${resourceId(kind, args)} was made, but is not there: ${steps.map(brief).join("; ")}`);
    return this.asAsked(kind, args, kind.applied?.(args, seen) ?? seen);
  }

  /** What the kernel did not take as it was said, without calling it a failure. */
  private shortfall(kind: Kind, args: Args, state: Args): string[] {
    if (kind.commands(args, state, this.context()).length === 0) return [];
    const text = (value: unknown): string => JSON.stringify(value) ?? "not there";
    return differences(args, state)
      .filter(([first = ""]) => !kind.computed?.includes(first))
      .map((path) => path.join("."))
      .map((path) => `${path} is ${text(at(state, path))} and did not become ${text(at(args, path))}`);
  }

  /**
   * Half an object is worse than none: what a failed attempt left goes, and the failure is what the user hears of.
   * Nothing goes that somebody else made at the same moment; was it written down before, that was another operation on the lab.
   */
  private async undo(
    kind: Kind,
    args: Args,
    record: OwnedRecord | undefined,
    before: Args | undefined,
    error: CommandFailed,
    steps: readonly Command[],
  ): Promise<void> {
    try {
      const { found, wrong, ownership } = await this.observe(kind, args);
      const isAnothers = error.command === steps[0] && saysExists(error);
      const there = found ?? (wrong === undefined ? undefined : args);
      if (isAnothers && record) return;
      const mine = isAnothers ? undefined : there;
      await this.clear(kind, args, mine);
      const removal = kind.removal(args, mine, { ...this.context(), before });
      const note = ownership.record || !ownership.inside ? [forget(this.lab, kind, args)] : [];
      await this.host(args.host).run([...removal, ...note]);
    } catch {
      // It stays written down, so the next run finds it.
    }
  }

  private async remove(kind: Kind, args: Args, { found, wrong, ownership }: Observed): Promise<void> {
    const there = found ?? (wrong === undefined ? undefined : args);
    await this.clear(kind, args, there);
    const before = ownership.record?.before as Args | undefined;
    const removal = kind.removal(args, there, { ...this.context(), before });
    const failure = await this.failureOf(args.host, removal);
    if (!failure) return;
    const after = kind.permanent ? { found, wrong } : await this.observe(kind, args);
    if (after.wrong !== undefined)
      throw new HostError(
        `host "${args.host}": ${nameOf(kind, args)}: ${after.wrong}, and cannot be removed: ${failure.stderr.trim()}; choose another name, or remove it by hand`,
      );
    if (after.found !== undefined) throw failure;
    // Gone meanwhile, or gone with what went before; what podnet put beside it has to go all the same.
    await this.host(args.host).run(kind.removal(args, undefined, this.context()));
  }

  /** Waits for those that are being cleared, and then goes with all that have come meanwhile. */
  private async clear(kind: Kind, args: Args, found: Args | undefined): Promise<void> {
    if (!kind.clear) return;
    const key = `${args.host},${kind.token}`;
    const turn = this.clearing.get(key) ?? new Together((removed: readonly Removed[]) => this.clearAll(kind, removed));
    this.clearing.set(key, turn);
    await turn.add({ args, found });
  }

  private async clearAll(kind: Kind, removed: readonly Removed[]): Promise<void[]> {
    const [first] = removed;
    if (first) await this.host(first.args.host).run(kind.clear?.(removed, this.context()) ?? []);
    return [];
  }

  /** What went wrong first, be it allowed to or not. Nothing runs behind what may not. */
  private async failureOf(host: string, commands: readonly Command[]): Promise<CommandFailed | undefined> {
    try {
      const outputs = await this.host(host).run(commands);
      const failed = outputs.findIndex(({ code }) => code !== 0);
      const [command, output] = [commands[failed], outputs[failed]];
      return command && output && new CommandFailed(host, command, output.code, output.stderr);
    } catch (error) {
      if (error instanceof CommandFailed) return error;
      throw error;
    }
  }

  /** An object whose id is made of what changed is looked for under its old one too. */
  private async observeRenamed(kind: Kind, args: Args, old: Args): Promise<Observed> {
    const observed = await this.observe(kind, args);
    if (kind.id(old) === kind.id(args)) return observed;
    const former = await this.observe(kind, old);
    const record = former.ownership.record ?? observed.ownership.record;
    return {
      found: former.found ?? observed.found,
      wrong: observed.wrong,
      ownership: { ...observed.ownership, record },
    };
  }

  private async observe(kind: Kind, args: Args, oldest = 0): Promise<Observed> {
    const ask = probeOwnership(this.lab, kind, args);
    const probe = kind.probe(args, this.context());
    const outputs = await askAndLook(this.host(args.host), kind, [ask], probe, oldest);
    this.check(args.host, [ask, ...probe], outputs);
    const ownership = parseOwnership(outputs[0] as Output, ask);
    if (ownership.owner === this.owner) this.marked.add(args.host);
    try {
      return { found: kind.parse(outputs.slice(1), args), wrong: undefined, ownership };
    } catch (error) {
      if (!(error instanceof WrongKind)) throw error;
      return { found: undefined, wrong: error.message, ownership };
    }
  }

  /** Only a typed "not found" means gone: any other failure of a probe says nothing about the object. */
  private check(host: string, commands: readonly Command[], outputs: readonly Output[]): void {
    commands.forEach((command, i) => {
      const output = outputs[i];
      if (output && !command.mayFail && output.code !== 0 && !saysNotFound(output))
        throw new CommandFailed(host, command, output.code, output.stderr);
    });
  }

  /** Leaves out what nobody asked for and the kernel filled in. */
  private asAsked(kind: Kind, args: Args, found: Args): Args {
    const unasked = (kind.derived ?? []).filter((path) => at(args, path) === undefined);
    return unasked.reduce((state, path) => without(state, path), found);
  }

  private record(
    kind: Kind,
    args: Args,
    before: Args | undefined,
    former: readonly OwnedRecord["args"][],
    isNew: boolean,
  ): Command {
    // podnet's own scripts tell a person nothing.
    const undo = kind.removal(args, args, { ...this.context(), before }).filter(({ argv }) => argv[0] !== "perl");
    const record: OwnedRecord = {
      token: kind.token,
      args: args as OwnedRecord["args"],
      before: before as OwnedRecord["before"],
      ...(former.length > 0 && { former }),
      undo: undo.map(line),
    };
    return writeDown(this, kind, args, record, isNew);
  }

  private notWritten(kind: Kind, args: Args, failure: CommandFailed): HostError {
    if (failure.code === ofAnotherOwner) return anotherLab(args.host, this, failure.stderr.trim());
    if (failure.code !== writtenMeanwhile) return failure;
    return new WrittenMeanwhile(
      `host "${args.host}": another operation on lab "${this.lab}" makes ${nameOf(kind, args)} at this moment; wait for its end, and run podnet again`,
    );
  }

  /** What bookkeeping found out is about the object; how it found out is not for the user. */
  private failed(kind: Kind, args: Args, steps: readonly Command[], { stderr }: CommandFailed): HostError {
    return new HostError(
      `on host "${args.host}": ${nameOf(kind, args)}: ${stderr.trim()}\n  after: ${steps.map(brief).join("; ")}`,
    );
  }

  private isAnothersLab({ ownership: { owner } }: Observed): boolean {
    return owner !== undefined && owner !== this.owner;
  }

  private expectOwner(host: string, observed: Observed): void {
    if (this.isAnothersLab(observed)) throw anotherLab(host, this, observed.ownership.owner as string);
  }

  private refuseForeign(kind: Kind, args: Args, observed: Observed): void {
    if (isForeign(kind, observed)) throw this.notOurs(kind, args, observed.wrong);
  }

  private notOurs(kind: Kind, args: Args, wrong: string | undefined): NotOurs {
    return new NotOurs(
      `host "${args.host}": ${nameOf(kind, args)} is there already, and lab "${this.lab}" did not make it${wrong ? ` (${wrong})` : ""}; ` +
        "remove it or rename it, or choose another name for the lab",
    );
  }

  /** All that was written down of the lab is gone. */
  private unknown(kind: Kind, args: Args, { found }: Observed): HostError {
    const removal = kind
      .removal(args, found ?? args, this.context())
      .filter(({ argv: [program = ""] }) => !["perl", "sh"].includes(program));
    return new HostError(
      `host "${args.host}": ${nameOf(kind, args)} is there, but nothing in ${ownedFolder(this.lab)} says any more that lab "${this.lab}" made it, so it stays. ` +
        `If you know that it is the lab's, remove it, then try again:\n  ${removal.map(line).join("\n  ")}`,
    );
  }

  private amongOthers<T>(kind: Kind, args: Args, work: () => Promise<T>): Promise<T> {
    return amongOthers(this.host(args.host), kind, kind.probe(args, this.context()), work);
  }

  private context(): Context<never> {
    return { lab: this.lab };
  }
}

/** Thrown when what nobody had written down has been written down meanwhile. */
class WrittenMeanwhile extends HostError {}

const saysExists = (error: unknown): boolean =>
  error instanceof WrittenMeanwhile ||
  (error instanceof CommandFailed && /File exists|already exists/.test(error.stderr));

/** Or what was to go is gone: somebody else was faster. */
const saysMoved = (error: unknown): boolean =>
  saysExists(error) || (error instanceof CommandFailed && error.stderr.includes("No such file or directory"));

/** As `Bridge demo.node1,cbr0`, for messages. */
const nameOf = (kind: Kind, args: Args): string => `${kind.token.split(":")[2]} ${kind.id(args).replace(/^,/, "")}`;
