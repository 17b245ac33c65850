// A lab's files, read and checked before anything else happens.
import { LabError, loadLab, type Lab } from "../../components/kubernetes/manifests";

/** Undefined when the lab has problems: they have been said, all of them, and the exit code is set. */
export function readLab(path: string): Lab | undefined {
  try {
    return loadLab(path);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    return undefined;
  }
}
