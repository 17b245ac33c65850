// What an operation left that was killed while it changed a lab: made, written down on a host, but in no state, and by now
// in no file of the lab either. Pulumi cannot know of it.
import { recordPath } from "../../components/linux/owned";
import { kinds } from "../../components/linux/registry";
import type { Args } from "../../components/linux/kind";
import { sweepLeftovers } from "../../components/linux/sweep";
import { withHost } from "./hosts";
import type { Stack } from "./stack";

/** Only right behind an operation that succeeded: then the state holds all of the lab. */
export async function removeLeftovers(
  name: string,
  { hosts, owner, resources }: Pick<Stack, "hosts" | "owner" | "resources">,
): Promise<void> {
  const parts = new Set(resources.flatMap(({ type, outputs }) => recordsOf(name, type, outputs)));
  for (const [host, settings] of Object.entries(hosts)) {
    const { removed, left } = await withHost(host, settings, (runner) =>
      sweepLeftovers(runner, name, (record) => parts.has(record), owner),
    );
    for (const what of removed) console.error(`podnet: ${host}: removed ${what}, left by an operation that was killed`);
    if (left.length > 0) throw new Error(`${host}: left by an operation that was killed:\n${left.join("\n")}`);
  }
}

function recordsOf(lab: string, type: string, outputs: object = {}): string[] {
  const kind = kinds.find(({ token }) => token === type);
  return kind ? [recordPath(lab, kind, outputs as Args)] : [];
}
