// Whether a pod takes connections. Nothing probes the pods of a lab, so one is ready unless its object says that it is not.

import type { Endpoint, Pod, Service } from "../manifests/types";

/** A pod that has ended is no endpoint (k8s.io/endpointslice, util.ShouldPodBeInEndpoints). */
export const hasEnded = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

/** As the endpointslice controller has it (k8s.io/endpointslice, podToEndpoint). */
export function conditionsOf(pod: Pod, service: Service): Endpoint["conditions"] {
  const serving = isReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  return { ready: service.spec.publishNotReadyAddresses || (serving && !terminating), serving, terminating };
}

/** What kubelet would find: its condition if the author wrote it, else all containers ready and every gate open. */
function isReady({ spec, status }: Pod): boolean {
  const isTrue = (type: string): boolean | undefined => {
    const condition = status?.conditions?.find((condition) => condition.type === type);
    return condition && condition.status === "True";
  };
  const { readinessGates = [] } = spec;
  return isTrue("Ready") ?? readinessGates.every(({ conditionType }) => isTrue(conditionType));
}
