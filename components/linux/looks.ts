// Many objects may have the same probe, as all groups of rules in a namespace have, and its answer may be long. Those who
// want it at the same time get one answer; and always one that was asked for after they wanted it, so behind all their writes.
import { type Command, CommandFailed, type Output, type Runner, line } from "../host";
import type { Kind } from "./kind";

interface Probe {
  /** Ends when the one under way ends. */
  running: Promise<unknown>;
  /** The one that waits for that; who comes now gets its answer. */
  next: Promise<Output[]> | undefined;
}

const probes = new WeakMap<Runner, Map<string, Probe>>();

function probeOf(host: Runner, commands: readonly Command[]): Probe {
  const key = commands.map(line).join("\n");
  const ofHost = probes.get(host) ?? new Map<string, Probe>();
  const probe = ofHost.get(key) ?? { running: Promise.resolve(), next: undefined };
  probes.set(host, ofHost.set(key, probe));
  return probe;
}

function askTogether(host: Runner, commands: readonly Command[]): Promise<Output[]> {
  const probe = probeOf(host, commands);
  probe.next ??= probe.running.then(() => {
    probe.next = undefined;
    const answer = host.ask(commands);
    probe.running = answer.catch(() => undefined);
    return answer;
  });
  return probe.next;
}

/** As `ask` of both, with the kind's probe behind. */
export async function askAndLook(
  host: Runner,
  kind: Kind,
  commands: readonly Command[],
  probe: readonly Command[],
): Promise<Output[]> {
  if (!kind.shared) return host.ask([...commands, ...probe]);
  return [...(await host.ask(commands)), ...(await askTogether(host, probe))];
}

/** As `run` of both, with the kind's probe behind. */
export async function runAndLook(
  host: Runner,
  kind: Kind,
  commands: readonly Command[],
  probe: readonly Command[],
): Promise<Output[]> {
  if (!kind.shared) return host.run([...commands, ...probe]);
  const outputs = await host.run(commands);
  const seen = await askTogether(host, probe);
  const failed = seen.findIndex(({ code }, i) => code !== 0 && !probe[i]?.mayFail);
  const [command, output] = [probe[failed], seen[failed]];
  if (command && output) throw new CommandFailed(host.name, command, output.code, output.stderr);
  return [...outputs, ...seen];
}
