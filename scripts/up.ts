// npm run up: builds a lab, or makes a running one what its files say.
import { Address4 } from "ip-address";
import type { Lab } from "../components/kubernetes/manifests";
import { podKey } from "../components/kubernetes/manifests";
import { command, displayOf, parsePulumiOptions, withLab, withPulumiOptions } from "./lib/command";
import { inProject, labKey, labPath } from "./lib/lab";
import { removeLeftovers } from "./lib/leftovers";
import { awaitOrphans } from "./lib/orphans";
import { type Containers, count, picture } from "./lib/picture";
import { ensureStack, pulumi, explainFailure } from "./lib/pulumi";
import { withProgram } from "./lib/program";
import { readLab } from "./lib/readLab";
import { type Outputs, lastChanges, readRunningLab } from "./lib/stack";
import { ensureToolchain } from "./toolchain/toolchain";

const summary =
  "Builds a lab, or makes a running one what its files say. Repairs what was changed by hand, and brings a lab back after a reboot.";

const help = `
Examples:
  npm run up                         the lab labs/demo
  npm run up -- --lab ~/my-lab       a lab of your own: a folder with YAML files
  npm run up -- my-lab               the same again, by its name; or a ready lab of labs/
  npm run up -- --diff               Pulumi's options work, too`;

export async function main(args: string[]): Promise<void> {
  const program = withPulumiOptions(withLab(command("up", summary))).addHelpText("after", help);
  const { lab: options, name, rest } = parsePulumiOptions(program, args);
  const path = labPath(options, name);
  const lab = readLab(path);
  if (!lab) return;
  await ensureToolchain();
  await awaitOrphans();
  await ensureStack(lab.name, { [labKey]: inProject(path) });
  process.exitCode = await build(lab.name, rest);
  if (process.exitCode !== 0) return explainFailure(lab.name);
  const { outputs, ...stack } = await readRunningLab(lab.name);
  await removeLeftovers(lab.name, stack);
  const forPrograms = rest.some((word) => word === "--json" || word === "-j");
  if (!forPrograms) await tell(lab, outputs);
}

async function build(name: string, rest: readonly string[]): Promise<number> {
  // Looks first at what is there: it may have been changed by hand, or be gone after a reboot.
  const words = ["up", "--yes", "--skip-preview", "--refresh", "--suppress-outputs", "--stack", name, ...rest];
  // The state is written once, at the end: after a kill the hosts know what was made (docs/architecture.md).
  const options = { env: { PULUMI_SKIP_CHECKPOINTS: "true" }, stdio: displayOf(rest) };
  return withProgram(async (program) => (await pulumi([...words, ...program], options)).code);
}

async function tell(lab: Lab, outputs: Outputs): Promise<void> {
  const changes = await lastChanges(lab.name);
  const unchanged = Object.keys(changes).every((change) => change === "same");
  if (unchanged) console.log(`nothing to change; ${count(changes.same ?? 0, "resource")} as they should be\n`);
  console.log(`${picture(outputs, routerOf(lab), containersOf(lab))}\n`);
  console.log(`Try:\n${suggestions(lab).join("\n")}`);
}

/** The first address of the node network. */
const routerOf = ({ spec }: Lab): string => new Address4(spec.nodeCIDR).startAddressExclusive().correctForm();

function containersOf({ pods }: Lab): Containers {
  return Object.fromEntries(
    pods.map((pod) => [
      podKey(pod),
      pod.spec.containers.map(({ name, ports = [] }) => {
        const listens = ports.map(
          ({ containerPort, protocol }) => `:${containerPort}${protocol === "TCP" ? "" : `/${protocol.toLowerCase()}`}`,
        );
        return [name, ...listens].join(" ");
      }),
    ]),
  );
}

/** Three commands, for this very lab. */
function suggestions({ name, nodes, pods, spec: { proxy } }: Lab): string[] {
  const lab = name === "demo" ? "" : `--stack ${name} `;
  const node = nodes[0]?.metadata.name;
  const pod = pods.find(({ spec }) => !spec.hostNetwork) ?? pods[0];
  const who = pod && podKey(pod).replace(/^default\//, "");
  const first = who === undefined ? `exec -- ${lab}client ip route` : `exec -- ${lab}${who} ip addr`;
  const rest = `${lab === "" ? "" : ` -- ${lab.trimEnd()}`}`;
  const rules = proxy.mode === "nftables" ? "nft list table ip kube-proxy" : "iptables-save -t nat";
  return [first, `exec -- ${lab}${node} ${rules}`, `status${rest}`].map((words) => `  npm run ${words}`);
}
