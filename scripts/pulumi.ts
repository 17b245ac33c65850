// npm run pulumi -- ARGUMENT ...: Pulumi's own command line, with the state and the environment that podnet's scripts use.
// Every argument is Pulumi's, --help as well.
import { pulumi } from "./lib/pulumi";
import { ensureToolchain } from "./toolchain/toolchain";

export async function main(args: string[]): Promise<void> {
  await ensureToolchain();
  process.exitCode = (await pulumi(args)).code;
}
