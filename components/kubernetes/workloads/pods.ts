// What Kubernetes' workload controllers do once all is settled: the pods of a template.

import type { Pod, PodTemplate, Workload } from "../manifests/types";
import { generatedNames, templateHash } from "./names";

/** More of one object than any host carries: each pod is a network namespace with its processes. */
export const mostReplicas = 10_000;

/** @param nodes the names of the lab's nodes. A template without spec.nodeName lets the placement choose. */
export function podsOf(workload: Workload, nodes: readonly string[]): Pod[] {
  const { kind, metadata, spec } = workload;
  const numbers = Array.from({ length: spec.replicas ?? 1 }, (_, index) => index);
  switch (kind) {
    case "Deployment": {
      const hash = templateHash(spec.template);
      const names = generatedNames(`${metadata.name}-${hash}`, numbers.map(String));
      return names.map((name) => podOf(workload, name, { "pod-template-hash": hash }));
    }
    case "ReplicaSet":
      return generatedNames(metadata.name, numbers.map(String)).map((name) => podOf(workload, name));
    case "StatefulSet": {
      const start = spec.ordinals?.start ?? 0;
      return numbers.map((number) => {
        const name = `${metadata.name}-${start + number}`;
        const labels = {
          "apps.kubernetes.io/pod-index": String(start + number),
          "statefulset.kubernetes.io/pod-name": name,
        };
        return podOf(workload, name, labels);
      });
    }
    case "DaemonSet": {
      const only = spec.template.spec.nodeName;
      const all = nodes.filter((node) => only === undefined || node === only);
      return generatedNames(metadata.name, all).map((name, index) => on(all[index], podOf(workload, name)));
    }
  }
}

/** The template as a pod, with the labels by which the controller knows its own. */
export function podOf({ metadata, spec }: Workload, name: string, labels: Readonly<Record<string, string>> = {}): Pod {
  const { template }: { template: PodTemplate } = spec;
  return {
    ...template,
    metadata: {
      ...template.metadata,
      name,
      namespace: metadata.namespace,
      labels: { ...template.metadata?.labels, ...labels },
    },
  };
}

const on = (nodeName: string | undefined, pod: Pod): Pod => ({ ...pod, spec: { ...pod.spec, nodeName } });
