// npm run sweep: removes a lab by what is written down on its hosts.
import { type AbandonOptions, adviceFor, hostsLeft, isNeverMade, tellAbandoned, withAbandon } from "./lib/abandon";
import { command } from "./lib/command";
import { labName } from "./lib/lab";
import { awaitOrphans } from "./lib/orphans";
import { prepareState, removeRemains, removeStack } from "./lib/pulumi";
import { readStack, similarLab } from "./lib/stack";
import { hostsOf, sweepHosts } from "./lib/sweepHosts";
import { ensureToolchain } from "./toolchain/toolchain";

const summary = `Removes a lab by what is written down on its hosts, without its state and without its files; clears its state, too.
For when \`npm run destroy\` cannot: the state is lost, or of no use any more.`;

const help = `
Nothing is touched that is not written down as the lab's, in /run/podnet/LAB/.owned on each host.
The hosts are those of the state and of the lab's files, as far as these are there, and this machine.
The exit code is 1 when something is left; what, and why, is on standard error.`;

export async function main(args: string[]): Promise<void> {
  const program = withAbandon(command("sweep", summary))
    .argument("<lab>", "the lab's name")
    .option("--dry-run", "only say what would be removed")
    .addHelpText("after", help)
    .parse(args, { from: "user" });
  const { dryRun = false, abandonHost = [] } = program.opts<AbandonOptions & { dryRun?: boolean }>();
  const name = labName({ stack: program.args[0] });
  await ensureToolchain();
  prepareState(name);
  await awaitOrphans();
  const stack = await readStack(name);
  const all = hostsOf(name, stack?.hosts ?? {});
  const { removed, isClean, unreachable } = await sweepHosts(name, await hostsLeft(all, abandonHost), { dryRun });
  for (const [host, reason] of Object.entries(unreachable)) {
    if (!stack || !isNeverMade(stack)) throw new Error(adviceFor(host, reason, `npm run sweep -- ${name}`));
    console.error(`podnet: ${reason}\nNothing of the lab was ever made on host "${host}".`);
  }
  if (!isClean) throw new Error(`something of lab "${name}" is left (see above)`);
  if (dryRun) return console.log(stack ? `would remove the state of lab "${name}"` : `lab "${name}" has no state`);
  for (const host of abandonHost) tellAbandoned(name, host, all[host] ?? { type: "local" });
  if (stack) await removeStack(name);
  const isThere = removed > 0 || abandonHost.length > 0 || stack !== undefined;
  const meant = isThere ? undefined : await similarLab(name);
  if (meant !== undefined)
    throw new Error(`there is no lab "${name}"; did you mean "${meant}"? npm run sweep -- ${meant}`);
  removeRemains(name);
  if (!isThere) console.log(`there is no lab "${name}": nothing is written down, and it has no state`);
  else console.log(`lab "${name}" is gone${stack ? ", and so is its state" : ""}`);
}
