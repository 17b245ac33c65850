// Many objects may be looked at and changed by the same program, as all groups of rules in a namespace are, and each time it goes through
// all that is there. So those who want it at the same time go together. An answer is always one that was asked for after they
// wanted it, so behind all their writes; only who reads alone may be told what was there a moment ago.
import { type Command, CommandFailed, type Output, type Runner, Together, line } from "../host";
import type { Kind } from "./kind";

/** What several loaded at once was refused: nobody knows because of whom, nor how much of it is there. */
export class RefusedTogether extends Error {}

/** A probe that many objects have. */
class Look {
  private last: { readonly begun: number; readonly answer: Promise<Output[]> } | undefined;
  /** Operations under way that may ask once more. */
  private comers = 0;
  private readonly waiting: ((answer: Promise<Output[]>) => void)[] = [];
  private isBusy = false;

  constructor(
    private readonly host: Runner,
    private readonly commands: readonly Command[],
  ) {}

  /** Whoever waits for a look waits for this operation, too. @returns what ends that */
  expect(): () => void {
    this.comers++;
    return () => {
      this.comers--;
      void this.go();
    };
  }

  /** @param oldest how old, in milliseconds, what was seen may be */
  ask(oldest = 0): Promise<Output[]> {
    if (this.last && Date.now() - this.last.begun < oldest) return this.last.answer;
    return new Promise((done) => {
      this.waiting.push(done);
      void this.go();
    });
  }

  forget(): void {
    this.last = undefined;
  }

  /** One look for all operations under way: it takes a second where there are thousands of rules. */
  private async go(): Promise<void> {
    if (this.isBusy || this.waiting.length === 0 || this.waiting.length < this.comers) return;
    this.isBusy = true;
    const all = this.waiting.splice(0);
    const answer = this.host.ask(this.commands);
    this.last = { begun: Date.now(), answer };
    for (const done of all) done(answer);
    await answer.catch(() => undefined);
    this.isBusy = false;
    void this.go();
  }
}

/** What writes something down, and the command that then makes it. */
interface Load {
  readonly note: readonly Command[];
  readonly command: Command;
}

interface Shared {
  readonly looks: Map<string, Look>;
  readonly loads: Map<string, Together<Load, Output>>;
}

const hosts = new WeakMap<Runner, Shared>();

function sharedOn(host: Runner): Shared {
  const shared = hosts.get(host) ?? { looks: new Map(), loads: new Map() };
  hosts.set(host, shared);
  return shared;
}

function lookOf(host: Runner, commands: readonly Command[]): Look {
  const { looks } = sharedOn(host);
  const key = commands.map(line).join("\n");
  const look = looks.get(key) ?? new Look(host, commands);
  looks.set(key, look);
  return look;
}

/** Does something that ends in a look at what many objects have, and looks together with all that are at it. */
export async function amongOthers<T>(
  host: Runner,
  kind: Kind,
  probe: readonly Command[],
  work: () => Promise<T>,
): Promise<T> {
  if (!kind.shared) return work();
  const done = lookOf(host, probe).expect();
  try {
    return await work();
  } finally {
    done();
  }
}

/** What was seen counts no more: from here on it is changed. */
export function forgetLooks(host: Runner): void {
  for (const look of sharedOn(host).looks.values()) look.forget();
}

/** As `ask` of both, with the kind's probe behind. @param oldest how old, in milliseconds, what was seen may be */
export async function askAndLook(
  host: Runner,
  kind: Kind,
  commands: readonly Command[],
  probe: readonly Command[],
  oldest: number,
): Promise<Output[]> {
  if (!kind.shared) return host.ask([...commands, ...probe]);
  return (await Promise.all([host.ask(commands), lookOf(host, probe).ask(oldest)])).flat();
}

/**
 * As `run` of all, with the kind's probe behind.
 * @param note what has to be written down first
 * @param alone whether nothing of others may be loaded with it
 * @returns the outputs behind the note's
 * @throws RefusedTogether
 */
export async function runAndLook(
  host: Runner,
  kind: Kind,
  note: readonly Command[],
  commands: readonly Command[],
  probe: readonly Command[],
  alone: boolean,
): Promise<Output[]> {
  if (!kind.shared) return (await host.run([...note, ...commands, ...probe])).slice(note.length);
  const outputs = await run(host, kind, note, commands, alone);
  const seen = await lookOf(host, probe).ask();
  const failed = seen.findIndex(({ code }, i) => code !== 0 && !probe[i]?.mayFail);
  const [command, output] = [probe[failed], seen[failed]];
  if (command && output) throw new CommandFailed(host.name, command, output.code, output.stderr);
  return [...outputs, ...seen];
}

/** In milliseconds. Each load goes through the whole table, and while groups come one by one many can go together. */
const pauseBetweenLoads = 50;

async function run(
  host: Runner,
  kind: Kind,
  note: readonly Command[],
  commands: readonly Command[],
  alone: boolean,
): Promise<Output[]> {
  const { merge } = kind;
  const [command, ...rest] = commands;
  if (alone || !merge || command?.stdin === undefined || rest.length > 0)
    return (await host.run([...note, ...commands])).slice(note.length);
  const { loads } = sharedOn(host);
  const key = command.argv.join("\0");
  const load = loads.get(key) ?? new Together((all: readonly Load[]) => loadAll(host, merge, all), pauseBetweenLoads);
  loads.set(key, load);
  return [await load.add({ note, command })];
}

async function loadAll(
  host: Runner,
  merge: (texts: readonly string[]) => string,
  all: readonly Load[],
): Promise<readonly Output[]> {
  const [first, ...others] = all;
  if (!first) return [];
  const stdin = merge(all.map(({ command }) => command.stdin ?? ""));
  const load = others.length === 0 ? first.command : { ...first.command, stdin };
  try {
    const outputs = await host.run([...all.flatMap(({ note }) => note), load]);
    return all.map(() => outputs.at(-1) as Output);
  } catch (error) {
    throw others.length > 0 && error instanceof CommandFailed ? new RefusedTogether(error.message) : error;
  }
}
