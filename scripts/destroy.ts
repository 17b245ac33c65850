// npm run destroy: removes a lab.
import {
  type AbandonOptions,
  adviceFor,
  forgetHosts,
  hostsLeft,
  isNeverMade,
  tellAbandoned,
  withAbandon,
} from "./lib/abandon";
import { projectOwner } from "../components/linux/owned";
import { command, withLab, type LabOptions } from "./lib/command";
import { unreachable } from "./lib/hosts";
import { labName } from "./lib/lab";
import { awaitOrphans } from "./lib/orphans";
import { prepareState, pulumi, removeRemains, removeStack, explainFailure } from "./lib/pulumi";
import { type HostsByName, isOnHost, readStack, similarLab, type Stack } from "./lib/stack";
import { hostsOf, sweepHosts } from "./lib/sweepHosts";
import { ensureToolchain } from "./toolchain/toolchain";

const summary = "Removes a lab. Its files may have changed, or be gone.";

const help = `
After Pulumi has removed what the state knows, whatever else is written down on the hosts as the lab's goes, too: a first
\`up\` that was killed has made things that its state does not know. At last the lab's stack goes, with its history and
Pulumi.NAME.yaml; \`npm run up\` makes them again.
To remove a part: npm run pulumi -- destroy --stack NAME --target URN`;

export async function main(args: string[]): Promise<void> {
  const program = withAbandon(withLab(command("destroy", summary)))
    .argument("[name]", "the lab's name (default: that of labs/demo)")
    .option("--keep-stack", "keep the stack: its history and its configuration")
    .addHelpText("after", help)
    .parse(args, { from: "user" });
  const options = program.opts<LabOptions & AbandonOptions & { keepStack?: boolean }>();
  const name = labName(options, program.args[0]);
  await ensureToolchain();
  prepareState(name);
  await awaitOrphans();
  const stack = await readStack(name);
  const all = hostsOf(name, stack?.hosts ?? {});
  const hosts = await hostsLeft(all, options.abandonHost);
  const abandoned = options.abandonHost ?? [];
  if (stack && abandoned.length > 0) await forgetHosts(name, abandoned);
  if (stack?.resources.some(isOnHost)) await destroy(name, stack, hosts);
  const { removed, isAnothers } = await sweep(name, hosts, stack);
  for (const host of abandoned) tellAbandoned(name, host, all[host] ?? { type: "local" });
  if (stack && !options.keepStack) await removeStack(name);
  const wasThere = stack !== undefined || removed > 0 || abandoned.length > 0;
  if (!stack && wasThere) removeRemains(name);
  if (isAnothers) return console.log(`the stack of lab "${name}" is gone; the lab is another's, and stays`);
  if (wasThere) return console.log(`lab "${name}" is gone`);
  const meant = await similarLab(name);
  if (meant !== undefined)
    throw new Error(`there is no lab "${name}"; did you mean "${meant}"? npm run destroy -- ${meant}`);
  console.log(`there is no lab "${name}": nothing to remove`);
}

const again = (name: string): string => `npm run destroy -- ${name}`;

async function destroy(name: string, { resources }: Stack, hosts: HostsByName): Promise<void> {
  const used = new Set(resources.filter(isOnHost).map(({ inputs }) => inputs?.host));
  for (const [host, settings] of Object.entries(hosts)) {
    const isAway = settings.type === "ssh" && used.has(host);
    const reason = isAway ? await unreachable(host, settings) : undefined;
    if (reason !== undefined) throw new Error(`${adviceFor(host, reason, again(name))}\nNothing was removed.`);
  }
  const words = ["destroy", "--yes", "--skip-preview", "--suppress-outputs", "--stack", name];
  const { code } = await pulumi(words, { env: { PULUMI_SKIP_CHECKPOINTS: "true" }, stdio: "brief" });
  if (code === 0) return;
  explainFailure(name);
  throw new Error(
    `pulumi destroy ended with exit code ${code}, so the lab may be there in part. Run it again, or: npm run sweep -- ${name}`,
  );
}

interface Removed {
  /** How many things were written down on the hosts. */
  readonly removed: number;
  /** Whether another project has a lab of this name, and this one nothing of it. */
  readonly isAnothers: boolean;
}

async function sweep(name: string, hosts: HostsByName, stack: Stack | undefined): Promise<Removed> {
  const { removed, isClean, unreachable, anothers } = await sweepHosts(name, hosts, {
    owner: stack?.owner ?? projectOwner(),
  });
  for (const [host, reason] of Object.entries(unreachable)) {
    if (stack && isNeverMade(stack))
      console.error(`podnet: ${reason}\nNothing of the lab was ever made on host "${host}".`);
    else throw new Error(`${adviceFor(host, reason, again(name))}\nThe lab's stack stays for another attempt.`);
  }
  for (const reason of Object.values(anothers)) {
    if (!stack || stack.resources.some(isOnHost)) throw new Error(reason);
    console.error(`podnet: ${reason}\nThis project has made nothing of it.`);
  }
  if (!isClean) throw new Error(`something of lab "${name}" is left (see above); its stack stays for another attempt`);
  return { removed, isAnothers: Object.keys(anothers).length > 0 };
}
