// Who answers for a load balancer's address.
import { createHash } from "node:crypto";
import {
  type Endpoint,
  type EndpointSlice,
  announcersOf,
  localReadyEndpoints,
} from "../../../../components/kubernetes/services";
import { service } from "../../../record/kube-proxy/objects";

const ip = "192.168.0.240";
const nodes = ["node1", "node2", "node3"];
const ready = { ready: true, serving: true, terminating: false };
const leaving = { ready: false, serving: true, terminating: true };
const ill = { ready: false, serving: false, terminating: false };

const slice = (
  ...endpoints: [nodeName: string, conditions: Endpoint["conditions"], address?: string][]
): EndpointSlice => ({
  metadata: { name: "web-1", namespace: "default", labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  ports: [{ name: "", protocol: "TCP", port: 8080 }],
  endpoints: endpoints.map(([nodeName, conditions, address = "10.244.0.2"]) => ({
    ...{ addresses: [address], nodeName, conditions },
  })),
});

const web = (
  externalTrafficPolicy: "Cluster" | "Local",
  ingress: { ip: string; ipMode?: "VIP" | "Proxy" }[] = [{ ip }],
) => service("web", { type: "LoadBalancer", externalTrafficPolicy, ports: [{ port: 80 }], ingress });

const rank = (node: string): string => createHash("sha256").update(`${node}#${ip}`).digest("hex");
const order = [...nodes].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));

test("the first by its hash, as long as any endpoint can serve", () => {
  const announcer = (...slices: EndpointSlice[]) => announcersOf([web("Cluster")], slices, nodes).get(ip);
  expect(announcer(slice([order[2] ?? "", ready]))).toBe(order[0]);
  expect(announcer(slice([order[2] ?? "", leaving]))).toBe(order[0]);
  expect(announcer(slice([order[2] ?? "", ill]))).toBeUndefined();
  expect(announcer()).toBeUndefined();
});

test("with policy Local only nodes that have an endpoint", () => {
  const announcer = (...endpoints: [string, Endpoint["conditions"]][]) =>
    announcersOf([web("Local")], [slice(...endpoints)], nodes).get(ip);
  expect(announcer([order[2] ?? "", ready], [order[1] ?? "", ready])).toBe(order[1]);
  expect(announcer([order[2] ?? "", ready], [order[1] ?? "", ill])).toBe(order[2]);
});

test("the others stay where they are when a node goes", () => {
  const all = announcersOf([web("Cluster")], [slice(["node1", ready])], nodes);
  const fewer = announcersOf(
    [web("Cluster")],
    [slice(["node1", ready])],
    nodes.filter((node) => node !== order[1]),
  );
  expect(fewer).toEqual(all);
});

test("nobody answers for the address of a load balancer that sends to nodes itself", () => {
  expect(announcersOf([web("Cluster", [{ ip, ipMode: "Proxy" }])], [slice(["node1", ready])], nodes).size).toBe(0);
});

test("a health check counts ready addresses of its own node", () => {
  const slices = [
    slice(
      ["node1", ready],
      ["node1", ready, "10.244.0.3"],
      ["node1", leaving, "10.244.0.4"],
      ["node2", ready, "10.244.1.2"],
    ),
  ];
  const twice = [...slices, ...slices];
  expect(nodes.map((node) => localReadyEndpoints(web("Local"), twice, node))).toEqual([2, 1, 0]);
});
