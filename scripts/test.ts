// npm test: everything, from an empty clone on: the tool chain, the checks, and all rings of tests.
import { command } from "./lib/command";
import { type Count, add, conclude } from "./testing/count";
import { checks, runChecks } from "./testing/checks";
import { filesOf, runFiles } from "./testing/rings";
import { duration, say } from "./toolchain/progress";
import { ensureToolchain } from "./toolchain/toolchain";

export async function main(args: string[]): Promise<void> {
  const { only } = command("test", "Installs what is missing, and runs all checks and tests. Needs Linux and root.")
    .option("--only <text>", "only the checks whose name, and the test files whose path contains this")
    .parse(args, { from: "user" })
    .opts<{ only?: string }>();
  const which = checks.filter(({ name }) => name.includes(only ?? ""));
  const quick = [...filesOf("unit", only), ...filesOf("fake", only)];
  const real = filesOf("real", only);
  if (which.length + quick.length + real.length === 0)
    throw new Error(`no check has "${only}" in its name, and no test file in its path`);

  const start = Date.now();
  if (real.length > 0) {
    refuseUnlessRoot();
    await ensureToolchain();
  }
  const counts: Count[] = [];
  const run = async (title: string, size: number, work: () => Promise<Count>): Promise<void> => {
    if (size === 0) return;
    say(`${title} ...`);
    counts.push(await work());
  };
  await run(`checks: ${which.map(({ name }) => name).join(", ")}`, which.length, () => runChecks(which));
  await run(`${quick.length} files of tests without a kernel`, quick.length, () => runFiles(quick));
  await run(`${real.length} files of tests on the real kernel`, real.length, () => runFiles(real, { serial: true }));
  say(`all done in ${duration((Date.now() - start) / 1000)}`);
  conclude(add(counts));
}

/** Before anything that takes long: a test that cannot run is a test that failed. */
function refuseUnlessRoot(): void {
  if (process.platform !== "linux")
    throw new Error(`the tests make network namespaces, and this is ${process.platform}: run them on Linux`);
  if (process.getuid?.() !== 0)
    throw new Error(
      "the tests make network namespaces, which only root can: run sudo npm test, or npm run test:unit for those that need no root",
    );
}
