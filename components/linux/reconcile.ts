// What is done with every kind in the same way: observe, ensure, sync, return. Nothing branches on "is it new":
// what is there is a fact of the host, never of the state.
import { type Command, CommandFailed, HostError, NotOurs, type Output, type Runner, line, saysNotFound } from "../host";
import { type Args, type Context, type Kind, WrongKind, resourceId } from "./kind";
import { type OwnedRecord, type Ownership, forget, parseOwnership, probeOwnership, writeDown } from "./owned";
import { at, differences, without } from "./properties";

export interface Made {
  readonly id: string;
  readonly state: Args;
  /** Sentences for the user about something that works, but perhaps not as meant. */
  readonly warnings: readonly string[];
}

interface Observed {
  /** What is there, in the words of the args. */
  readonly found: Args | undefined;
  /** Why what is there cannot be it. */
  readonly wrong: string | undefined;
  readonly ownership: Ownership;
}

export class Reconciler {
  constructor(
    private readonly lab: string,
    private readonly host: (name: string) => Runner,
  ) {}

  /** Makes an object, or adopts and corrects what a run before left of it. */
  async create(kind: Kind, args: Args): Promise<Made> {
    const observed = await this.observe(kind, args);
    const { found, wrong, ownership } = observed;
    const there = found !== undefined || wrong !== undefined;
    if (there && !kind.permanent && !ownership.inside && !ownership.record) throw this.notOurs(kind, args, wrong);
    if (!there || kind.permanent) return this.ensure(kind, args, found, observed, undefined);
    const other =
      wrong !== undefined || kind.identity.some((path) => differences(at(found, path), at(args, path)).length > 0);
    if (!other) return this.ensure(kind, args, found, observed, undefined);
    await this.host(args.host).ask(kind.removal(args, this.context()));
    return this.ensure(kind, args, undefined, observed, undefined);
  }

  /** Changes an object in place. @param old the arguments it had */
  async update(kind: Kind, args: Args, old: Args): Promise<Made> {
    const observed = await this.observe(kind, args);
    if (observed.wrong !== undefined) return this.create(kind, args);
    return this.ensure(kind, args, observed.found, observed, old);
  }

  /** What the kernel has; undefined when it is gone, or when something of another kind took its name. */
  async read(kind: Kind, state: Args): Promise<Args | undefined> {
    const { found, wrong } = await this.observe(kind, state);
    return wrong === undefined ? found : undefined;
  }

  /** Reads an object that podnet did not make and makes it the lab's own. */
  async import(kind: Kind, args: Args): Promise<Args | undefined> {
    const outputs = await this.host(args.host).ask([
      probeOwnership(this.lab, kind, args),
      ...kind.probe(args, this.context()),
    ]);
    const found = kind.parse(this.checked(kind, args, outputs.slice(1)), args);
    const { inside, record } = parseOwnership(outputs[0] as Output);
    if (found && !record && (!inside || kind.written))
      await this.host(args.host).run([this.record(kind, found, found)]);
    return found;
  }

  /** Removes an object; that it is gone already is no failure, and what is not the lab's stays. */
  async delete(kind: Kind, state: Args): Promise<string[]> {
    const { found, wrong, ownership } = await this.observe(kind, state);
    const there = found !== undefined || wrong !== undefined;
    const { inside, record } = ownership;
    if (there && !inside && !record) return [`${this.notOurs(kind, state, wrong).message}; it stays`];
    const host = this.host(state.host);
    const before = record?.before as Args | undefined;
    const removal = kind.removal(state, { ...this.context(), before });
    const outputs = await host.ask(removal);
    if (there && !kind.permanent) await this.expectGone(kind, state, removal, outputs);
    if (record || !inside) await host.run([forget(this.lab, kind, state)]);
    return [];
  }

  private async ensure(
    kind: Kind,
    args: Args,
    found: Args | undefined,
    { ownership }: Observed,
    old: Args | undefined,
  ): Promise<Made> {
    const host = this.host(args.host);
    const context = { ...this.context(), old };
    const { inside, record } = ownership;
    const before = kind.permanent ? (record?.before ?? found) : undefined;
    const note = kind.written || !inside ? [this.record(kind, args, before as Args | undefined)] : [];
    const steps = kind.commands(args, found, context);
    const prepare = steps.length > 0 ? (kind.prepare?.(args, context) ?? []) : [];
    const finish = steps.length > 0 ? (kind.finish?.(args, context) ?? []) : [];
    const probe = kind.probe(args, context);
    let outputs: Output[];
    try {
      outputs = await host.run([...note, ...prepare, ...steps, ...finish, ...probe]);
    } catch (error) {
      if (!found && error instanceof CommandFailed) await this.undo(kind, args);
      throw error instanceof CommandFailed && finish.includes(error.command)
        ? this.failed(kind, args, steps, error)
        : error;
    }
    const seen = kind.parse(outputs.slice(-probe.length), args);
    if (!seen) throw new Error(`${resourceId(kind, args)} was made, but is not there: ${steps.map(line).join("; ")}`);
    const state = kind.applied?.(args, seen) ?? seen;
    const said = outputs
      .slice(note.length + prepare.length + steps.length, -probe.length)
      .map(({ stdout }) => stdout.trim());
    return {
      id: resourceId(kind, args),
      state: this.asAsked(kind, args, state),
      warnings: said.filter((text) => text !== "").map((text) => `${resourceId(kind, args)}: ${text}`),
    };
  }

  /** Half an object is worse than none: what a failed attempt left goes, and the failure is what the user hears of. */
  private async undo(kind: Kind, args: Args): Promise<void> {
    const removal = kind.removal(args, this.context());
    await this.host(args.host)
      .ask([...removal, forget(this.lab, kind, args)])
      .catch(() => undefined);
  }

  private async observe(kind: Kind, args: Args): Promise<Observed> {
    const outputs = await this.host(args.host).ask([
      probeOwnership(this.lab, kind, args),
      ...kind.probe(args, this.context()),
    ]);
    const ownership = parseOwnership(outputs[0] as Output);
    try {
      const found = kind.parse(this.checked(kind, args, outputs.slice(1)), args);
      return { found: found && this.asAsked(kind, args, found), wrong: undefined, ownership };
    } catch (error) {
      if (!(error instanceof WrongKind)) throw error;
      return { found: undefined, wrong: error.message, ownership };
    }
  }

  /** Only a typed "not found" means gone: any other failure of a probe says nothing about the object. */
  private checked(kind: Kind, args: Args, outputs: readonly Output[]): readonly Output[] {
    const commands = kind.probe(args, this.context());
    outputs.forEach((output, i) => {
      const command = commands[i];
      if (command && !command.mayFail && output.code !== 0 && !saysNotFound(output))
        throw new CommandFailed(args.host, command, output.code, output.stderr);
    });
    return outputs;
  }

  private async expectGone(
    kind: Kind,
    args: Args,
    removal: readonly Command[],
    outputs: readonly Output[],
  ): Promise<void> {
    const { found } = await this.observe(kind, args);
    const failed = outputs.findIndex(({ code }) => code !== 0);
    const command = removal[Math.max(failed, 0)];
    if (found && command) {
      const { code = 0, stderr = "" } = outputs[failed] ?? {};
      throw new CommandFailed(args.host, command, code, stderr || "it is still there");
    }
  }

  /** Leaves out what nobody asked for and the kernel filled in. */
  private asAsked(kind: Kind, args: Args, found: Args): Args {
    const unasked = (kind.derived ?? []).filter((path) => at(args, path) === undefined);
    return unasked.reduce((state, path) => without(state, path), found);
  }

  private record(kind: Kind, args: Args, before: Args | undefined): Command {
    const undo = kind.removal(args, { ...this.context(), before }).filter(({ stdin }) => stdin === undefined);
    const record: OwnedRecord = {
      token: kind.token,
      args: args as OwnedRecord["args"],
      before: before as never,
      undo: undo.map(line),
    };
    return writeDown(this.lab, kind, args, record);
  }

  /** What bookkeeping found out is about the object; how it found out is not for the user. */
  private failed(kind: Kind, args: Args, steps: readonly Command[], { stderr }: CommandFailed): HostError {
    return new HostError(
      `on host "${args.host}": ${nameOf(kind, args)}: ${stderr.trim()}\n  after: ${steps.map(line).join("; ")}`,
    );
  }

  private notOurs(kind: Kind, args: Args, wrong: string | undefined): NotOurs {
    return new NotOurs(
      `host "${args.host}": ${nameOf(kind, args)} is there already, and lab "${this.lab}" did not make it${wrong ? ` (${wrong})` : ""}; ` +
        "remove it or rename it, or choose another name for the lab",
    );
  }

  private context(): Context<never> {
    return { lab: this.lab };
  }
}

/** As `Bridge demo.node1,cbr0`, for messages. */
const nameOf = (kind: Kind, args: Args): string => `${kind.token.split(":")[2]} ${kind.id(args).replace(/^,/, "")}`;
