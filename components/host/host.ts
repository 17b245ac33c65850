// A host as the layers above see it: a place where commands run. It connects when first asked, checks once what the host
// can do, and keeps a few agents there for the whole operation.
import { type Command, expectSayable } from "./argv";
import type { Attempt, Connection } from "./connection";
import { shellAdvice } from "./advice";
import { Cancelled, CommandFailed, ConnectionFailed, ConnectionLost, HostUnfit, type Output } from "./errors";
import { type Limits, usualLimits } from "./limits";
import { connectLocal } from "./local";
import { type Requirement, missing, requirements } from "./requirements";
import { Agent } from "./agent";
import { Together } from "./together";
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

/** What the usual is not right for, as in tests. */
export interface HostOptions {
  readonly limits?: Partial<Limits>;
  readonly requirements?: readonly Requirement[];
  readonly connect?: (attempt: Attempt) => Promise<Connection>;
}

type Job = readonly Command[];

/** Whoever has to wait for these loses nothing. */
function takesNoTime({ argv, inline }: Command): boolean {
  if (inline !== undefined) return inline === "here";
  const [program, ...rest] = argv[1] === "netns" && argv[2] === "exec" ? argv.slice(4) : argv;
  return ["ip", "sysctl", "rm"].includes(program ?? "") && !rest.includes("exec");
}

/** More agents than this at once only wait for each other: the kernel's network configuration has one lock (RTNL). */
const agentsPerHost = 4;

export class Host implements Runner {
  private readonly limits: Limits;
  private readonly dial = new AbortController();
  private connection: Promise<Connection> | undefined;
  private readonly agents: Agent[] = [];
  private readonly free: Agent[] = [];
  private opening = 0;
  private readonly waiting: (() => void)[] = [];
  private mostAgents = agentsPerHost;
  /** What comes while others are at work goes together with all that has come: commands of ip(8) then share a program. */
  private readonly questions = new Together((jobs: readonly Job[]) => this.runTogether(jobs, true));
  private readonly changes = new Together((jobs: readonly Job[]) => this.runTogether(jobs, false));
  private stopped: Error | undefined;

  constructor(
    readonly name: string,
    private readonly settings: HostSettings,
    private readonly options: HostOptions = {},
  ) {
    this.limits = { ...usualLimits, ...options.limits };
  }

  /** Begins to connect. How it went, the first who needs the connection hears. */
  connect(): void {
    this.connected().catch(() => undefined);
  }

  async ask(commands: readonly Command[]): Promise<Output[]> {
    expectSayable(commands);
    return commands.length === 0 ? [] : this.questions.add(commands);
  }

  async run(commands: readonly Command[]): Promise<Output[]> {
    expectSayable(commands);
    if (commands.length === 0) return [];
    const outputs = await (commands.every(takesNoTime) ? this.changes.add(commands) : this.runAlone(commands));
    const last = outputs.at(-1);
    const command = commands[outputs.length - 1];
    if (!last || !command || (last.code !== 0 && !command.mayFail))
      throw new CommandFailed(this.name, command ?? { argv: ["true"] }, last?.code ?? -1, last?.stderr ?? "");
    return outputs;
  }

  /** What is running finishes; nothing starts any more. */
  cancel(): void {
    this.stop(new Cancelled(`stopped before the next command on host "${this.name}"`));
    this.dial.abort();
  }

  /** @returns when nothing of the connection is left on this machine */
  async close(): Promise<void> {
    this.cancel();
    for (const agent of this.agents) agent.close();
    await (await this.connection?.catch(() => undefined))?.close();
  }

  private runAlone(commands: Job): Promise<Output[]> {
    return this.withAgent((agent) => agent.run(commands, this.limits.command));
  }

  private runTogether(jobs: readonly Job[], keepGoing: boolean): Promise<readonly Promise<Output[]>[]> {
    return this.withAgent(async (agent) => {
      const answers = agent.runAll(jobs, this.limits.command, keepGoing);
      await Promise.allSettled(answers);
      return answers;
    });
  }

  private stop(reason: Error): void {
    this.stopped ??= reason;
    for (const wake of this.waiting.splice(0)) wake();
  }

  private async withAgent<T>(work: (agent: Agent) => Promise<T>): Promise<T> {
    const agent = await this.takeAgent();
    try {
      return await work(agent);
    } finally {
      this.free.push(agent);
      this.waiting.shift()?.();
    }
  }

  /** Takes an agent out of the free ones, in one step with finding it there: two jobs in one agent would mix. */
  private async takeAgent(): Promise<Agent> {
    const connection = await this.connected();
    for (;;) {
      this.expectNotStopped();
      const agent = this.free.pop();
      if (agent?.alive) return agent;
      if (agent) this.forget(agent);
      else if (this.agents.length + this.opening < this.mostAgents) await this.addAgent(connection);
      else await new Promise<void>((wake) => this.waiting.push(wake));
    }
  }

  /** Everybody gets the same answer: a host that refused once is not asked again in the same operation. */
  private async connected(): Promise<Connection> {
    this.expectNotStopped();
    try {
      return await (this.connection ??= this.open());
    } catch (error) {
      if (this.dial.signal.aborted) this.expectNotStopped();
      throw error;
    }
  }

  private expectNotStopped(): void {
    if (this.stopped) throw this.stopped;
  }

  private forget(agent: Agent): void {
    this.agents.splice(this.agents.indexOf(agent), 1);
  }

  private async addAgent(connection: Connection): Promise<void> {
    this.opening++;
    try {
      this.keep(await this.startAgent(connection));
    } catch (error) {
      // A server may allow fewer sessions than we would like (MaxSessions): those that are open serve.
      if (this.agents.length === 0) throw error;
      this.mostAgents = this.agents.length;
    } finally {
      this.opening--;
    }
  }

  private keep(agent: Agent): void {
    this.agents.push(agent);
    this.free.push(agent);
  }

  private async startAgent(connection: Connection): Promise<Agent> {
    const where = `host "${this.name}" (${connection.tried})`;
    try {
      return await Agent.open(await connection.openShell(), where, this.limits.shell);
    } catch (error) {
      throw new ConnectionFailed(`${where} gives us no root shell: ${shellAdvice((error as Error).message)}`);
    }
  }

  private async open(): Promise<Connection> {
    const { name, settings, limits, options } = this;
    const attempt: Attempt = { host: name, limits, signal: this.dial.signal };
    const usual = (): Promise<Connection> =>
      settings.type === "local" ? connectLocal(attempt) : connectSsh(attempt, settings);
    const connection = await (options.connect?.(attempt) ?? usual());
    connection.onLost((reason) => {
      for (const agent of this.agents) agent.lose(reason);
      this.stop(new ConnectionLost(`the connection to host "${name}" (${connection.tried}) was lost: ${reason}`));
    });
    try {
      this.keep(await this.fitAgent(connection));
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** A first agent, on a host that can do what podnet needs. */
  private async fitAgent(connection: Connection): Promise<Agent> {
    const agent = await this.startAgent(connection);
    const needed = this.options.requirements ?? requirements;
    const outputs = await agent.run(
      needed.map(({ test }) => test),
      this.limits.command,
      true,
    );
    const lacks = missing(outputs, needed).map((lack) => `\n  - ${lack}`);
    if (lacks.length > 0)
      throw new HostUnfit(`host "${this.name}" (${connection.tried}) lacks what podnet needs:${lacks.join("")}`);
    return agent;
  }
}
