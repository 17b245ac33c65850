// What nodes are to tell load balancers of a Service's endpoints.
import { sayExpected } from "../../../scripts/verify/expectations";
import { healthCheckPromises } from "../../../scripts/verify/healthChecks";
import type { Endpoint, ProxyOptions, RunningLab, Service } from "../../../scripts/verify/places";
import { labOf } from "./labs";

const pod = (ip: string, node: string, conditions?: Endpoint["conditions"]): Endpoint => ({
  ...{ ip, node, port: 8080 },
  ...(conditions && { conditions }),
});

function lab(endpoints: readonly Endpoint[], proxy: ProxyOptions = {}, its: Partial<Service> = {}): RunningLab {
  const ports = ["http", "https"].map((name, i) => ({
    name,
    protocol: "TCP",
    port: 80 + i,
    targetPort: 8080,
    endpoints,
  }));
  const service: Service = { clusterIP: "10.96.0.20", ports, healthCheckNodePort: 32000, ...its };
  return { ...labOf(2, 2), services: { "default/web": service }, proxy };
}

const told = (running: RunningLab): string[] =>
  healthCheckPromises(running).flatMap(({ checks }) =>
    checks.map(
      ({ from, to, way, address, port, expected }) =>
        `${from.name} ${way} ${to.name} ${address}:${port} => ${sayExpected(expected)}`,
    ),
  );

test("a Service without a port for it has no health check", () => {
  expect(healthCheckPromises(lab([], {}, { healthCheckNodePort: undefined }))).toEqual([]);
});

test("each node tells itself and the outside how many endpoints it has", () => {
  expect(told(lab([pod("10.244.0.2", "node1"), pod("10.244.0.3", "node1")]))).toEqual([
    "node1 health default/web 192.168.0.11:32000 => 200 with 2 local endpoints",
    "client health default/web 192.168.0.11:32000 => 200 with 2 local endpoints",
    "node2 health default/web 192.168.0.12:32000 => 503 with 0 local endpoints",
    "client health default/web 192.168.0.12:32000 => 503 with 0 local endpoints",
  ]);
});

test("who is not ready, or on no node, does not count", () => {
  const leaving = { ready: false, serving: true, terminating: true };
  const endpoints = [pod("10.244.0.2", "node1", leaving), { ip: "10.244.0.3", port: 8080 }];
  expect(told(lab(endpoints)).filter((line) => !line.endsWith("503 with 0 local endpoints"))).toEqual([]);
});

test("nodes that take no NodePorts at their own address are not asked", () => {
  expect(told(lab([], { nodePortAddresses: ["10.0.0.0/8"] }))).toEqual([]);
});
