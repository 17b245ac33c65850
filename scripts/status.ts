// npm run status: what really runs of a lab.
import Table from "cli-table3";
import { command, withLab, type LabOptions } from "./lib/command";
import { labName } from "./lib/lab";
import { type LiveLab, type Process, type State, liveLab, problemsOf } from "./lib/live";
import { sorted, title } from "./lib/picture";
import { clusterIPOf, endpointsOf, externalIPsOf, portText, typeOf } from "./lib/services";
import { readRunningLab, type ServiceOutput, type Stack, stackOption } from "./lib/stack";
import { ensureToolchain } from "./toolchain/toolchain";

const help = `
With --json: the keys of \`pulumi stack output --json\`, and in each node, pod and client also
  state        running, incomplete (something in it has ended) or gone
  processes    name (pause, or the container's; none for what podnet did not start), pid, command, state
and the key underlay with the same for switch and router.
The exit code is 0 when everything runs that should, else 1.`;

export async function main(args: string[]): Promise<void> {
  const program = withLab(command("status", "Says what of a lab really runs, as its hosts have it."))
    .argument("[name]", "the lab's name (default: that of labs/demo)")
    .option("--json", "for programs (npm run -s status -- --json)")
    .addHelpText("after", help)
    .parse(args, { from: "user" });
  const options = program.opts<LabOptions & { json?: boolean }>();
  const name = labName(options, program.args[0]);
  await ensureToolchain();
  const stack = await readRunningLab(name);
  const lab = await liveLab(stack);
  const problems = problemsOf(lab);
  console.log(options.json ? JSON.stringify(lab, undefined, 2) : await tables(lab, stack));
  for (const problem of problems) console.error(`podnet: ${problem}`);
  if (problems.length > 0) console.error(`podnet: to repair the lab: npm run up${stackOption(name)}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

/** Of a port; more are only counted. */
const mostEndpoints = 4;

async function tables(live: LiveLab, stack: Stack): Promise<string> {
  const { lab, nodes, pods, clients, services, underlay } = live;
  const { chalk } = await import("zx"); // Takes a while to load, and exists as a module only.
  const colours: Record<State, (text: string) => string> = {
    running: chalk.green,
    incomplete: chalk.yellow,
    gone: chalk.red,
  };
  const paint = (state: State): string => colours[state](state);
  const running = ({ processes }: { processes: readonly Process[] }): string => processes.map(brief).join("\n");
  const machines = [
    ...sorted(nodes).map(([name, node]) => [name, node.internalIP, node.podCIDR, paint(node.state), running(node)]),
    ...sorted(clients).map(([name, client]) => [name, client.ip, "", paint(client.state), running(client)]),
    ...sorted(underlay).map(([name, part]) => [
      name,
      addressesIn(stack, part.netns).join("\n") || "none",
      "",
      paint(part.state),
      running(part),
    ]),
  ];
  const rows = sorted(pods).map(([key, pod]) => [key, pod.ip, pod.node, paint(pod.state), running(pod)]);
  const called = sorted(services).flatMap(([key, service]) => rowsOf(key, service));
  return [
    title(live),
    table(["Node", "Address", "Pods' range", "State", "Processes"], machines),
    ...(rows.length > 0 ? [table(["Pod", "Address", "Node", "State", "Processes"], rows)] : []),
    ...(called.length > 0
      ? [table(["Service", "Type", "Cluster IP", "External IPs", "Ports", "Endpoints"], called)]
      : []),
    `Processes and namespaces; what the network does: npm run verify${stackOption(lab)}`,
  ].join("\n");
}

/** One for each port; the first one says what the Service is. */
function rowsOf(key: string, service: ServiceOutput): string[][] {
  const its = [key, typeOf(service), clusterIPOf(service), externalIPsOf(service).join("\n")];
  if (service.ports.length === 0) return [[...its, "", ""]];
  return service.ports.map((port, i) => [
    ...(i === 0 ? its : its.map(() => "")),
    portText(port),
    endpointsOf(port, mostEndpoints).join("\n"),
  ]);
}

interface Interface {
  readonly netns?: string;
  readonly addresses?: readonly string[];
}

/** As declared, without prefix lengths; in one order, whatever that of the state is. */
function addressesIn({ resources }: Stack, netns: string): string[] {
  const cables = resources.filter(({ type }) => type === "podnet:linux:Veth");
  const ends = cables.flatMap(({ inputs = {} }) => [inputs, inputs.peer] as readonly (Interface | undefined)[]);
  return ends
    .filter((end) => end?.netns === netns)
    .flatMap((end) => end?.addresses ?? [])
    .map((address) => address.replace(/\/.*/, ""))
    .sort();
}

function brief({ name, pid, command, state }: Process): string {
  const words = command.length > 40 ? `${command.slice(0, 39)}…` : command;
  if (name === undefined) return `(${pid} ${words})`;
  return state === "running" ? `${name} ${pid}` : `${name} has ended`;
}

function table(head: string[], rows: readonly string[][]): string {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  return table.toString();
}
