// Labs for tests, written in TypeScript.
import type { Allocation, Held } from "../../../components/kubernetes/addresses";
import {
  type Lab,
  type LabObjects,
  type PodManifest,
  type ServiceManifest,
  type WorkloadManifest,
  validateLab,
} from "../../../components/kubernetes/manifests";

export function pod(name: string, spec: Partial<PodManifest["spec"]> = {}, namespace?: string): PodManifest {
  return { metadata: { name, namespace }, spec: { containers: [{ name: "web" }], ...spec } };
}

export const node = (name: string, podCIDR?: string, internalIP?: string): LabObjects["nodes"][number] => ({
  metadata: { name },
  ...(podCIDR && { spec: { podCIDR } }),
  ...(internalIP && { status: { addresses: [{ type: "InternalIP", address: internalIP }] } }),
});

export const labelled = (name: string, labels: Record<string, string>, spec?: Partial<PodManifest["spec"]>) => {
  const written = pod(name, spec);
  return { ...written, metadata: { ...written.metadata, labels } };
};

/** A Service of port 80 in front of the pods labelled `app: <name>`. */
export function service(name: string, spec: ServiceManifest["spec"] = {}, namespace?: string): ServiceManifest {
  return { metadata: { name, namespace }, spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec } };
}

/** A workload of pods labelled `app: <name>`. */
export function workload(
  name: string,
  spec: Partial<WorkloadManifest["spec"]> = {},
  podSpec: Partial<PodManifest["spec"]> = {},
): WorkloadManifest {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: "web" }], ...podSpec } };
  return { metadata: { name }, spec: { selector: { matchLabels: labels }, template, ...spec } };
}

export const lab = (objects: Partial<LabObjects> & Pick<LabObjects, "nodes">): Lab =>
  validateLab({ metadata: { name: "demo" }, ...objects });

/** What the hosts hold once an allocation has been applied. */
export function heldFrom({ nodes, pods }: Allocation): Held {
  const reservations: Record<string, { ips: Record<string, string>; lastReserved?: string }> = {};
  for (const [name, { lastReserved }] of Object.entries(nodes)) reservations[name] = { ips: {}, lastReserved };
  for (const { node, ip, containerID } of Object.values(pods))
    if (ip !== nodes[node]?.internalIP) (reservations[node] ??= { ips: {} }).ips[ip] = containerID;
  return { nodes, reservations };
}
