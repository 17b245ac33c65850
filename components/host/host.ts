// A host as the layers above see it: a place where commands run. It connects when first asked, checks once what the host
// can do, and keeps a few shells open for the whole operation.
import type { Command } from "./argv";
import type { Connection } from "./connection";
import { Cancelled, CommandFailed, ConnectionLost, HostUnfit, type Output } from "./errors";
import { connectLocal } from "./local";
import { missing, requirementTests } from "./requirements";
import { Shell } from "./shell";
import { type SshHost, connectSsh } from "./ssh";

/** How a host is reached. */
export type HostSettings = { readonly type: "local" } | SshHost;

/** All that kinds need of a host; a fake one serves in tests. */
export interface Runner {
  readonly name: string;
  /** Runs commands in order, each whether or not the one before failed. */
  ask(commands: readonly Command[]): Promise<Output[]>;
  /** Runs commands in order. @throws CommandFailed of the first that fails; those behind it do not run */
  run(commands: readonly Command[]): Promise<Output[]>;
}

/** A command may take this long, in milliseconds: a container may take half of it until it listens. */
const commandLimit = 60_000;

/** More shells than this at once only wait for each other: the kernel's network configuration has one lock (RTNL). */
const shellsPerHost = 4;

export class Host implements Runner {
  private connection: Promise<Connection> | undefined;
  private readonly shells: Shell[] = [];
  private readonly free: Shell[] = [];
  private opening = 0;
  private readonly waiting: (() => void)[] = [];
  private mostShells = shellsPerHost;
  private stopped: Error | undefined;

  constructor(
    readonly name: string,
    private readonly settings: HostSettings,
  ) {}

  async ask(commands: readonly Command[]): Promise<Output[]> {
    return this.withShell((shell) => shell.run(commands, commandLimit, true));
  }

  async run(commands: readonly Command[]): Promise<Output[]> {
    if (commands.length === 0) return [];
    const outputs = await this.withShell((shell) => shell.run(commands, commandLimit));
    const last = outputs.at(-1);
    const command = commands[outputs.length - 1];
    if (!last || !command || (last.code !== 0 && !command.mayFail))
      throw new CommandFailed(this.name, command ?? { argv: ["true"] }, last?.code ?? -1, last?.stderr ?? "");
    return outputs;
  }

  /** What is running finishes; nothing starts any more. */
  cancel(): void {
    this.stopped = new Cancelled(`stopped before the next command on host "${this.name}"`);
    for (const wake of this.waiting.splice(0)) wake();
  }

  async close(): Promise<void> {
    this.cancel();
    for (const shell of this.shells) shell.close();
    (await this.connection?.catch(() => undefined))?.close();
  }

  private async withShell<T>(work: (shell: Shell) => Promise<T>): Promise<T> {
    const shell = await this.takeShell();
    try {
      return await work(shell);
    } finally {
      this.free.push(shell);
      this.waiting.shift()?.();
    }
  }

  /** Takes a shell out of the free ones, in one step with finding it there: two jobs in one shell would mix. */
  private async takeShell(): Promise<Shell> {
    const connection = await (this.connection ??= this.open());
    for (;;) {
      if (this.stopped) throw this.stopped;
      const shell = this.free.pop();
      if (shell?.alive) return shell;
      if (shell) this.forget(shell);
      else if (this.shells.length + this.opening < this.mostShells) await this.addShell(connection);
      else await new Promise<void>((wake) => this.waiting.push(wake));
    }
  }

  private forget(shell: Shell): void {
    this.shells.splice(this.shells.indexOf(shell), 1);
  }

  private async addShell(connection: Connection): Promise<void> {
    this.opening++;
    try {
      this.keep(await this.openShell(connection));
    } catch (error) {
      // A server may allow fewer sessions than we would like (MaxSessions): those that are open serve.
      if (this.shells.length === 0) throw error;
      this.mostShells = this.shells.length;
    } finally {
      this.opening--;
    }
  }

  private keep(shell: Shell): void {
    this.shells.push(shell);
    this.free.push(shell);
  }

  private async openShell(connection: Connection): Promise<Shell> {
    try {
      return await Shell.open(await connection.openShell(), this.name, 20_000);
    } catch (error) {
      throw new ConnectionLost(`no shell on host "${this.name}": ${(error as Error).message}`);
    }
  }

  private async open(): Promise<Connection> {
    const connection = await (this.settings.type === "local"
      ? connectLocal(this.name)
      : connectSsh(this.name, this.settings));
    connection.onLost((reason) => {
      this.stopped ??= new ConnectionLost(`the connection to host "${this.name}" was lost: ${reason}`);
      for (const wake of this.waiting.splice(0)) wake();
    });
    const shell = await this.openShell(connection);
    const lacks = missing(await shell.run(requirementTests, commandLimit, true));
    if (lacks.length > 0) {
      connection.close();
      throw new HostUnfit(`host "${this.name}" lacks what podnet needs:\n${lacks.map((lack) => `  - ${lack}`).join("\n")}`);
    }
    this.keep(shell);
    return connection;
  }
}
