// The address that host-local gave last on each node. It is written behind the reservations that it stands for, so that a
// run which was interrupted between them gives, when it goes on, the addresses that its preview showed.
import type * as pulumi from "@pulumi/pulumi";
import { File } from "../linux";
import type { Allocation } from "./addresses";
import { netnsOf, reservationsFolder } from "./network";
import type { Node } from "./node";
import type { Pod } from "./pod";

export function createLastReserved(
  lab: string,
  allocation: Promise<Allocation>,
  nodes: Readonly<Record<string, Node>>,
  pods: Readonly<Record<string, Pod>>,
): void {
  for (const [name, node] of Object.entries(nodes)) {
    const path = `${reservationsFolder(lab, name)}/last_reserved_ip.0`;
    const content = allocation.then((all) => all.nodes[name]?.lastReserved ?? "");
    const dependsOn = allocation.then((all) =>
      Object.entries(pods).flatMap(([key, { reservation }]) =>
        reservation && all.pods[key]?.node === name ? [reservation as pulumi.Resource] : [],
      ),
    );
    new File(
      `${netnsOf.node(lab, name)}/last_reserved_ip.0`,
      { host: node.host, path, mode: "0600", content },
      { parent: node.namespace, dependsOn },
    );
  }
}
