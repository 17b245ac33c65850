// One `sh` at the far end of a channel, kept open: a command costs a fork there, and no new session.
// Commands go in as text, several at a time; between the outputs stand marks that no program can guess.
import { randomBytes } from "node:crypto";
import type { Duplex, Readable } from "node:stream";
import { type Command, brief, line } from "./argv";
import { ConnectionLost, type Output } from "./errors";
import { seconds } from "./limits";

/** A channel as ssh2 gives it: standard input and output, and standard error beside. */
export interface Channel extends Duplex {
  readonly stderr: Readable;
}

interface Job {
  readonly commands: readonly Command[];
  readonly done: (outputs: Output[]) => void;
  readonly failed: (error: Error) => void;
  timer?: NodeJS.Timeout;
}

/** Programs speak English and are found where administrators' programs are, whatever the login shell set. */
const opening =
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C LANG=C; export PATH LC_ALL LANG; umask 022";

export class Shell {
  private readonly mark = `\x1e${randomBytes(8).toString("hex")}`;
  private readonly endMark = `${this.mark} end\n`;
  private heard = { stdout: "", stderr: "" };
  private complete = { stdout: false, stderr: false };
  private job: Job | undefined;
  private opened = false;
  private ended: Error | undefined;

  private constructor(
    private readonly channel: Channel,
    /** The host as messages name it. */
    private readonly where: string,
  ) {
    channel.setEncoding("utf8");
    channel.stderr.setEncoding("utf8");
    channel.on("data", (text: string) => this.hear("stdout", text));
    channel.stderr.on("data", (text: string) => this.hear("stderr", text));
    channel.on("error", (error: Error) => this.lose(error.message));
    channel.on("close", () => this.lose("the shell there ended"));
  }

  /**
   * Waits until the shell answers. What comes before its first mark is a login shell's banner and is dropped.
   * @param limit milliseconds until a silent host counts as lost
   * @throws Error with what the far end said instead of starting a shell
   */
  static async open(channel: Channel, where: string, limit: number): Promise<Shell> {
    const shell = new Shell(channel, where);
    channel.write(`${opening}\n`);
    await shell.run([{ argv: ["true"] }], limit);
    shell.opened = true;
    return shell;
  }

  get alive(): boolean {
    return this.ended === undefined;
  }

  /**
   * Runs the commands one after the other and stops behind the first that fails.
   * @returns the outputs of those that ran, in order: the last one's code tells whether all did
   */
  run(commands: readonly Command[], limit: number, keepGoing = false): Promise<Output[]> {
    return new Promise((done, failed) => {
      if (this.ended) return failed(this.ended);
      const script = this.script(commands, keepGoing);
      this.heard = { stdout: "", stderr: "" };
      this.complete = { stdout: false, stderr: false };
      this.job = { commands, done, failed };
      this.job.timer = setTimeout(() => this.giveUp(limit), limit);
      this.channel.write(script);
    });
  }

  close(): void {
    this.channel.end();
    this.channel.destroy();
  }

  /** Nothing comes from there any more. @param reason what is known about why */
  lose(reason: string): void {
    const job = this.job;
    this.job = undefined;
    clearTimeout(job?.timer);
    this.ended ??= new ConnectionLost(`${this.where}: ${reason}`);
    job?.failed(
      this.opened ? new ConnectionLost(`${this.where}: ${reason} ${this.meanwhile(job)}`) : this.refusal(reason),
    );
  }

  private script(commands: readonly Command[], keepGoing: boolean): string {
    const mark = `\\036${this.mark.slice(1)}`;
    const guard = keepGoing ? "" : '[ "$s" = 0 ] && ';
    const runs = commands.map((command) => {
      // Without standard input of its own a command would read the rest of this very script.
      const input = command.stdin === undefined ? " </dev/null" : "";
      const text = `${line(command)}${input}`;
      const forgive = command.mayFail ? "; s=0" : "";
      return `${guard}{\n${text}\ns=$?; printf '${mark} %s\\n' "$s"; printf '${mark}\\n' >&2${forgive}\n}\n`;
    });
    return `s=0\n${runs.join("")}printf '${mark} end\\n'; printf '${mark} end\\n' >&2\n`;
  }

  private hear(stream: "stdout" | "stderr", text: string): void {
    // What comes behind the end is of a program that outlived its command, and nobody's.
    if (this.complete[stream]) return;
    const before = this.heard[stream].length;
    const all = (this.heard[stream] += text);
    const end = all.indexOf(this.endMark, Math.max(0, before - this.endMark.length));
    if (end < 0) return;
    this.heard[stream] = all.slice(0, end);
    this.complete[stream] = true;
    if (this.complete.stdout && this.complete.stderr) this.finish();
  }

  private finish(): void {
    const job = this.job;
    if (!job) return;
    clearTimeout(job.timer);
    this.job = undefined;
    const outs = this.heard.stdout.split(this.mark);
    const errs = this.heard.stderr.split(this.mark);
    // Each piece but the first starts with the rest of the mark's line: ` 0\n` on stdout, `\n` on stderr.
    const outputs = outs.slice(0, -1).map((piece, i): Output => {
      const code = parseInt((outs[i + 1] ?? "").slice(1), 10);
      return { code, stdout: afterMark(piece, i), stderr: afterMark(errs[i] ?? "", i) };
    });
    job.done(outputs);
  }

  private giveUp(limit: number): void {
    this.lose(`no answer for ${seconds(limit)}`);
    this.close();
  }

  /** What was under way when the connection went: the command whose mark is still missing. */
  private meanwhile({ commands }: Job): string {
    const running = commands[this.heard.stdout.split(this.mark).length - 1] ?? commands.at(-1);
    const what = running ? brief(running) : "nothing";
    return `while this ran, and nobody knows whether it took effect; run podnet again, it looks at what is there first:\n  ${what}`;
  }

  /** A shell that could not even start (sudo, nologin) says why, on either stream. */
  private refusal(reason: string): Error {
    const said = [this.heard.stderr, this.heard.stdout].map((text) => text.split(this.mark)[0]?.trim()).filter(Boolean);
    return new Error([reason, ...said].join(": "));
  }
}

function afterMark(piece: string, index: number): string {
  return index === 0 ? piece : piece.slice(piece.indexOf("\n") + 1);
}
