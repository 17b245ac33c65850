// What a node tells a load balancer about a Service with externalTrafficPolicy Local: how many of its endpoints are there, and by
// that whether to send anything there.
import type { Check, Promised } from "./check";
import type { Expected } from "./expectations";
import type { Place, RunningLab, Service } from "./places";
import { few, isOpen } from "./services";

export function healthCheckPromises(lab: RunningLab): Promised[] {
  const id = "health-check";
  const checks = Object.entries(lab.services).flatMap(([name, service]): Check[] => {
    const { healthCheckNodePort: port } = service;
    if (port === undefined) return [];
    const to: Place = { name, kind: "service", host: lab.nodes[0]?.host ?? "", netns: "", ip: service.clusterIP };
    const nodes = few(lab.nodes).filter(({ ip }) => isOpen(lab, ip));
    return nodes.flatMap((node) =>
      [node, ...lab.clients].map((from): Check => ({
        ...{ promise: id, from, to, way: "health", address: node.ip, port },
        expected: answerOf(service, node.name),
      })),
    );
  });
  const title = "nodes tell load balancers how many endpoints they have";
  return checks.length === 0 ? [] : [{ id, title, checks }];
}

/** Those that are ready count, each address once. */
function answerOf({ ports }: Service, node: string): Expected {
  const here = ports
    .flatMap(({ endpoints = [] }) => endpoints)
    .filter((endpoint) => endpoint.node === node && (endpoint.conditions?.ready ?? true));
  const endpoints = new Set(here.map(({ ip }) => ip)).size;
  return { kind: "health", code: endpoints > 0 ? 200 : 503, endpoints };
}
