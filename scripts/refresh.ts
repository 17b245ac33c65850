// npm run refresh: looks at what is there, and takes it over into the state.
import { command, displayOf, parsePulumiOptions, withLab, withPulumiOptions } from "./lib/command";
import { labName } from "./lib/lab";
import { awaitOrphans } from "./lib/orphans";
import { prepareState, pulumi } from "./lib/pulumi";
import { noLab, readStack } from "./lib/stack";
import { ensureToolchain } from "./toolchain/toolchain";

const help = `
The next \`npm run up\` repairs what refresh found; \`up\` looks by itself, too.
Examples:
  npm run refresh                    what was changed by hand
  npm run refresh -- --diff          with every property`;

export async function main(args: string[]): Promise<void> {
  const program = withPulumiOptions(
    withLab(command("refresh", "Looks at what is there and says what was changed by hand.")),
  );
  const { lab, name: given, rest } = parsePulumiOptions(program.addHelpText("after", help), args);
  const name = labName(lab, given);
  await ensureToolchain();
  if (!(await readStack(name))) throw new Error(await noLab(name));
  prepareState(name);
  await awaitOrphans();
  const words = ["refresh", "--yes", "--skip-preview", "--suppress-outputs", "--stack", name, ...rest];
  const { code } = await pulumi(words, { env: { PULUMI_SKIP_CHECKPOINTS: "true" }, stdio: displayOf(rest) });
  process.exitCode = code;
}
