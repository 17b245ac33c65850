// One `sh` at the far end of a channel, kept open: a command costs a fork there, and no new session.
// Commands go in as text, several at a time; between the outputs stand marks that no program can guess.
import { randomBytes } from "node:crypto";
import type { Duplex, Readable } from "node:stream";
import { type Command, line } from "./argv";
import { ConnectionLost, type Output } from "./errors";

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
  private stdout = "";
  private stderr = "";
  private job: Job | undefined;
  private ended: Error | undefined;

  private constructor(
    private readonly channel: Channel,
    private readonly host: string,
  ) {
    channel.setEncoding("utf8");
    channel.stderr.setEncoding("utf8");
    channel.on("data", (text: string) => this.hear("stdout", text));
    channel.stderr.on("data", (text: string) => this.hear("stderr", text));
    channel.on("error", (error: Error) => this.end(error.message));
    channel.on("close", () => this.end("the shell on the host ended"));
  }

  /**
   * Waits until the shell answers. What comes before its first mark is a login shell's banner and is dropped.
   * @param limit milliseconds until a silent host counts as lost
   */
  static async open(channel: Channel, host: string, limit: number): Promise<Shell> {
    const shell = new Shell(channel, host);
    channel.write(`${opening}\n`);
    await shell.run([{ argv: ["true"] }], limit);
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
      this.stdout = this.stderr = "";
      this.job = { commands, done, failed };
      this.job.timer = setTimeout(() => this.giveUp(limit), limit);
      this.channel.write(this.script(commands, keepGoing));
    });
  }

  close(): void {
    this.channel.end();
    this.channel.destroy();
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
    this[stream] += text;
    if (this.stdout.endsWith(`${this.mark} end\n`) && this.stderr.endsWith(`${this.mark} end\n`)) this.finish();
  }

  private finish(): void {
    const job = this.job;
    if (!job) return;
    clearTimeout(job.timer);
    this.job = undefined;
    const outs = this.stdout.split(this.mark);
    const errs = this.stderr.split(this.mark);
    // Each piece but the first starts with the rest of the mark's line: ` 0\n` on stdout, `\n` on stderr.
    const outputs = outs.slice(0, -2).map((piece, i): Output => {
      const code = parseInt((outs[i + 1] ?? "").slice(1), 10);
      return { code, stdout: afterMark(piece, i), stderr: afterMark(errs[i] ?? "", i) };
    });
    job.done(outputs);
  }

  private giveUp(limit: number): void {
    const running = this.job?.commands.map(line).join("; ").slice(0, 400);
    this.end(`no answer for ${limit / 1000} s from: ${running}`);
    this.close();
  }

  private end(reason: string): void {
    this.ended ??= new ConnectionLost(`host "${this.host}": ${reason}`);
    const job = this.job;
    this.job = undefined;
    clearTimeout(job?.timer);
    // A shell that could not even start (sudo, nologin) says why on its standard error.
    const said = this.stderr.split(this.mark)[0]?.trim();
    job?.failed(said ? new ConnectionLost(`${this.ended.message}: ${said}`) : this.ended);
  }
}

function afterMark(piece: string, index: number): string {
  return index === 0 ? piece : piece.slice(piece.indexOf("\n") + 1);
}
