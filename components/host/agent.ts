// The far end of a channel: a root shell that has become agent/agent.pl, which runs commands and answers with what each left.
// A command costs a fork there, and no new session.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { type Command, brief, expectSayable, quote } from "./argv";
import { ConnectionLost, type Output } from "./errors";
import { seconds } from "./limits";

/** A channel as ssh2 gives it: standard input and output, and standard error beside. */
export interface Channel extends Duplex {
  readonly stderr: Readable;
}

interface Job {
  readonly commands: readonly Command[];
  /** Whether they only look, and so go on behind one that fails. */
  readonly looks: boolean;
  readonly outputs: Output[];
  readonly done: (outputs: Output[]) => void;
  readonly failed: (error: Error) => void;
}

/** Jobs that go side by side. */
interface Work {
  readonly jobs: readonly Job[];
  readonly timer: NodeJS.Timeout;
}

/** Programs speak English and are found where administrators' programs are, whatever the login shell set. */
const environment =
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C LANG=C; export PATH LC_ALL LANG; " +
  "unset PERL5OPT PERL5LIB PERL_UNICODE; umask 022";

/** The last one begins to work. */
const files = ["execute.pl", "programs.pl", "ip.pl", "agent.pl"];
const script = files.map((name) => readFileSync(join(__dirname, "agent", name), "utf8")).join("\n");

export class Agent {
  private readonly greeting = `podnet ${randomBytes(8).toString("hex")}`;
  /** What was heard and not yet understood. */
  private heard: Buffer = Buffer.alloc(0);
  /** What came behind that, while it was known that more bytes are missing. */
  private readonly behind: Buffer[] = [];
  private missing = 0;
  private complaint = "";
  private work: Work | undefined;
  private greeted: (() => void) | undefined;
  private opened = false;
  /** Words that the far end keeps, and their numbers there. */
  private readonly kept = new Map<string, number>();
  private ended: Error | undefined;

  private constructor(
    private readonly channel: Channel,
    /** The host as messages name it. */
    private readonly where: string,
  ) {
    channel.stderr.setEncoding("utf8");
    channel.on("data", (bytes: Buffer) => this.hear(bytes));
    channel.stderr.on("data", (text: string) => (this.complaint = (this.complaint + text).slice(-10_000)));
    channel.on("error", (error: Error) => this.lose(error.message));
    channel.on("close", () => this.lose("the shell there ended"));
  }

  /**
   * Waits until the agent greets. What comes before is a login shell's banner and is dropped.
   * @param limit milliseconds until a silent host counts as lost
   * @throws Error with what the far end said instead
   */
  static async open(channel: Channel, where: string, limit: number): Promise<Agent> {
    const agent = new Agent(channel, where);
    await new Promise<void>((done, failed) => {
      const timer = setTimeout(() => agent.giveUp(limit), limit);
      agent.work = { jobs: [{ commands: [], looks: true, outputs: [], done: () => undefined, failed }], timer };
      agent.greeted = done;
      channel.write(`${environment}; exec perl -e ${quote(script)} ${quote(agent.greeting)}\n`);
    });
    return agent;
  }

  get alive(): boolean {
    return this.ended === undefined;
  }

  /**
   * Runs the commands one after the other and stops behind the first that fails.
   * @returns the outputs of those that ran, in order: the last one's code tells whether all did
   */
  async run(commands: readonly Command[], limit: number, keepGoing = false): Promise<Output[]> {
    const [outputs] = this.runAll([commands], limit, keepGoing);
    return outputs ?? [];
  }

  /**
   * The same for several jobs, which go side by side: no command may wait for another job's.
   * @param limit milliseconds for all of them together
   * @throws Error where one cannot be said; then none is
   */
  runAll(jobs: readonly (readonly Command[])[], limit: number, keepGoing: boolean): Promise<Output[]>[] {
    for (const commands of jobs) expectSayable(commands);
    const { ended } = this;
    if (ended) return jobs.map(() => Promise.reject(ended));
    const all: Job[] = [];
    const answers = jobs.map(
      (commands) =>
        new Promise<Output[]>((done, failed) => all.push({ commands, looks: keepGoing, outputs: [], done, failed })),
    );
    this.work = { jobs: all, timer: setTimeout(() => this.giveUp(limit), limit) };
    const counts = jobs.map(({ length }) => length);
    const commands = jobs.flat().map((command) => packed(command, this.kept));
    this.channel.write(Buffer.concat([Buffer.from(`${[keepGoing ? 1 : 0, ...counts].join(" ")}\n`), ...commands]));
    return answers;
  }

  close(): void {
    this.channel.end();
    this.channel.destroy();
  }

  /** Nothing comes from there any more. @param reason what is known about why */
  lose(reason: string): void {
    const work = this.takeWork();
    this.ended ??= new ConnectionLost(`${this.where}: ${reason}`);
    for (const job of work?.jobs ?? [])
      job.failed(this.opened ? new ConnectionLost(`${this.where}: ${reason} ${meanwhile(job)}`) : this.refusal(reason));
  }

  private hear(bytes: Buffer): void {
    this.behind.push(bytes);
    this.missing -= bytes.length;
    if (this.missing > 0) return;
    this.heard = Buffer.concat([this.heard, ...this.behind.splice(0)]);
    if (!this.opened) this.greet();
    if (this.opened) while (this.work && this.understand(this.work));
  }

  private takeWork(): Work | undefined {
    const work = this.work;
    this.work = undefined;
    clearTimeout(work?.timer);
    return work;
  }

  private greet(): void {
    const line = `${this.greeting}\n`;
    const at = this.heard.indexOf(line);
    if (at < 0) return;
    this.heard = this.heard.subarray(at + line.length);
    this.opened = true;
    this.takeWork();
    this.greeted?.();
  }

  /** Takes one answer off what was heard. @returns whether there was a whole one */
  private understand({ jobs }: Work): boolean {
    const end = this.heard.indexOf("\n");
    if (end < 0) return false;
    const head = this.heard.subarray(0, end).toString();
    if (head === "end") {
      this.heard = this.heard.subarray(end + 1);
      this.takeWork();
      for (const job of jobs) job.done(job.outputs);
      return false;
    }
    const [number = 0, code = 0, out = 0, err = 0] = head.split(" ").map(Number);
    const [begin, middle, last] = [end + 1, end + 1 + out, end + 1 + out + err];
    this.missing = last - this.heard.length;
    if (this.missing > 0) return false;
    const text = (from: number, to: number): string => this.heard.subarray(from, to).toString("utf8");
    jobs[number]?.outputs.push({ code, stdout: text(begin, middle), stderr: text(middle, last) });
    this.heard = this.heard.subarray(last);
    return true;
  }

  private giveUp(limit: number): void {
    this.lose(`no answer for ${seconds(limit)}`);
    this.close();
  }

  /** A shell that could not even start (sudo, nologin) says why, on either stream. */
  private refusal(reason: string): Error {
    const said = [this.complaint, this.heard.toString("utf8")].map((text) => text.trim()).filter(Boolean);
    return new Error([reason, ...said].join(": "));
  }
}

/** What was under way when the connection went: the command whose answer is still missing. */
function meanwhile({ commands, looks, outputs }: Job): string {
  const running = commands[outputs.length] ?? commands.at(-1);
  const what = running ? brief(running) : "nothing";
  const effect = looks
    ? "which changes nothing; run podnet again"
    : "and nobody knows whether it took effect; run podnet again, it looks at what is there first";
  return `while this ran, ${effect}:\n  ${what}`;
}

/** Scripts are longer, and each comes many times: in characters. */
const longestNotKept = 200;

/** A command as agent.pl reads it. @param kept grows by what it is to keep */
function packed({ argv, stdin, mayFail, inline }: Command, kept: Map<string, number>): Buffer {
  const lengths: string[] = [];
  const bytes: Buffer[] = [];
  for (const word of argv) {
    const number = kept.get(word);
    const keeps = inline !== undefined && word.length > longestNotKept;
    if (number !== undefined) lengths.push(`=${number}`);
    else {
      const text = Buffer.from(word);
      bytes.push(text);
      lengths.push(`${keeps ? "+" : ""}${text.length}`);
      if (keeps) kept.set(word, kept.size);
    }
  }
  const input = stdin === undefined ? undefined : Buffer.from(stdin);
  const head = [mayFail ? 1 : 0, inline ?? 0, input?.length ?? "-", ...lengths].join(" ");
  return Buffer.concat([Buffer.from(`${head}\n`), ...bytes, ...(input ? [input] : [])]);
}
