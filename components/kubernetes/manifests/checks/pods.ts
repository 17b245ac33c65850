import type { Entry } from "../objects";
import { dnsLabel, dnsSubdomain, nameFault } from "../names";
import type { Pod } from "../types";
import { type Context, checkNames, checkNamespaced, nameOf, namePath, unknownNode } from "./context";
import { type Ports, checkContainers } from "./containers";
import { checkAgainstNodePorts, checkHostPorts } from "./host-ports";

export function checkPods(context: Context): void {
  checkNamespaced(context, "pod", context.pods, dnsSubdomain);
  const portsOfNodes = new Map<string | undefined, Ports>();
  for (const pod of context.templates) {
    checkNode(context, pod);
    checkContainers(context, pod, portsAround(context, pod, portsOfNodes));
  }
  checkHostPorts(context);
  checkAgainstNodePorts(context);
}

/** Those of the network namespace that a pod's containers have: the pod's own, or the node's with hostNetwork. */
function portsAround(context: Context, pod: Entry<Pod>, ofNodes: Map<string | undefined, Ports>): Ports {
  const { hostNetwork, nodeName = context.nodes.map(nameOf)[0] } = pod.value.spec ?? {};
  const ports: Ports = (hostNetwork ? ofNodes.get(nodeName) : undefined) ?? (new Map() as Ports);
  if (hostNetwork) ofNodes.set(nodeName, ports);
  return ports;
}

export function checkNamespaces(context: Context): void {
  checkNames(context, "namespace", context.namespaces);
  for (const namespace of context.namespaces) {
    const name = nameOf(namespace);
    const fault = name === undefined ? undefined : nameFault("namespace", name, dnsLabel);
    if (fault !== undefined) context.problem(namespace, namePath, fault);
  }
}

function checkNode(context: Context, pod: Entry<Pod>): void {
  const { nodeName, hostNetwork } = pod.value.spec ?? {};
  if (nodeName === undefined) {
    const [first] = context.nodes.map(nameOf);
    if (hostNetwork && !pod.isBroken(["spec", "nodeName"]))
      context.warning(
        pod,
        ["spec", "hostNetwork"],
        `a pod with hostNetwork and without nodeName runs on the lab's first node${first ? `, ${first}` : ""}; name a node to say where`,
      );
    return;
  }
  const unknown = unknownNode(context, nodeName);
  if (unknown !== undefined) context.problem(pod, ["spec", "nodeName"], unknown);
}
