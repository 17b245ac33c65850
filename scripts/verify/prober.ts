// Starts prober.pl on a host and talks with it. It lives as long as its standard input: when this process is killed, or the
// connection to the host is lost, it ends by itself.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { type HostSettings, line } from "../../components/host";
import { usualLimits } from "../../components/host/limits";
import { connectSsh } from "../../components/host/ssh";
import { projectRoot } from "../lib/environment";

/** A running program, wherever it runs. */
interface Streams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  end(): unknown;
}

/** Longer than the slowest batch takes, in milliseconds: by then the host hangs. */
const silenceLimit = 60_000;

export class Prober {
  private readonly heard: string[] = [];
  private rest = "";
  private said = "";
  private gone: Error | undefined;
  private wake: () => void = () => undefined;

  private constructor(
    readonly host: string,
    private readonly streams: Streams,
  ) {
    const { stdin, stdout, stderr } = streams;
    stdout.setEncoding("utf8").on("data", (text: string) => this.hear(text));
    stderr.setEncoding("utf8").on("data", (text: string) => (this.said += text));
    stdin.on("error", () => undefined); // The reading side reports the end.
    stdout.on("error", (error) => (this.said += error.message));
    stdout.on("close", () => this.lose("it ended"));
  }

  /** @param token by which the probers of one run know each other's answers */
  static async start(host: string, settings: HostSettings, token: string): Promise<Prober> {
    const prober = new Prober(host, await open(host, settings, token));
    while ((await prober.next()) !== `ready ${token}`);
    return prober;
  }

  send(lines: readonly string[]): void {
    if (lines.length > 0) this.streams.stdin.write(`${lines.join("\n")}\n`);
  }

  /** The next line that it says. */
  async next(): Promise<string> {
    for (;;) {
      const text = this.heard.shift();
      if (text !== undefined) return text;
      if (this.gone) throw this.gone;
      await new Promise<void>((wake) => {
        const timer = setTimeout(() => this.lose(`no answer for ${silenceLimit / 1000} s`), silenceLimit);
        this.wake = () => (clearTimeout(timer), wake());
      });
    }
  }

  async close(): Promise<void> {
    await this.streams.end();
  }

  private hear(text: string): void {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    this.heard.push(...lines);
    this.wake();
  }

  private lose(reason: string): void {
    this.gone ??= new Error(`cannot measure on host "${this.host}": ${this.said.trim() || reason}`);
    this.wake();
  }
}

export const newToken = (): string => `podnet-${randomBytes(8).toString("hex")}`;

/** Each question holds two open files, so as many are allowed as the host allows at all. */
function command(token: string): string[] {
  const script = readFileSync(join(__dirname, "prober.pl"), "utf8");
  return ["sh", "-c", 'ulimit -n "$(ulimit -Hn)"; exec perl -e "$1" "$2"', "sh", script, token];
}

async function open(host: string, settings: HostSettings, token: string): Promise<Streams> {
  const argv = command(token);
  if (settings.type === "local") return openHere(process.getuid?.() === 0 ? argv : ["sudo", "-n", ...argv]);
  process.chdir(projectRoot); // As the provider, which finds keys from there.
  const attempt = { host, limits: usualLimits, signal: new AbortController().signal };
  const connection = await connectSsh(attempt, settings);
  const channel = await connection.openShell();
  channel.write(`exec ${line({ argv })}\n`);
  return { stdin: channel, stdout: channel, stderr: channel.stderr, end: () => connection.close() };
}

function openHere([program = "", ...args]: readonly string[]): Streams {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  child.on("error", (error) => child.stderr.emit("data", error.message));
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, end: () => child.stdin.end() };
}
