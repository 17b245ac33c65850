// npm run destroy: removes a lab.
import { command, withLab, type LabOptions } from "./lib/command";
import { labName } from "./lib/lab";
import { awaitOrphans } from "./lib/orphans";
import { liftLocks, pulumi } from "./lib/pulumi";
import { readStack, removeStack } from "./lib/stack";
import { hostsOf, sweepHosts } from "./lib/sweepHosts";
import { ensureToolchain } from "./toolchain/toolchain";

const summary = "Removes a lab. Its files may have changed, or be gone.";

const help = `
After Pulumi has removed what the state knows, whatever else is written down on the hosts as the lab's goes, too: a first
\`up\` that was killed has made things that its state does not know. At last the lab's stack goes, with its history and
Pulumi.NAME.yaml; \`npm run up\` makes them again.
To remove a part: npm run pulumi -- destroy --stack NAME --target URN`;

export async function main(args: string[]): Promise<void> {
  const program = withLab(command("destroy", summary))
    .argument("[name]", "the lab's name (default: that of labs/demo)")
    .option("--keep-stack", "keep the stack: its history and its configuration")
    .addHelpText("after", help)
    .parse(args, { from: "user" });
  const options = program.opts<LabOptions & { keepStack?: boolean }>();
  const name = labName(options, program.args[0]);
  await ensureToolchain();
  liftLocks(name);
  await awaitOrphans();
  const stack = await readStack(name);
  if (stack) await destroy(name);
  const { removed, isClean } = await sweepHosts(name, hostsOf(name, stack?.hosts ?? {}));
  if (!isClean) throw new Error(`something of lab "${name}" is left (see above); its stack stays for another attempt`);
  if (stack && !options.keepStack) await removeStack(name);
  console.log(stack || removed > 0 ? `lab "${name}" is gone` : `there is no lab "${name}": nothing to remove`);
}

async function destroy(name: string): Promise<void> {
  const words = ["destroy", "--yes", "--skip-preview", "--stack", name];
  const { code } = await pulumi(words, { env: { PULUMI_SKIP_CHECKPOINTS: "true" } });
  if (code !== 0)
    throw new Error(
      `pulumi destroy ended with exit code ${code}, so the lab may be there in part. Run it again, or: npm run sweep -- ${name}`,
    );
}
