// Stands between a lab and its host, counts what changes something, and lets things go wrong at a chosen moment.
import { type Command, CommandFailed, ConnectionLost, type Output, type Runner } from "../../components/host";

export interface Fault {
  /** Which of the next changing commands it strikes, from 0 on. */
  readonly at: number;
  /**
   * The command fails before or behind what it does; or the connection ends before it ran, or when it had run and before its
   * answer came.
   */
  readonly how: (typeof ways)[number];
}

export const ways = ["refused", "failed behind", "lost before", "lost behind"] as const;

const words = ({ argv }: Command): string => argv.join(" ");

/** Commands that only look. */
const looks = [
  /^ip (-n \S+ )?(-6 )?-j /,
  /^(ip netns exec \S+ )?sysctl (?!-q -w)/,
  /^(ip netns exec \S+ )?iptables-save( |$)/,
  /^(ip netns exec \S+ )?nft -s list /,
  /^(ip netns exec \S+ )?iptables -w -t \S+ -C /,
  /^(ip netns exec \S+ )?nfacct list$/,
  /^(ip netns exec \S+ )?conntrack -L /,
  /^(ip netns exec \S+ )?perl -e # (Says whose an object is|Says what a name below|Reads |Finds a process)/,
];

export const isNote = (command: Command): boolean => words(command).startsWith("perl -e # Writes down one object");
/** What podnet keeps for itself beside the lab's objects. */
export const isBookkeeping = (command: Command): boolean =>
  isNote(command) ||
  /^rm -d?f \S*(\/\.owned\/\S*|\.podnet)( \S*\/\.owned\/\S*)?$/.test(words(command)) ||
  /^perl (make-folders|clear-folders|note-netns-mount|process-end|process-wait|forget)\.pl /.test(
    command.shown ?? "",
  ) ||
  (command.argv[0] === "perl" && /^(exit 0 unless grep|# Finds processes of a lab)/.test(command.argv[2] ?? ""));
export const changes = (command: Command): boolean => !looks.some((look) => look.test(words(command)));

export class Faulty implements Runner {
  /** What has changed something since `start`. */
  done: Command[] = [];
  /** Whether the fault of this operation has struck. */
  hasStruck = false;
  onChange: (command: Command) => void = () => undefined;
  private fault: Fault | undefined;
  private isLost = false;

  constructor(private readonly host: Runner) {}

  get name(): string {
    return this.host.name;
  }

  /** A new operation, on a connection that works. */
  start(fault?: Fault): void {
    this.done = [];
    this.fault = fault;
    this.isLost = false;
    this.hasStruck = false;
  }

  async ask(commands: readonly Command[]): Promise<Output[]> {
    const outputs: Output[] = [];
    for (const command of commands) outputs.push(await this.answer(command));
    return outputs;
  }

  async run(commands: readonly Command[]): Promise<Output[]> {
    const outputs: Output[] = [];
    for (const command of commands) {
      const output = await this.answer(command);
      outputs.push(output);
      if (output.code !== 0 && !command.mayFail)
        throw new CommandFailed(this.name, command, output.code, output.stderr);
    }
    return outputs;
  }

  private async answer(command: Command): Promise<Output> {
    if (this.isLost) throw new ConnectionLost("the connection is lost");
    if (!changes(command)) return this.one(command);
    const strikes = this.fault?.at === this.done.length;
    const how = strikes ? this.fault?.how : undefined;
    this.hasStruck ||= strikes;
    if (how === "refused") {
      this.done.push(command);
      return { code: 1, stdout: "", stderr: "refused by chance\n" };
    }
    this.isLost = how === "lost before" || how === "lost behind";
    if (how === "lost before") throw new ConnectionLost("the connection is lost");
    this.onChange(command);
    this.done.push(command);
    const output = await this.one(command);
    if (how === "failed behind") return { code: 1, stdout: "", stderr: "failed by chance\n" };
    if (how === "lost behind") throw new ConnectionLost("the connection is lost");
    return output;
  }

  private async one(command: Command): Promise<Output> {
    const [output] = await this.host.ask([command]);
    if (!output) throw new Error("no answer");
    return output;
  }
}
