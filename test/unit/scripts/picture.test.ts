// The picture of a lab, and how Services are told.
import { picture } from "../../../scripts/lib/picture";
import { endpointsOf } from "../../../scripts/lib/services";
import type { Outputs, ServiceOutput } from "../../../scripts/lib/stack";

const http = { protocol: "TCP", port: 80, targetPort: 8080 };
const ready = (ip: string) => ({ ip, port: 8080 });
const known = { ready: false, serving: true, terminating: false };

const services: Readonly<Record<string, ServiceOutput>> = {
  "default/web": {
    clusterIP: "10.96.0.20",
    ports: [{ ...http, endpoints: [ready("10.244.0.2"), ready("10.244.1.2")] }],
  },
  "shop/web": {
    type: "LoadBalancer",
    clusterIP: "10.96.3.4",
    ports: [
      { ...http, name: "http", nodePort: 30080 },
      { ...http, name: "dns", protocol: "UDP", port: 53, nodePort: 30053 },
    ],
    loadBalancerIPs: ["192.168.0.240"],
    externalIPs: ["198.51.100.10"],
  },
  "default/waiting": { type: "LoadBalancer", clusterIP: "10.96.3.5", ports: [{ ...http, nodePort: 30081 }] },
  "default/headless": { clusterIP: "None", ports: [] },
  "default/elsewhere": { type: "ExternalName", clusterIP: "", ports: [], externalName: "www.example.com" },
};

const outputs: Outputs = {
  lab: "demo",
  nodes: { node1: { host: "local", netns: "demo.node1", internalIP: "192.168.0.11", podCIDR: "10.244.0.0/24" } },
  pods: {},
  clients: { client: { host: "local", netns: "demo.client", ip: "203.0.113.10" } },
  services,
};

const cluster = `client 203.0.113.10
  │
router 192.168.0.1
  │
switch
  └─ node1  192.168.0.11  pods 10.244.0.0/24`;

test("Services stand below the nodes, for they are on each of them", () => {
  expect(picture(outputs, "192.168.0.1", {})).toBe(`Lab demo: 1 node, 0 pods, 5 services

${cluster}

services
  ├─ elsewhere  ExternalName  none        www.example.com               none
  ├─ headless   ClusterIP     None        none                          none
  ├─ waiting    LoadBalancer  10.96.3.5   pending                       80:30081/TCP
  ├─ web        ClusterIP     10.96.0.20  none                          80/TCP
  └─ shop/web   LoadBalancer  10.96.3.4   192.168.0.240, 198.51.100.10  http 80:30080/TCP, dns 53:30053/UDP`);
});

test("of many Services some are drawn, of none nothing", () => {
  const limits = { nodes: 5, podsOfNode: 4, services: 2 };
  expect(picture(outputs, "192.168.0.1", {}, limits).split("\n").slice(-3)).toEqual([
    "  ├─ elsewhere  ExternalName  none  www.example.com  none",
    "  ├─ headless   ClusterIP     None  none             none",
    "  └─ … 3 more services",
  ]);
  expect(picture({ ...outputs, services: {} }, "192.168.0.1", {})).toBe(`Lab demo: 1 node, 0 pods\n\n${cluster}`);
});

test("endpoints: of each port, with those that get no connections", () => {
  const endpoints = [
    ready("10.244.0.2"),
    { ...ready("10.244.0.3"), conditions: known },
    { ...ready("10.244.0.4"), conditions: { ...known, terminating: true } },
    { ...ready("10.244.0.5"), conditions: { ...known, ready: true, serving: false } },
  ];
  expect(endpointsOf({ ...http, endpoints }, 4)).toEqual([
    "10.244.0.2:8080",
    "10.244.0.3:8080 (not ready)",
    "10.244.0.4:8080 (terminating)",
    "10.244.0.5:8080",
  ]);
  expect(endpointsOf({ ...http, endpoints }, 1)).toEqual(["10.244.0.2:8080", "and 3 more"]);
  expect(endpointsOf(http, 4)).toEqual(["none"]);
});
