// npm run preview: what `up` would do, with nothing done.
import { command, displayOf, parsePulumiOptions, withLab, withPulumiOptions } from "./lib/command";
import { inProject, labKey, labPath } from "./lib/lab";
import { ensureStack, pulumi, withoutTrace } from "./lib/pulumi";
import { withProgram } from "./lib/program";
import { readLab } from "./lib/readLab";
import { ensureToolchain } from "./toolchain/toolchain";

const help = `
It compares the lab's files with the state. What was changed by hand on the hosts, which \`up\` looks for and repairs, it sees with --refresh.
Examples:
  npm run preview                    what would be made, changed and removed
  npm run preview -- --diff          with every property, and the commands that make it
  npm run preview -- --refresh       looks first at what is really there
  npm run -s preview -- --json       for programs`;

export async function main(args: string[]): Promise<void> {
  const program = withPulumiOptions(withLab(command("preview", "Says what `npm run up` would do; does nothing.")));
  const { lab: options, name, rest } = parsePulumiOptions(program.addHelpText("after", help), args);
  const path = labPath(options, name);
  const lab = readLab(path);
  if (!lab) return;
  await ensureToolchain();
  process.exitCode = await withoutTrace(lab.name, async () => {
    await ensureStack(lab.name, { [labKey]: inProject(path) });
    const words = ["preview", "--suppress-outputs", "--stack", lab.name, ...rest];
    return withProgram(async (program) => (await pulumi([...words, ...program], { stdio: displayOf(rest) })).code);
  });
}
