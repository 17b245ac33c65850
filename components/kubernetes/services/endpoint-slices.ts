// Which endpoints Services have. What selectors mean, what Endpoints say, and what is written in EndpointSlices ends up in the
// one form that proxies read.

import type { Allocation } from "../addresses";
import { LabelIndex } from "../manifests/labels";
import {
  type Endpoint,
  type EndpointPort,
  type EndpointSlice,
  type Endpoints,
  type Lab,
  type Pod,
  type Service,
  type ServicePort,
  controllers,
  keyOf,
  managedByLabel,
  podKey,
  serviceNameLabel,
} from "../manifests/types";
import { generatedNames } from "../workloads";
import { conditionsOf, hasEnded } from "./readiness";

export function endpointSlicesOf(lab: Lab, { pods }: Allocation): EndpointSlice[] {
  const index = new LabelIndex(
    lab.pods.filter((pod) => !hasEnded(pod)),
    ({ metadata }) => metadata,
  );
  const endpoints = new Map(lab.endpoints.map((object) => [keyOf(object), object]));
  const derived = lab.services.flatMap((service) => {
    const { type, selector = {} } = service.spec;
    if (type === "ExternalName") return [];
    const { namespace } = service.metadata;
    return Object.keys(selector).length > 0
      ? selected(service, index.select(namespace, selector), pods)
      : mirrored(service, endpoints.get(keyOf(service)));
  });
  return [...derived, ...lab.endpointSlices.filter(isWrittenByHand)];
}

const isWrittenByHand = ({ metadata }: EndpointSlice): boolean =>
  !controllers.includes(metadata.labels?.[managedByLabel] ?? "");

/** What the endpointslice controller makes of a selector: a slice for all pods in which the ports have the same numbers. */
function selected(service: Service, pods: readonly Pod[], allocated: Allocation["pods"]): EndpointSlice[] {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of pods) {
    const placed = allocated[podKey(pod)];
    if (placed === undefined) throw new Error(`pod ${podKey(pod)} has no address`);
    const ports = service.spec.ports.flatMap((port) => portIn(pod, port) ?? []);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push({
      addresses: [placed.ip],
      conditions: conditionsOf(pod, service),
      nodeName: placed.node,
      targetRef: { kind: "Pod", namespace: pod.metadata.namespace, name: pod.metadata.name },
    });
  }
  const names = generatedNames(service.metadata.name, [...groups.keys()]);
  return [...groups.values()].map(({ ports, endpoints }, number) =>
    sliceOf(service, names[number] ?? "", controllers[0] ?? "", ports, endpoints),
  );
}

/** A name is looked for among the containers' ports; a pod that has none of that name does without this port. */
function portIn({ spec }: Pod, { name, protocol, targetPort }: ServicePort): EndpointPort | undefined {
  if (typeof targetPort === "number") return { name, protocol, port: targetPort };
  const found = spec.containers
    .flatMap(({ ports = [] }) => ports)
    .find((port) => port.name === targetPort && port.protocol === protocol);
  return found && { name, protocol, port: found.containerPort };
}

/** What the endpointslicemirroring controller makes of the Endpoints of a Service without a selector. */
function mirrored(service: Service, endpoints: Endpoints | undefined): EndpointSlice[] {
  if (endpoints === undefined || endpoints.metadata.labels?.["endpointslice.kubernetes.io/skip-mirror"] === "true")
    return [];
  const subsets = endpoints.subsets ?? [];
  const names = generatedNames(
    service.metadata.name,
    subsets.map((_, index) => String(index)),
  );
  return subsets.map(({ addresses = [], notReadyAddresses = [], ports = [] }, index) => {
    const all = [
      ...addresses.map((address) => ({ ...address, ready: true })),
      ...notReadyAddresses.map((address) => ({ ...address, ready: false })),
    ];
    const mirrors = all.map(({ ip, nodeName, targetRef, ready }): Endpoint => {
      // The controller says nothing of the other conditions, so they have their defaults.
      return { addresses: [ip], conditions: { ready, serving: true, terminating: false }, nodeName, targetRef };
    });
    return sliceOf(service, names[index] ?? "", controllers[1] ?? "", ports, mirrors);
  });
}

const sliceOf = (
  { metadata: { namespace, name } }: Service,
  sliceName: string,
  manager: string,
  ports: readonly EndpointPort[],
  endpoints: readonly Endpoint[],
): EndpointSlice => ({
  metadata: { namespace, name: sliceName, labels: { [serviceNameLabel]: name, [managedByLabel]: manager } },
  addressType: "IPv4",
  ports,
  endpoints,
});
