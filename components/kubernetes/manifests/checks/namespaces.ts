// The lab's network namespaces are files in /run/netns: each name only once, and no longer than a file's name can be.

import type { Entry } from "../objects";
import { type Context, nameOf, namePath, namespaceOf, placeOf } from "./context";

/** NAME_MAX of Linux (limits.h). */
const longest = 255;

export function checkNetworkNamespaces(context: Context): void {
  const lab = context.lab === undefined ? undefined : nameOf(context.lab);
  if (lab === undefined) return;
  const nodes = new Map<string, Entry<unknown>>();
  for (const node of context.nodes) {
    const name = nameOf(node);
    if (name === undefined) continue;
    nodes.set(name, node);
    checkLength(context, node, `${lab}.${name}`);
  }
  for (const pod of context.pods) {
    const name = nameOf(pod);
    if (name === undefined || pod.value.spec?.hostNetwork) continue; // is in its node's
    const inLab = `${namespaceOf(pod)}.${name}`;
    checkLength(context, pod, `${lab}.${inLab}`);
    const node = nodes.get(inLab);
    if (node !== undefined)
      context.problem(
        node,
        namePath,
        `node ${inLab} would share the network namespace ${lab}.${inLab} with the pod at ${placeOf(pod, namePath)}; rename one of the two`,
      );
  }
}

function checkLength(context: Context, entry: Entry<unknown>, netns: string): void {
  const length = Buffer.byteLength(netns);
  if (length > longest)
    context.problem(
      entry,
      namePath,
      `the network namespace's name, ${netns.slice(0, 24)}..., has ${length} bytes, of which a file's name can have ${longest}; choose a shorter name for the object or the lab`,
    );
}
