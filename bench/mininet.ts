// Mininet (mininet.org) as Debian packages it: hosts on one Linux bridge.
import { findProgram } from "../scripts/toolchain/debian";
import { run } from "./command";

/** Why there is nothing to compare with; nothing when there is. The package does not bring brctl(8), which its bridges need. */
export function whyNoMininet(find: (program: string) => unknown = findProgram): string | undefined {
  const missing = ["mn", "brctl"].filter((program) => !find(program));
  if (missing.length === 0) return undefined;
  return `Mininet is left out, because this machine has no ${missing.join(" and no ")}: apt-get install --no-install-recommends mininet bridge-utils`;
}

export const mininetVersion = async (): Promise<string> => {
  let said = "";
  await run(["mn", "--version"], { onOutput: (text) => (said += text) });
  return said.trim();
};

/** It builds, tests nothing, and removes, all in one run. */
export async function runMininet(hosts: number): Promise<{ up: number; destroy: number }> {
  const start = performance.now();
  let up: number | undefined;
  const hear = (text: string): void => {
    if (text.includes("*** Stopping")) up ??= (performance.now() - start) / 1000;
  };
  const words = ["--switch", "lxbr,stp=0", "--controller", "none", "--topo", `single,${hosts}`, "--test", "none"];
  const { seconds } = await run(["mn", ...words], { onOutput: hear });
  if (up === undefined) throw new Error("mn never said that it stops what it built");
  return { up, destroy: seconds - up };
}
