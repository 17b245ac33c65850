// Removes a lab from its hosts by what is written down there.
import { existsSync } from "node:fs";
import { ConnectionFailed, type HostSettings, NotOurs } from "../../components/host";
import { labFolder } from "../../components/linux/owned";
import { sweep } from "../../components/linux/sweep";
import { LabError, loadLab } from "../../components/kubernetes/manifests";
import { withHost } from "./hosts";
import { knownPath } from "./lab";
import type { HostsByName } from "./stack";

export interface Options {
  readonly dryRun?: boolean;
  /** Whose lab alone is meant; without one, whosever it is. */
  readonly owner?: string;
}

export interface Swept {
  /** How many things were removed. */
  readonly removed: number;
  /** Whether nothing is left on any host that could be reached. */
  readonly isClean: boolean;
  /** Why the other hosts could not be, by their names. */
  readonly unreachable: Readonly<Record<string, string>>;
  /** What hosts say on which the lab is another's, by their names. */
  readonly anothers: Readonly<Record<string, string>>;
}

/**
 * Where a lab may have left something: the hosts of its state, those of its files where they can be read (a first `up` that
 * was killed has no state), and always this machine.
 */
export function hostsOf(name: string, ofState: HostsByName): HostsByName {
  const all: Record<string, HostSettings> = { ...ofFiles(name), ...ofState };
  const isLocal = Object.values(all).some(({ type }) => type === "local");
  return isLocal ? all : { "this machine": { type: "local" }, ...all };
}

function ofFiles(name: string): HostsByName {
  const path = knownPath(name);
  if (path === undefined) return {};
  try {
    const lab = loadLab(path);
    return lab.name === name ? lab.spec.hosts : {};
  } catch (error) {
    if (error instanceof LabError) return {}; // Labs can be removed whatever has become of their files.
    throw error;
  }
}

/** Says what it does, host by host. One that cannot be reached does not keep the others. */
export async function sweepHosts(
  name: string,
  hosts: HostsByName,
  { dryRun = false, owner }: Options = {},
): Promise<Swept> {
  let removed = 0;
  let isClean = true;
  const unreachable: Record<string, string> = {};
  const anothers: Record<string, string> = {};
  for (const [host, settings] of Object.entries(hosts)) {
    if (settings.type === "local" && !existsSync(labFolder(name))) continue;
    try {
      const swept = await withHost(host, settings, (runner) => sweep(runner, name, dryRun, owner));
      removed += swept.removed.length;
      isClean &&= swept.left.length === 0;
      for (const what of swept.removed) console.log(`${host}: ${dryRun ? "would remove" : "removed"} ${what}`);
      for (const what of swept.left) console.error(`${host}: LEFT ${what}`);
    } catch (error) {
      if (error instanceof ConnectionFailed) unreachable[host] = error.message;
      else if (error instanceof NotOurs) anothers[host] = error.message;
      else {
        isClean = false;
        console.error(`${host}: ${(error as Error).message}`);
      }
    }
  }
  return { removed, isClean, unreachable, anothers };
}
