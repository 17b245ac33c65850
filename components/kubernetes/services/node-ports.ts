import { nodePorts } from "../addresses/ranges";
import { type Lab, type Service, type ServicePort, keyOf } from "../manifests/types";
import { type Want, band, give } from "./give";
import type { HeldServices } from "./held";

export interface GivenPorts {
  /** The node port of one of the Service's ports. */
  nodePort(service: Service, port: ServicePort): number | undefined;
  healthCheckNodePort(service: Service): number | undefined;
}

/** A port's number for all of its protocols: as in Kubernetes, 53/TCP and 53/UDP of a Service get the same node port. */
const portKey = (service: Service, { port }: ServicePort): string => `${keyOf(service)}:${port}`;
const healthKey = (service: Service): string => `${keyOf(service)} healthCheckNodePort`;

const hasNodePorts = ({ spec }: Service): boolean => spec.type === "NodePort" || spec.type === "LoadBalancer";

const allocatesNodePorts = ({ spec }: Service): boolean =>
  spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);

/** Asked by those who balance loads, which nodes have endpoints of their own. */
const needsHealthCheck = ({ spec }: Service): boolean =>
  spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";

export function allocateNodePorts({ services }: Lab, held: HeldServices): GivenPorts {
  const asked = services.flatMap(({ spec }) => [
    ...spec.ports.flatMap(({ nodePort }) => nodePort ?? []),
    ...(spec.healthCheckNodePort === undefined ? [] : [spec.healthCheckNodePort]),
  ]);
  // portallocator.go: a thirty-second of the range, at most 128 ports.
  const range = band(BigInt(nodePorts.first), BigInt(nodePorts.last), 32n, 128n);
  const given = give(
    services.flatMap((service) => wantsOf(service, held)),
    range,
    new Set(asked.map(BigInt)),
  );
  const number = (key: string): number | undefined => (given.has(key) ? Number(given.get(key)) : undefined);
  return {
    nodePort: (service, port) =>
      hasNodePorts(service)
        ? (port.nodePort ?? sameNumber(service, port, held) ?? number(portKey(service, port)))
        : undefined,
    healthCheckNodePort: (service) => service.spec.healthCheckNodePort ?? number(healthKey(service)),
  };
}

/** What the author asks for with another protocol of the same port number, unless it has one that nobody asks for by now. */
function sameNumber(service: Service, { name, port }: ServicePort, held: HeldServices): number | undefined {
  if (!allocatesNodePorts(service)) return undefined;
  const { ports } = service.spec;
  const last = held.get(keyOf(service))?.nodePorts.get(name);
  if (last !== undefined && !ports.some(({ nodePort }) => nodePort === last)) return undefined;
  return ports.find((other) => other.port === port && other.nodePort !== undefined)?.nodePort;
}

function wantsOf(service: Service, held: HeldServices): Want[] {
  const own = held.get(keyOf(service));
  const wants = new Map<string, Want>();
  for (const port of allocatesNodePorts(service) ? service.spec.ports : []) {
    const key = portKey(service, port);
    if (port.nodePort !== undefined || sameNumber(service, port, held) !== undefined) continue;
    // A port may have changed its number; its name says which it is.
    const last = own?.nodePorts.get(port.name);
    if (wants.get(key)?.held === undefined)
      wants.set(key, { key, held: last === undefined ? undefined : BigInt(last) });
  }
  const last = own?.healthCheckNodePort;
  if (needsHealthCheck(service) && service.spec.healthCheckNodePort === undefined)
    wants.set(healthKey(service), { key: healthKey(service), held: last === undefined ? undefined : BigInt(last) });
  return [...wants.values()];
}
