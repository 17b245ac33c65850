import { createHash } from "node:crypto";
import { type Pod, podKey } from "../manifests/types";

/**
 * The ID under which a pod's address is reserved: sha256 of `<lab>/<namespace>/<pod>`, 64 hexadecimal digits as a
 * container runtime's IDs have. It follows from the names, so a pod that is made anew finds its own reservation.
 */
export function containerID(lab: string, pod: Pod): string {
  return createHash("sha256")
    .update(`${lab}/${podKey(pod)}`)
    .digest("hex");
}
