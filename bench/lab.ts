// The lab that is measured: so many pods, evenly over the nodes, each with one container, podnet's stand-in server.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";

/** A node's share of the pod network has room for about 250. */
const mostPodsPerNode = 200;

export function nodesFor(pods: number): number {
  const usual = pods <= 10 ? 2 : pods <= 100 ? 4 : 10;
  return Math.max(usual, Math.ceil(pods / mostPodsPerNode));
}

export function labText(name: string, nodes: number, pods: number): string {
  const objects = [
    { apiVersion: "podnet.dev/v1", kind: "Lab", metadata: { name } },
    ...numbered(nodes, (i) => ({ apiVersion: "v1", kind: "Node", metadata: { name: `node${i + 1}` } })),
    ...numbered(pods, (i) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `pod${i + 1}` },
      spec: {
        nodeName: `node${(i % nodes) + 1}`,
        containers: [{ name: "web", ports: [{ containerPort: 8080 }] }],
      },
    })),
  ];
  return objects.map((object) => stringify(object)).join("---\n");
}

const numbered = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

export const writeLab = (folder: string, name: string, nodes: number, pods: number): void =>
  writeFileSync(join(folder, "lab.yaml"), labText(name, nodes, pods));
