// A host in memory behind the two methods that kinds need of one.
import { type Command, CommandFailed, type Output, type Runner } from "../../components/host";
import { Refused, unknownCommand } from "./kernel/answer";
import { chmod, remove } from "./kernel/files";
import { conntrack } from "./kernel/conntrack";
import { enter, ip } from "./kernel/ip";
import { iptables, iptablesRestore, iptablesSave } from "./kernel/iptables";
import { Kernel, type Space } from "./kernel/kernel";
import { nfacct } from "./kernel/nfacct";
import { nft } from "./kernel/nftables";
import { script } from "./kernel/scripts";
import { sysctl } from "./kernel/sysctl";

export class FakeHost implements Runner {
  readonly kernel = new Kernel();
  /** Faults of the fake itself, whoever caught them. */
  readonly faults: Error[] = [];

  constructor(readonly name = "fake") {}

  async ask(commands: readonly Command[]): Promise<Output[]> {
    return commands.map((command) => this.answer(command));
  }

  async run(commands: readonly Command[]): Promise<Output[]> {
    const outputs: Output[] = [];
    for (const command of commands) {
      const output = this.answer(command);
      outputs.push(output);
      if (output.code !== 0 && !command.mayFail)
        throw new CommandFailed(this.name, command, output.code, output.stderr);
    }
    return outputs;
  }

  private answer({ argv, stdin = "" }: Command): Output {
    try {
      return this.execute(this.kernel.host, argv, stdin);
    } catch (error) {
      if (!(error instanceof Refused)) {
        this.faults.push(error as Error);
        throw error;
      }
      return { code: error.code, stdout: error.stdout, stderr: error.message === "" ? "" : `${error.message}\n` };
    }
  }

  private execute(space: Space, argv: readonly string[], stdin: string): Output {
    const { kernel } = this;
    if (argv.slice(0, 3).join(" ") === "ip netns exec")
      return this.execute(enter(kernel, argv[3]), argv.slice(4), stdin);
    const programs: Record<string, () => Output> = {
      ip: () => ip(kernel, space, argv),
      sysctl: () => sysctl(kernel, space, argv),
      iptables: () => iptables(space, argv),
      "iptables-save": () => iptablesSave(space, argv),
      "iptables-restore": () => iptablesRestore(space, stdin),
      conntrack: () => conntrack(space, argv),
      nfacct: () => nfacct(space, argv),
      nft: () => nft(space, argv, stdin),
      chmod: () => chmod(kernel, argv),
      rm: () => remove(kernel, argv),
      sh: () => script(kernel, space, argv, stdin),
      perl: () => script(kernel, space, argv, stdin),
    };
    return (programs[argv[0] ?? ""] ?? (() => unknownCommand(argv)))();
  }
}
