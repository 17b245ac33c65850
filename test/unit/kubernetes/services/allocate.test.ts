// Who gets which cluster IP, node port and load balancer's address, and who keeps them.
import fc from "fast-check";
import { allocate } from "../../../../components/kubernetes/addresses";
import { cidr, holds, parseAddress } from "../../../../components/kubernetes/addresses/cidr";
import { clusterIPsOf, nodePorts } from "../../../../components/kubernetes/addresses/ranges";
import type { Lab, LabObjects, ServiceManifest } from "../../../../components/kubernetes/manifests";
import {
  type EndpointSlice,
  type HeldServices,
  type Service,
  allocateServices,
  hasLease,
  heldServices,
  serviceLease,
  serviceOutputs,
  servicePath,
} from "../../../../components/kubernetes/services";
import { lab, node, service } from "../../manifests/labs";

const nobody: HeldServices = new Map();

const labOf = (services: readonly ServiceManifest[], spec: LabObjects["spec"] = {}): Lab =>
  lab({ nodes: [node("node1")], spec, services });

const given = (lab: Lab, held: HeldServices = nobody): Service[] =>
  allocateServices(lab, allocate(lab, { nodes: {}, reservations: {} }), held);

/** What the host holds once Services have been made. */
const heldFrom = (services: readonly Service[]): HeldServices =>
  heldServices(
    "demo",
    Object.fromEntries(
      services.filter(hasLease).map((service) => [servicePath("demo", service), serviceLease(service)]),
    ),
  );

const clusterIPs = (services: readonly Service[]): string[] => services.map(({ spec }) => spec.clusterIP);
const nodePortsOf = (services: readonly Service[]): (number | undefined)[] =>
  services.flatMap(({ spec }) => spec.ports.map(({ nodePort }) => nodePort));
const ingressOf = (services: readonly Service[]): string[][] =>
  services.map(({ status }) => (status.loadBalancer.ingress ?? []).map(({ ip }) => ip));

const pool = { loadBalancer: { addresses: ["192.168.0.240-192.168.0.242"] } };

describe("as its author wants it", () => {
  test("a cluster IP that is given, none, and a name", () => {
    const services = given(
      labOf([
        service("a", { clusterIP: "10.96.0.20" }),
        service("b", { clusterIP: "None" }),
        { metadata: { name: "c" }, spec: { type: "ExternalName", externalName: "example.com" } },
        service("d", { clusterIPs: ["10.96.0.21"] }),
      ]),
    );
    expect(clusterIPs(services)).toEqual(["10.96.0.20", "None", "", "10.96.0.21"]);
    expect(services.map(hasLease)).toEqual([true, false, false, true]);
  });

  test("node ports where the type has them", () => {
    const ports = [{ port: 80, nodePort: 30080 }];
    const all = given(
      labOf(
        [
          service("a", { type: "NodePort", ports }),
          service("b"),
          service("c", { type: "LoadBalancer", allocateLoadBalancerNodePorts: false }),
          service("d", {
            type: "LoadBalancer",
            allocateLoadBalancerNodePorts: false,
            ports: [{ port: 80, nodePort: 30081 }],
          }),
        ],
        pool,
      ),
    );
    expect(nodePortsOf(all)).toEqual([30080, undefined, undefined, 30081]);
  });

  test("53/TCP and 53/UDP have one node port", () => {
    const dns = (nodePort?: number): ServiceManifest["spec"] => ({
      type: "NodePort",
      ports: [
        { name: "udp", port: 53, protocol: "UDP" },
        { name: "tcp", port: 53, protocol: "TCP", nodePort },
        { name: "metrics", port: 9153 },
      ],
    });
    const [udp, tcp, metrics] = nodePortsOf(given(labOf([service("dns", dns())])));
    expect(udp).toBe(tcp);
    expect(metrics).not.toBe(tcp);
    expect(nodePortsOf(given(labOf([service("dns", dns(30053))]))).slice(0, 2)).toEqual([30053, 30053]);
  });

  test("a health check's port only with type LoadBalancer and policy Local", () => {
    const balanced = { type: "LoadBalancer", externalTrafficPolicy: "Local" } as const;
    const [a, b, c] = given(
      labOf(
        [
          service("a", balanced),
          service("b", { ...balanced, healthCheckNodePort: 30100 }),
          service("c", { type: "LoadBalancer" }),
        ],
        pool,
      ),
    );
    expect(a?.spec.healthCheckNodePort).toBeGreaterThanOrEqual(nodePorts.first);
    expect(a?.spec.healthCheckNodePort).not.toBe(a?.spec.ports[0]?.nodePort);
    expect(b?.spec.healthCheckNodePort).toBe(30100);
    expect(c?.spec.healthCheckNodePort).toBeUndefined();
  });
});

describe("load balancers' addresses", () => {
  test("asked for, or the first that is free", () => {
    const balanced = service("b", { type: "LoadBalancer" });
    const asking = {
      ...balanced,
      status: { loadBalancer: { ingress: [{ ip: "192.168.0.241", ipMode: "Proxy" as const }] } },
    };
    const all = given(
      labOf(
        [
          { ...balanced, metadata: { name: "a" } },
          asking,
          { ...balanced, metadata: { name: "c" } },
          { ...balanced, metadata: { name: "d" }, spec: { ...balanced.spec, loadBalancerClass: "example.com/other" } },
        ],
        pool,
      ),
    );
    expect(ingressOf(all)).toEqual([["192.168.0.240"], ["192.168.0.241"], ["192.168.0.242"], []]);
    expect(all[0]?.status.loadBalancer.ingress).toEqual([{ ip: "192.168.0.240", ipMode: "VIP" }]);
    expect(all[1]?.status.loadBalancer.ingress).toEqual([{ ip: "192.168.0.241", ipMode: "Proxy" }]);
  });

  test("not a node's, even if it was there before the pool", () => {
    const wanting = labOf([service("a", { type: "LoadBalancer" })], pool);
    const allocation = allocate(wanting, {
      nodes: { node1: { internalIP: "192.168.0.240" } },
      reservations: {},
    });
    expect(allocation.nodes["node1"]?.internalIP).toBe("192.168.0.240");
    expect(ingressOf(allocateServices(wanting, allocation, nobody))).toEqual([["192.168.0.241"]]);
  });

  test("without a pool, or with nothing left, a Service waits", () => {
    expect(ingressOf(given(labOf([service("a", { type: "LoadBalancer" })])))).toEqual([[]]);
    const one = { nodeCIDR: "192.168.0.0/24", loadBalancer: { addresses: ["192.168.0.240/32"] } };
    const waiting = labOf([service("a", { type: "LoadBalancer" })], one);
    const taken = allocate(waiting, { nodes: { node1: { internalIP: "192.168.0.240" } }, reservations: {} });
    expect(ingressOf(allocateServices(waiting, taken, nobody))).toEqual([[]]);
  });
});

describe("what is held", () => {
  test("comes back from what was written down, for each name of a port", () => {
    const ports = [
      { name: "http", port: 80 },
      { name: "https", port: 443 },
    ];
    const before = given(
      labOf([service("web", { type: "LoadBalancer", externalTrafficPolicy: "Local", ports })], pool),
    );
    const moved = [
      { name: "https", port: 8443 },
      { name: "http", port: 8080 },
    ];
    const after = given(
      labOf([service("web", { type: "LoadBalancer", externalTrafficPolicy: "Local", ports: moved })], pool),
      heldFrom(before),
    );
    expect(nodePortsOf(after)).toEqual(nodePortsOf(before).reverse());
    expect(clusterIPs(after)).toEqual(clusterIPs(before));
    expect(after[0]?.spec.healthCheckNodePort).toBe(before[0]?.spec.healthCheckNodePort);
  });

  test("stays when another protocol of the same number is asked for with another node port", () => {
    const dns = (nodePort: number): ServiceManifest["spec"] => ({
      type: "NodePort",
      ports: [
        { name: "tcp", port: 53, protocol: "TCP", nodePort },
        { name: "udp", port: 53, protocol: "UDP" },
      ],
    });
    const before = given(labOf([service("dns", dns(30053))]));
    expect(nodePortsOf(before)).toEqual([30053, 30053]);
    const after = given(labOf([service("dns", dns(30054))]), heldFrom(before));
    expect(nodePortsOf(after)).toEqual([30054, 30053]);
    expect(nodePortsOf(given(labOf([service("dns", dns(30055))]), heldFrom(after)))).toEqual([30055, 30053]);
  });

  test("gives way to an author's word, and is given again where a Service of that name says nothing", () => {
    const held = heldFrom(given(labOf([service("a", { clusterIP: "10.96.0.20" })])));
    expect(clusterIPs(given(labOf([service("a")]), held))).toEqual(["10.96.0.20"]);
    const [a, b] = clusterIPs(given(labOf([service("a"), service("b", { clusterIP: "10.96.0.20" })]), held));
    expect(b).toBe("10.96.0.20");
    expect(a).not.toBe(b);
  });

  test("does not hold when it no longer fits, or is nonsense", () => {
    const fresh = given(labOf([service("a", { type: "LoadBalancer" })], pool));
    const path = servicePath("demo", fresh[0] as Service);
    for (const text of [
      "nonsense",
      "null",
      "[]",
      '{"spec":null}',
      '{"spec":{"clusterIP":7,"ports":[{"name":"","nodePort":"x"}]},"status":{"loadBalancer":{"ingress":[{"ip":7}]}}}',
      '{"spec":{"clusterIP":"172.16.0.1","ports":[{"name":"","nodePort":80}]},"status":{"loadBalancer":{"ingress":[{"ip":"172.16.0.1"}]}}}',
      '{"spec":{"clusterIP":"10.96.0.1"}}',
    ])
      expect(
        given(labOf([service("a", { type: "LoadBalancer" })], pool), heldServices("demo", { [path]: text })),
      ).toEqual(fresh);
  });

  test("a lease is no node's, and a node's file is no lease", () => {
    const [web] = given(labOf([service("web", {}, "shop")])) as [Service];
    expect(servicePath("demo", web)).toBe("/run/podnet/demo/Service/shop/web.json");
    expect(heldServices("demo", { "/run/podnet/demo/node1/node.json": "{}" }).size).toBe(0);
    expect(JSON.parse(serviceLease(web))).toEqual({
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: "shop", name: "web" },
      spec: { clusterIP: web.spec.clusterIP, ports: [] },
      status: { loadBalancer: { ingress: [] } },
    });
  });
});

describe("whatever the Services", () => {
  // A small range, so that it fills up.
  const spec = { serviceCIDR: "10.96.0.0/27", loadBalancer: { addresses: ["192.168.0.240/29"] } };
  const drawn = fc
    .uniqueArray(
      fc.record({
        name: fc.nat(40).map((number) => `s${number}`),
        type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer"),
        policy: fc.constantFrom("Cluster", "Local"),
        ports: fc.integer({ min: 1, max: 3 }),
        clusterIP: fc.option(
          fc.integer({ min: 2, max: 30 }).map((last) => `10.96.0.${last}`),
          { nil: undefined, freq: 4 },
        ),
      }),
      { selector: ({ name }) => name, maxLength: 29 },
    )
    .map((all) => {
      const seen = new Set<string>();
      let balanced = 0;
      return all.map(({ name, type, policy, ports, clusterIP }): ServiceManifest => {
        const own = clusterIP !== undefined && !seen.has(clusterIP) ? clusterIP : undefined;
        if (own !== undefined) seen.add(own);
        const wanted = type === "LoadBalancer" && ++balanced > 7 ? "ClusterIP" : type;
        return service(name, {
          type: wanted,
          clusterIP: own,
          ...(wanted === "ClusterIP" ? {} : { externalTrafficPolicy: policy }),
          ports: Array.from({ length: ports }, (_, number) => ({ name: `p${number}`, port: 80 + number })),
        });
      });
    });

  function expectSound(services: readonly Service[]): void {
    const range = clusterIPsOf(cidr(spec.serviceCIDR));
    for (const { clusterIP } of services.map(({ spec }) => spec)) {
      expect(holds(range, parseAddress(clusterIP)?.value ?? -1n)).toBe(true);
      expect(clusterIP).not.toBe("10.96.0.1");
    }
    const numbers = services.flatMap(({ spec }) => [
      ...spec.ports.flatMap(({ nodePort }) => nodePort ?? []),
      ...(spec.healthCheckNodePort === undefined ? [] : [spec.healthCheckNodePort]),
    ]);
    for (const all of [clusterIPs(services), numbers.map(String), ingressOf(services).flat()])
      expect(new Set(all).size).toBe(all.length);
    for (const number of numbers) expect(number >= nodePorts.first && number <= nodePorts.last).toBe(true);
    for (const { spec, status } of services) {
      expect(spec.ports.every(({ nodePort }) => (nodePort !== undefined) === (spec.type !== "ClusterIP"))).toBe(true);
      expect(status.loadBalancer.ingress).toHaveLength(spec.type === "LoadBalancer" ? 1 : 0);
    }
  }

  test("values are in range and unique, and a second time changes nothing", () => {
    fc.assert(
      fc.property(drawn, (services) => {
        const lab = labOf(services, spec);
        const all = given(lab);
        expectSound(all);
        expect(given(lab, heldFrom(all))).toEqual(all);
      }),
    );
  });

  test("a Service keeps what it has while others come and go", () => {
    fc.assert(
      fc.property(drawn, drawn, (before, after) => {
        const first = given(labOf(before, spec));
        // The same Services as they were, and new ones that ask for no address.
        const kept = before.filter(({ metadata }) => after.some((other) => other.metadata.name === metadata.name));
        const room = 7 - kept.filter((service) => service.spec?.type === "LoadBalancer").length;
        const come = after
          .filter(({ metadata }) => !before.some((other) => other.metadata.name === metadata.name))
          .map(({ metadata, spec }) => ({ metadata, spec: { ...spec, clusterIP: undefined } }))
          .filter(({ spec }, index) => spec.type !== "LoadBalancer" || index < room);
        const second = given(labOf([...come, ...kept], spec), heldFrom(first));
        expectSound(second);
        for (const { metadata } of kept) {
          const same = (service: Service): boolean => service.metadata.name === metadata.name;
          expect(second.find(same)).toEqual(first.find(same));
        }
      }),
    );
  });
});

test("what Kubernetes leaves to authors is given last", () => {
  const names = Array.from({ length: 12 }, (_, number) => service(`s${number}`));
  // Of 30 addresses 16 are for authors, the first of them is the API server's.
  const last = clusterIPs(given(labOf(names, { serviceCIDR: "10.96.0.0/27" }))).map((ip) => Number(ip.split(".")[3]));
  expect(Math.min(...last)).toBeGreaterThan(16);
});

test("outputs say how to call a Service", () => {
  const services = given(
    labOf(
      [
        service("web", {
          clusterIP: "10.96.0.20",
          type: "LoadBalancer",
          ports: [{ name: "http", port: 80, targetPort: 8080, nodePort: 30080 }],
          externalIPs: ["198.51.100.10"],
        }),
        service("db", { clusterIP: "None" }),
        service("elsewhere", { type: "ExternalName", externalName: "www.example.com", ports: [] }),
      ],
      pool,
    ),
  );
  const slice = (name: string, nodeName: string | undefined, ready: boolean): EndpointSlice => ({
    metadata: { name: "web-1", namespace: "default", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    ports: [{ name, protocol: "TCP", port: 8080 }],
    endpoints: [{ addresses: ["10.244.0.2"], nodeName, conditions: { ready, serving: true, terminating: !ready } }],
  });
  const slices = [slice("http", "node1", true), slice("http", undefined, false), slice("other", "node1", true)];
  expect(serviceOutputs(services, slices)).toEqual({
    "default/web": {
      type: "LoadBalancer",
      clusterIP: "10.96.0.20",
      ports: [
        {
          ...{ name: "http", protocol: "TCP", port: 80, targetPort: 8080, nodePort: 30080 },
          endpoints: [
            { ip: "10.244.0.2", port: 8080, node: "node1" },
            { ip: "10.244.0.2", port: 8080, conditions: { ready: false, serving: true, terminating: true } },
          ],
        },
      ],
      externalIPs: ["198.51.100.10"],
      loadBalancerIPs: ["192.168.0.240"],
    },
    "default/db": { clusterIP: "None", ports: [{ protocol: "TCP", port: 80, targetPort: 80 }] },
    "default/elsewhere": { type: "ExternalName", clusterIP: "", ports: [], externalName: "www.example.com" },
  });
});
