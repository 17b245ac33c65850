import type { Entry } from "../objects";
import { dnsLabel, dnsSubdomain, nameFault } from "../names";
import { listed, nearest, quoted } from "../suggest";
import type { Pod } from "../types";
import { type Context, checkNames, nameOf, namePath } from "./context";
import { type Ports, checkContainers } from "./containers";

export const defaultNamespace = "default";

export const namespaceOf = (pod: Entry<Pod>): string => pod.value.metadata?.namespace ?? defaultNamespace;

export function checkPods(context: Context): void {
  checkNames(context, "pod", context.pods, (pod, name) => `${namespaceOf(pod)}/${name}`);
  const portsOfNodes = new Map<string | undefined, Ports>();
  for (const pod of context.pods) {
    const name = nameOf(pod);
    const fault = name === undefined ? undefined : nameFault("pod name", name, dnsSubdomain);
    if (fault !== undefined) context.problem(pod, namePath, fault);
    const namespaceFault = nameFault("namespace", namespaceOf(pod), dnsLabel);
    if (namespaceFault !== undefined) context.problem(pod, ["metadata", "namespace"], namespaceFault);
    checkNode(context, pod);
    checkContainers(context, pod, portsAround(context, pod, portsOfNodes));
  }
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
  const names = context.nodes.map(nameOf).filter((name) => name !== undefined);
  if (nodeName === undefined) {
    if (hostNetwork && !pod.isBroken(["spec", "nodeName"]))
      context.warning(
        pod,
        ["spec", "hostNetwork"],
        `a pod with hostNetwork and without nodeName runs on the lab's first node${names[0] ? `, ${names[0]}` : ""}; name a node to say where`,
      );
    return;
  }
  if (names.includes(nodeName) || context.incomplete || context.nodes.length === 0) return;
  const meant = nearest(nodeName, names);
  const hint =
    meant === undefined
      ? `the lab has ${names.length > 8 ? `${names.length} nodes, none of that name` : listed(names)}`
      : `did you mean "${meant}"?`;
  context.problem(pod, ["spec", "nodeName"], `unknown node ${quoted(nodeName)}; ${hint}`);
}
