// npm run sweep: removes a lab by what is written down on its hosts.
import { command } from "./lib/command";
import { labName } from "./lib/lab";
import { awaitOrphans } from "./lib/orphans";
import { liftLocks } from "./lib/pulumi";
import { readStack, removeStack, removeStackConfig } from "./lib/stack";
import { hostsOf, sweepHosts } from "./lib/sweepHosts";
import { ensureToolchain } from "./toolchain/toolchain";

const summary = `Removes a lab by what is written down on its hosts, without its state and without its files; clears its state, too.
For when \`npm run destroy\` cannot: the state is lost, or of no use any more.`;

const help = `
Nothing is touched that is not written down as the lab's, in /run/podnet/LAB/.owned on each host.
The hosts are those of the state and of the lab's files, as far as these are there, and this machine.
The exit code is 1 when something is left; what, and why, is on standard error.`;

export async function main(args: string[]): Promise<void> {
  const program = command("sweep", summary)
    .argument("<lab>", "the lab's name")
    .option("--dry-run", "only say what would be removed")
    .addHelpText("after", help)
    .parse(args, { from: "user" });
  const { dryRun = false } = program.opts<{ dryRun?: boolean }>();
  const name = labName({ stack: program.args[0] });
  await ensureToolchain();
  liftLocks(name);
  await awaitOrphans();
  const stack = await readStack(name);
  const { removed, isClean } = await sweepHosts(name, hostsOf(name, stack?.hosts ?? {}), { dryRun });
  if (!isClean) throw new Error(`something of lab "${name}" is left (see above)`);
  if (dryRun) return console.log(stack ? `would remove the state of lab "${name}"` : `lab "${name}" has no state`);
  if (stack) await removeStack(name);
  removeStackConfig(name);
  if (removed === 0 && !stack) console.log(`there is no lab "${name}": nothing is written down, and it has no state`);
  else console.log(`lab "${name}" is gone${stack ? ", and so is its state" : ""}`);
}
