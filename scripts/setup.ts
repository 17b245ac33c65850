// npm run setup: installs what podnet needs on this machine and is missing.
import { command } from "./lib/command";
import { pulumiEnvironment, pulumiVersion, releaseFolder } from "./lib/environment";
import { say } from "./toolchain/progress";
import { ensureToolchain } from "./toolchain/toolchain";

export async function main(args: string[]): Promise<void> {
  command("setup", "Installs what podnet needs on this machine and is missing.").parse(args, { from: "user" });
  await ensureToolchain();
  pulumiEnvironment(); // Makes the state's folder, which must be there for `pulumi` typed by hand.
  say(`all there: the Linux tools, and Pulumi ${pulumiVersion} in ${releaseFolder()}`);
}
