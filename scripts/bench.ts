// npm run bench: measures how long labs take, beside Pulumi alone, the kernel alone and Mininet.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidArgumentError } from "commander";
import { document } from "../bench/document";
import { onOwnMachine } from "../bench/machine";
import { toJson, toText } from "../bench/report";
import type { Plan, Results } from "../bench/results";
import { command } from "./lib/command";
import { projectRoot } from "./lib/environment";
import { say } from "./toolchain/progress";
import { ensureToolchain } from "./toolchain/toolchain";

const page = "docs/benchmarks.md";

const help = `
Labs that you run are not in its way: it works on a machine of its own, made of namespaces, of which nothing is left, after Ctrl-C neither.
Numbers mean something only when the machine has nothing else to do. All of it takes about two hours on two processors, most of it for
1,000 pods and 1,000 Services. Examples:
  npm run bench                                        10, 100 and 1,000 pods, 100 and 1,000 Services, three rounds
  npm run bench -- --pods 10 --services 20 --runs 1    a first look, in minutes
  npm run bench -- --services 0                        labs of pods alone
  npm run -s bench -- --json                           every measurement, for programs`;

interface Options {
  readonly pods: number[];
  readonly services: number[];
  readonly runs: number;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly write?: boolean;
}

export async function main(args: string[]): Promise<void> {
  const options = command("bench", "Measures how long labs take, beside Pulumi alone, the kernel alone and Mininet.")
    .option("--pods <numbers>", "how many pods labs have; 0 leaves them out", numbers, [10, 100, 1000])
    .option("--services <numbers>", "how many Services labs have; 0 leaves them out", numbers, [100, 1000])
    .option("--runs <number>", "rounds, of which the median counts; an odd number", odd, 3)
    .option("--all", "Mininet builds more than 100 pods, too")
    .option("--json", "for programs (npm run -s bench -- --json)")
    .option("--write", `write the results into ${page}`)
    .addHelpText("after", help)
    .parse(args, { from: "user" })
    .opts<Options>();
  refuseUnlessRoot();
  await ensureToolchain();
  const { pods, services, runs, all = false } = options;
  const plan: Plan = { pods, services, runs, all };
  const results = JSON.parse(await onOwnMachine("bench/measure.ts", [JSON.stringify(plan)])) as Results;
  console.log(options.json ? JSON.stringify(toJson(results), undefined, 2) : toText(results));
  if (!options.write) return;
  writeFileSync(join(projectRoot, page), document(results));
  say(`wrote ${page}`);
}

export function numbers(text: string): number[] {
  if (text === "" || text === "0") return [];
  return text.split(",").map((word) => {
    if (!/^[1-9]\d*$/.test(word)) throw new InvalidArgumentError("Write numbers, as 10,100, or 0 for none.");
    return Number(word);
  });
}

function odd(text: string): number {
  if (!/^\d*[13579]$/.test(text)) throw new InvalidArgumentError("Write an odd number, as 3.");
  return Number(text);
}

function refuseUnlessRoot(): void {
  if (process.platform !== "linux")
    throw new Error(`the benchmark makes network namespaces, and this is ${process.platform}: run it on Linux`);
  if (process.getuid?.() !== 0)
    throw new Error("the benchmark makes network namespaces, which only root can: run sudo npm run bench");
}
