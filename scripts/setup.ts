// npm run setup: installs what podnet needs on this machine and is missing.
import { pulumiEnvironment, pulumiVersion, releaseFolder } from "./lib/environment";
import { say } from "./toolchain/progress";
import { ensureToolchain } from "./toolchain/toolchain";

export async function main(): Promise<void> {
  await ensureToolchain();
  pulumiEnvironment(); // Makes the state's folder, which must be there for `pulumi` typed by hand.
  say(`all there: the Linux tools, and Pulumi ${pulumiVersion} in ${releaseFolder()}`);
}
