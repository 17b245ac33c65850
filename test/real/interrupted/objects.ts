/** The lab that is interrupted, and the ways in which its files change. */
import { stringify } from "yaml";
import type { Random } from "../../fake/random";
import type { Addresses } from "./look";

export interface Objects {
  readonly mtu: number;
  /** The node of each pod. */
  readonly pods: Readonly<Record<string, string>>;
}

const nodes = ["node1", "node2"];
const mtus = [1400, 1500, 9000];

export const atFirst: Objects = { mtu: 1500, pods: { pod1: "node1", pod2: "node1", pod3: "node2" } };

/** As host-local gives them, from the second address of the node's range on. */
export const addressesAtFirst: Addresses = { pod1: "10.244.0.2", pod2: "10.244.0.3", pod3: "10.244.1.2" };

/** A pod more, one less, one elsewhere, or another MTU. */
export function changed({ mtu, pods }: Objects, { pick }: Random): Objects {
  const names = Object.keys(pods);
  const name = pick(names);
  const ways: Objects[] = [
    { mtu: pick(mtus.filter((other) => other !== mtu)), pods },
    { mtu, pods: { ...pods, [name]: pods[name] === "node1" ? "node2" : "node1" } },
  ];
  const fresh = ["pod1", "pod2", "pod3", "pod4"].find((other) => !names.includes(other));
  if (fresh !== undefined) ways.push({ mtu, pods: { ...pods, [fresh]: pick(nodes) } });
  if (names.length > 2)
    ways.push({ mtu, pods: Object.fromEntries(Object.entries(pods).filter(([of]) => of !== name)) });
  return pick(ways);
}

/** @param hosts as in a Lab's spec */
export function yamlOf(name: string, { mtu, pods }: Objects, hosts: object): string {
  const containers = [{ name: "web", ports: [{ containerPort: 8080 }] }];
  const objects = [
    { apiVersion: "podnet.dev/v1", kind: "Lab", metadata: { name }, spec: { mtu, hosts } },
    ...nodes.map((node) => ({ apiVersion: "v1", kind: "Node", metadata: { name: node } })),
    ...Object.entries(pods).map(([pod, nodeName]) => ({
      ...{ apiVersion: "v1", kind: "Pod", metadata: { name: pod } },
      spec: { nodeName, containers },
    })),
  ];
  return objects.map((object) => stringify(object)).join("---\n");
}
