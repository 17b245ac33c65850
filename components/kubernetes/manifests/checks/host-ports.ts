// A port of a node leads to one pod. The scheduler puts pods that want the same one on different nodes, as far as there are nodes.

import type { Entry, Partly } from "../objects";
import type { Path } from "../source";
import { type ContainerPort, type Pod, type WrittenService, clash } from "../types";
import { type Context, keyOf, nameOf, placeOf } from "./context";

interface Wanted {
  readonly port: Partly<ContainerPort>;
  readonly pod: Entry<Pod>;
  readonly path: Path;
}

export function checkHostPorts(context: Context): void {
  for (const template of context.templates) checkWithin(context, template);
  const taken = new Map<string, Wanted[]>(context.nodes.map((node) => [nameOf(node) ?? "", []]));
  const obstacle = (node: string, wanted: readonly Wanted[]) =>
    wanted
      .map((one) => ({ one, other: taken.get(node)?.find(({ port }) => clash(port, one.port)) }))
      .find(({ other }) => other !== undefined);
  const take = (node: string, wanted: readonly Wanted[]): void => void taken.get(node)?.push(...wanted);

  const pods = context.pods.map((pod) => ({ pod, wanted: wantedBy(pod), node: pod.value.spec?.nodeName }));
  for (const { pod, wanted, node } of pods) {
    if (node === undefined || wanted.length === 0) continue;
    const { one, other } = obstacle(node, wanted) ?? {};
    if (one === undefined || other === undefined) take(node, wanted);
    else
      context.problem(
        pod,
        one.path,
        `hostPort ${portText(one.port)} of node ${node} already leads to pod ${keyOf(other.pod)}, at ${placeOf(other.pod, other.path)}; choose another port or node`,
      );
  }
  for (const { pod, wanted, node } of pods) {
    const [first] = wanted;
    if (node !== undefined || first === undefined || context.nodes.length === 0) continue;
    const free = [...taken.keys()].find((name) => obstacle(name, wanted) === undefined);
    if (free !== undefined) take(free, wanted);
    else
      context.problem(
        pod,
        first.path,
        `no node is left for every pod that wants hostPort ${portText(first.port)}: the lab has ${context.nodes.length}; use fewer pods or more nodes`,
      );
  }
}

/** The API server refuses one written twice; of two that overlap, portmap's rules lead all connections to one. */
function checkWithin(context: Context, pod: Entry<Pod>): void {
  const wanted = wantedBy(pod);
  for (const [index, { port, path }] of wanted.entries()) {
    const same = wanted.slice(0, index).find((other) => clash(other.port, port));
    if (same !== undefined)
      context.problem(
        pod,
        path,
        `hostPort ${portText(port)} already leads to a port of this pod, at ${placeOf(pod, same.path)}; choose another`,
      );
  }
}

/** A nodePort leads elsewhere, and on every node. Neither the API server nor the scheduler minds. */
export function checkAgainstNodePorts(context: Context): void {
  const nodePorts = new Map(context.services.flatMap(nodePortsOf));
  const { mode, iptables } = context.spec.proxy;
  const onLoopback = mode === "iptables" && iptables.localhostNodePorts;
  for (const { port, pod, path } of context.templates.flatMap(wantedBy)) {
    const service = nodePorts.get(portText(port));
    if (service === undefined || (port.hostIP?.startsWith("127.") && !onLoopback)) continue;
    context.warning(
      pod,
      path,
      `hostPort ${portText(port)} is also a nodePort of ${service}: ${winner[mode]}; choose another for one of the two`,
    );
  }
}

/** In the mode iptables both jump from the same chains, kube-proxy at the head and portmap at the end. Of two tables whose hooks have
 * the same priority the kernel asks the newer one first (nf_hook_entries_grow in net/netfilter/core.c). */
const winner: Readonly<Record<Context["spec"]["proxy"]["mode"], string>> = {
  iptables:
    "kube-proxy's rules come first, so this pod gets connections only while the Service has no endpoint for them",
  nftables:
    "of kube-proxy's and portmap's rules those come first that were loaded last, so either may get the connections",
};

function nodePortsOf(service: Entry<WrittenService>): [port: string, service: string][] {
  const { type = "ClusterIP", ports = [] } = service.value.spec ?? {};
  if (type !== "NodePort" && type !== "LoadBalancer") return [];
  return ports.flatMap((port, index) => {
    if (!port?.nodePort) return [];
    const place = placeOf(service, ["spec", "ports", index, "nodePort"]);
    return [[`${port.nodePort}/${port.protocol ?? "TCP"}`, `Service ${keyOf(service)}, at ${place}`]];
  });
}

const portText = ({ hostPort, protocol = "TCP" }: Partly<ContainerPort>): string => `${hostPort}/${protocol}`;

function wantedBy(pod: Entry<Pod>): Wanted[] {
  const { hostNetwork, containers = [] } = pod.value.spec ?? {};
  if (hostNetwork) return [];
  return containers.flatMap((container, i) =>
    (container?.ports ?? []).flatMap((port, j) =>
      port?.hostPort ? [{ port, pod, path: ["spec", "containers", i, "ports", j, "hostPort"] }] : [],
    ),
  );
}
