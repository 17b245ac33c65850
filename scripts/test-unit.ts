// npm run test:unit: the rings that need neither root nor the tool chain.
import { command } from "./lib/command";
import { add, conclude } from "./testing/count";
import { filesOf, runFiles } from "./testing/rings";

export async function main(args: string[]): Promise<void> {
  const { only } = command("test:unit", "Runs the tests that need nothing but Node.js.")
    .option("--only <text>", "only the test files whose path contains this, as test/unit/linux")
    .parse(args, { from: "user" })
    .opts<{ only?: string }>();
  const files = [...filesOf("unit", only), ...filesOf("fake", only)];
  if (files.length === 0) throw new Error(`no file of test/unit or test/fake has "${only}" in its path`);
  conclude(add([await runFiles(files)]));
}
