// npm run exec: a command inside a node, a pod or the client.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { command, withLab, type LabOptions } from "./lib/command";
import { enterWords } from "./lib/enter";
import { labName } from "./lib/lab";
import { readRunningLab, stackOption } from "./lib/stack";
import { whom } from "./lib/whom";
import { ensureToolchain } from "./toolchain/toolchain";

const help = `
NAME is a pod (pod1, or default/pod1), a node, client, router or switch. What follows it is the command, with its own options.
Examples:
  npm run exec -- pod1 ip addr
  npm run exec -- node1 iptables-save -t nat
  npm run exec -- pod1 sh -c 'ip route; ip neigh'
  npm run exec -- pod1                       a shell
Exit code and streams are the command's own; npm adds lines of its own unless it is told not to: npm run -s exec -- ...`;

export async function main(args: string[]): Promise<void> {
  const program = withLab(command("exec", "Runs a command in a node, a pod or the client."))
    .argument("<name>", "where to run it")
    .argument("[command...]", "what to run (default: a shell)")
    .usage("[options] <name> [command...]")
    .passThroughOptions()
    .addHelpText("after", help)
    .parse(args, { from: "user" });
  const [who = "", ...rest] = program.args;
  if (who.startsWith("-"))
    throw new Error(`"${who}" is no name; options come before the name, and behind no second --`);
  const lab = labName(program.opts<LabOptions>());
  await ensureToolchain();
  const { outputs, hosts } = await readRunningLab(lab);
  const { host, netns } = whom(who, outputs);
  const settings = hosts[host];
  if (!settings) throw new Error(`the state says nothing about how to reach host "${host}"`);
  if (settings.type === "local" && !existsSync(`/run/netns/${netns}`))
    throw new Error(`${who} does not run: its network namespace ${netns} is gone; npm run up${stackOption(lab)}`);
  const argv = rest[0] === "--" ? rest.slice(1) : rest;
  process.exitCode = await run(enterWords(settings, netns, argv, process.stdin.isTTY && process.stdout.isTTY));
}

const fromTerminal = ["SIGINT", "SIGQUIT", "SIGTSTP"] as const;
const relayed = ["SIGTERM", "SIGHUP"] as const;

/** Signals of the terminal reach the command by themselves, and it is the one to answer them. */
function run([program = "", ...args]: readonly string[]): Promise<number> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: "inherit", cwd: process.env.INIT_CWD });
    for (const signal of fromTerminal) process.on(signal, () => undefined);
    for (const signal of relayed) process.on(signal, () => child.kill(signal));
    child.on("error", (error) => failed(new Error(`cannot run ${program}: ${error.message}`)));
    // As a shell says it: 128 + the signal's number.
    child.on("exit", (code, signal) => done(code ?? 128 + constants.signals[signal as NodeJS.Signals]));
  });
}
