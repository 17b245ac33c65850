// npm run verify: measures with real packets what the model promises about a running lab.
import { type LabOptions, command, withLab } from "./lib/command";
import { labName } from "./lib/lab";
import { readRunningLab } from "./lib/stack";
import { ensureToolchain } from "./toolchain/toolchain";
import { measure } from "./verify/measure";
import { promisesOf } from "./verify/promises";
import { allHold, resultsOf, toJson, toText } from "./verify/report";
import { runningLab } from "./verify/runningLab";

const help = `
It brings probes of its own, so it does not matter what the pods run, and it leaves nothing behind.
With --json: lab, ok, promises (each with passed, failed, unmeasured) and measurements (each with promise, from, to, protocol,
expected, observed, ok).
The exit code is 0 when every promise holds and everything could be measured, else 1. What a host cannot do at all (SCTP, where its kernel
has none), and a Service whose endpoints are servers of your own, is said, and breaks no promise.`;

export async function main(args: string[]): Promise<void> {
  const program = withLab(command("verify", "Measures with real packets what the model promises about a running lab."))
    .argument("[name]", "the lab's name (default: that of labs/demo)")
    .option("--json", "for programs (npm run -s verify -- --json)")
    .addHelpText("after", help)
    .parse(args, { from: "user" });
  const options = program.opts<LabOptions & { json?: boolean }>();
  const name = labName(options, program.args[0]);
  await ensureToolchain();
  const lab = runningLab(await readRunningLab(name));
  const promises = promisesOf(lab);
  const measurements = await measure(
    lab,
    promises.flatMap(({ checks }) => checks),
  );
  const results = resultsOf(promises, measurements);
  console.log(options.json ? JSON.stringify(toJson(lab, results), undefined, 2) : toText(lab, results));
  process.exitCode = allHold(results) ? 0 : 1;
}
