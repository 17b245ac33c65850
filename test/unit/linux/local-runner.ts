// This machine as a host, without root: what podnet keeps below /run and /srv lies in a folder of the test's.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, CommandFailed, type Output, type Runner } from "../../../components/host";
import { type LocalAgent, openAgent } from "../host/local-agent";

export class LocalRunner implements Runner {
  readonly name = "local";
  readonly folder = mkdtempSync(join(tmpdir(), "podnet-test-"));
  /** All commands, in order, as podnet said them. */
  readonly log: Command[] = [];
  /** How long a server may take, in seconds; podnet's own patience is for people. */
  patience = 1;
  private readonly free: LocalAgent[] = [];

  constructor() {
    for (const folder of ["run", "srv"]) mkdirSync(join(this.folder, folder));
  }

  ask(commands: readonly Command[]): Promise<Output[]> {
    return this.send(commands, true);
  }

  async run(commands: readonly Command[]): Promise<Output[]> {
    const outputs = await this.send(commands, false);
    const [last, command] = [outputs.at(-1), commands[outputs.length - 1]];
    if (last && command && last.code !== 0 && !command.mayFail)
      throw new CommandFailed(this.name, command, last.code, last.stderr);
    return outputs;
  }

  /** All files and folders below a folder of the host. */
  tree(folder: string): string[] {
    return readdirSync(join(this.folder, folder), { recursive: true, encoding: "utf8" }).sort();
  }

  close(): void {
    for (const { kill } of this.free) kill();
    rmSync(this.folder, { recursive: true });
  }

  private async send(commands: readonly Command[], keepGoing: boolean): Promise<Output[]> {
    this.log.push(...commands);
    const local = this.free.pop() ?? (await openAgent());
    const script = commands.map((command) => this.here(command));
    return local.agent.run(script, 20_000, keepGoing).finally(() => this.free.push(local));
  }

  private here({ argv, stdin, ...rest }: Command): Command {
    const moved = (text: string): string => text.replaceAll(/(?<![\w/])\/(run|srv)(?=\/)/g, `${this.folder}/$1`);
    const words = argv.map(moved);
    // perl -e SCRIPT PIDFILE LOGFILE SECONDS NUMBER-OF-MARKS ...
    if (words[2]?.startsWith("# Waits until")) words[5] = `${this.patience}`;
    return { argv: words, ...(stdin === undefined ? {} : { stdin: moved(stdin) }), ...rest };
  }
}
