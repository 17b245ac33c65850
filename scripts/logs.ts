// npm run logs: what a container's process has written.
import { recordPath } from "../components/linux/owned";
import { processKind } from "../components/linux/process";
import { command, withLab, type LabOptions } from "./lib/command";
import { withHost } from "./lib/hosts";
import { labName } from "./lib/lab";
import { readRunningLab, type Stack } from "./lib/stack";
import { whom } from "./lib/whom";
import { ensureToolchain } from "./toolchain/toolchain";
import { say } from "./toolchain/progress";

const help = `
POD is pod1, or default/pod1. Nodes and other places have no logs. Both streams of the process are there: the last 10 MB.
Examples:
  npm run logs -- pod1
  npm run logs -- pod1 -c sidecar`;

/** More of a log than this nobody reads in a terminal: the last part of it. */
const mostBytes = 10_000_000;

interface Args {
  readonly host: string;
  readonly netns?: string;
  readonly name: string;
  readonly command: string[];
  readonly env: Record<string, string>;
  readonly listens: [];
}

export async function main(args: string[]): Promise<void> {
  const program = withLab(command("logs", "Prints what a container's process has written."))
    .argument("<pod>", "the pod")
    .option("-c, --container <name>", "which of its containers (default: the first by name)")
    .addHelpText("after", help)
    .parse(args, { from: "user" });
  const { container, ...options } = program.opts<LabOptions & { container?: string }>();
  const lab = labName(options);
  await ensureToolchain();
  const stack = await readRunningLab(lab);
  const name = program.args[0] ?? "";
  const { pod } = whom(name, stack.outputs);
  if (pod === undefined)
    throw new Error(`"${name}" is no pod, and only pods have containers; npm run status shows them`);
  const process = processOf(pod, container, stack);
  const settings = stack.hosts[process.host];
  if (!settings) throw new Error(`the state says nothing about how to reach host "${process.host}"`);
  const log = `${recordPath(lab, processKind, process)}.log`;
  const [output] = await withHost(process.host, settings, (host) =>
    host.ask([{ argv: ["tail", "-c", `${mostBytes}`, log] }]),
  );
  if (output?.code !== 0)
    throw new Error(`${process.name} has written nothing that is there: ${output?.stderr.trim()}`);
  if (output.stdout === "") say(`${process.name} has written nothing yet`);
  globalThis.process.stdout.write(output.stdout);
}

/** A container's process is called `<namespace>/<pod>/<container>`. @param key as `<namespace>/<pod>` */
function processOf(key: string, container: string | undefined, { resources }: Stack): Args {
  const all = resources.filter(({ type }) => type === processKind.token).map(({ inputs }) => inputs as unknown as Args);
  const containers = all.filter(({ name }) => name.split("/").length === 3);
  const here = containers.filter(({ name }) => name.startsWith(`${key}/`));
  here.sort((a, b) => a.name.localeCompare(b.name));
  const names = here.map(({ name }) => name.split("/")[2] as string);
  if (here.length === 0)
    throw new Error(`pod ${key} has no container that podnet started; npm run status shows what runs`);
  if (container === undefined && names.length > 1)
    say(`${key} has ${names.join(", ")}; this is ${names[0]} (-c NAME for another)`);
  const found = here[container === undefined ? 0 : names.indexOf(container)];
  if (!found) throw new Error(`pod ${key} has no container "${container}"; it has ${names.join(", ")}`);
  return found;
}
