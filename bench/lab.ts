// The labs that are measured: so many pods, evenly over the nodes, each with one container, podnet's stand-in server; or so many
// Services and no pods.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Mode } from "./results";

/** A node's share of the pod network has room for about 250. */
const mostPodsPerNode = 200;

export function nodesForPods(pods: number): number {
  const usual = pods <= 10 ? 2 : pods <= 100 ? 4 : 10;
  return Math.max(usual, Math.ceil(pods / mostPodsPerNode));
}

/** Each node has the rules of all Services. */
export const nodesForServices = (services: number): number => (services < 1000 ? 4 : 2);

export const podsLab = (name: string, nodes: number, pods: number): string =>
  textOf([
    ...labAndNodes(name, nodes),
    ...numbered(pods, (i) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `pod${i + 1}` },
      spec: {
        nodeName: `node${(i % nodes) + 1}`,
        containers: [{ name: "web", ports: [{ containerPort: 8080 }] }],
      },
    })),
  ]);

export interface ServicesLab {
  readonly nodes: number;
  readonly services: number;
  readonly mode: Mode;
  /** The first endpoint of the first Service is another one. */
  readonly isChanged?: boolean;
}

/** For the rules it is the same whether an endpoint is there. */
const endpointsPerService = 3;
const addresses = 12;

export const servicesLab = (name: string, { nodes, services, mode, isChanged = false }: ServicesLab): string =>
  textOf([
    ...labAndNodes(name, nodes, { proxy: { mode } }),
    ...numbered(services, (i) => {
      const service = `service${i + 1}`;
      const endpoints = numbered(endpointsPerService, (e) => {
        const last = isChanged && i === 0 && e === 0 ? addresses : (i * endpointsPerService + e) % addresses;
        return { addresses: [`10.244.255.${last + 1}`] };
      });
      return [
        { apiVersion: "v1", kind: "Service", metadata: { name: service }, spec: { ports: [{ port: 80 }] } },
        {
          apiVersion: "discovery.k8s.io/v1",
          kind: "EndpointSlice",
          metadata: { name: service, labels: { "kubernetes.io/service-name": service } },
          ...{ addressType: "IPv4", ports: [{ port: 8080 }], endpoints },
        },
      ];
    }).flat(),
  ]);

const labAndNodes = (name: string, nodes: number, spec?: object): object[] => [
  { apiVersion: "podnet.dev/v1", kind: "Lab", metadata: { name }, ...(spec && { spec }) },
  ...numbered(nodes, (i) => ({ apiVersion: "v1", kind: "Node", metadata: { name: `node${i + 1}` } })),
];

const numbered = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

const textOf = (objects: readonly object[]): string => objects.map((object) => stringify(object)).join("---\n");

export const writeLab = (folder: string, text: string): void => writeFileSync(join(folder, "lab.yaml"), text);
