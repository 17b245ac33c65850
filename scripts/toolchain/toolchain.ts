// All that podnet needs on this machine besides Node.js and the npm packages. Costs next to nothing when it is there.
import { withLock } from "./lock.cjs";
import { pulumiHome } from "../lib/environment";
import { installPulumi, isPulumiInstalled } from "./cli";
import { installMissingPackages, missingPackages } from "./debian";
import { say } from "./progress";

export async function ensureToolchain(): Promise<void> {
  if (isComplete()) return;
  const onWait = () => say("another setup is running: waiting for it ...");
  await withLock(`setup ${pulumiHome()}`, install, onWait);
}

const isComplete = () => missingPackages().size === 0 && isPulumiInstalled();

async function install(): Promise<void> {
  if (process.platform !== "linux") {
    throw new Error(
      `podnet builds on Linux, and this is ${process.platform}. Run it in a Linux virtual machine (on Windows: WSL 2).`,
    );
  }
  await installMissingPackages();
  await installPulumi();
}
