// npm run refresh: looks at what is there, and takes it over into the state.
import { command, parsePulumiOptions, withLab, withPulumiOptions } from "./lib/command";
import { labName } from "./lib/lab";
import { awaitOrphans } from "./lib/orphans";
import { liftLocks, pulumi } from "./lib/pulumi";
import { readStack, stackOption } from "./lib/stack";
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
  const { lab, rest } = parsePulumiOptions(program.addHelpText("after", help), args);
  const name = labName(lab);
  await ensureToolchain();
  if (!(await readStack(name)))
    throw new Error(`there is no lab "${name}"; bring it up: npm run up${stackOption(name)}`);
  liftLocks(name);
  await awaitOrphans();
  const { code } = await pulumi(["refresh", "--yes", "--skip-preview", "--stack", name, ...rest]);
  process.exitCode = code;
}
