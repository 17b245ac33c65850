// Which endpoints Services have: by selector and readiness, mirrored, and written by hand.
import { allocate } from "../../../../components/kubernetes/addresses";
import type { LabObjects, PodManifest, ServiceManifest } from "../../../../components/kubernetes/manifests";
import { type EndpointSlice, endpointSlicesOf } from "../../../../components/kubernetes/services";
import { lab, labelled, node, service, workload } from "../../manifests/labs";

const nodes = [node("node1"), node("node2")];

const slices = (objects: Partial<LabObjects>): EndpointSlice[] => {
  const all = lab({ nodes, ...objects });
  return endpointSlicesOf(all, allocate(all, { nodes: {}, reservations: {} }));
};

/** `10.244.0.2:8080 ready`, of all slices. */
const shown = (objects: Partial<LabObjects>): string[] =>
  slices(objects).flatMap(({ ports, endpoints }) =>
    endpoints.map(({ addresses, conditions }) => {
      const is = Object.entries(conditions).filter(([, value]) => value);
      return [addresses[0], ...ports.map(({ name, port }) => `${name}:${port}`), ...is.map(([name]) => name)].join(" ");
    }),
  );

const web = (
  name: string,
  more: Partial<PodManifest> = {},
  ports = [{ name: "http", containerPort: 8080 }],
): PodManifest => {
  const base = labelled(name, { app: "web" }, { containers: [{ name: "web", ports }] });
  return { ...base, ...more, metadata: { ...base.metadata, ...more.metadata } };
};
const toHttp: ServiceManifest["spec"] = { ports: [{ name: "http", port: 80, targetPort: "http" }] };

test("a Service's endpoints are the pods that it selects, in its namespace", () => {
  const [slice, ...others] = slices({
    pods: [web("a"), labelled("b", { app: "api" }), web("c"), web("d", { metadata: { name: "d", namespace: "shop" } })],
    services: [service("web", toHttp)],
  });
  expect(others).toEqual([]);
  expect(slice).toEqual({
    metadata: {
      namespace: "default",
      name: expect.stringMatching(/^web-[a-z0-9]{5}$/) as string,
      labels: {
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      },
    },
    addressType: "IPv4",
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
    endpoints: [
      {
        addresses: ["10.244.0.2"],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: "node1",
        targetRef: { kind: "Pod", namespace: "default", name: "a" },
      },
      {
        addresses: ["10.244.0.3"],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: "node1",
        targetRef: { kind: "Pod", namespace: "default", name: "c" },
      },
    ],
  });
});

test("a named target port is each pod's own; who has none of that name and protocol has no such port", () => {
  const other = [{ name: "http", containerPort: 9090 }];
  const udp = [{ name: "http", containerPort: 53, protocol: "UDP" as const }];
  expect(
    shown({ pods: [web("a"), web("b", {}, other), web("c"), web("d", {}, udp)], services: [service("web", toHttp)] }),
  ).toEqual([
    "10.244.0.2 http:8080 ready serving",
    "10.244.0.3 http:8080 ready serving",
    "10.244.1.2 http:9090 ready serving",
    "10.244.1.3 ready serving",
  ]);
});

describe("readiness", () => {
  const ready = (status: string) => ({ status: { conditions: [{ type: "Ready", status }] } });
  const gate = (status?: string): Partial<PodManifest> => ({
    spec: { containers: [{ name: "web" }], readinessGates: [{ conditionType: "example.com/in" }] },
    status: { conditions: status === undefined ? [] : [{ type: "example.com/in", status }] },
  });
  const going = { metadata: { name: "going", deletionTimestamp: "2025-01-01T00:00:00Z" } };

  test.each<[string, Partial<PodManifest>, string]>([
    ["nothing is said", {}, "ready serving"],
    ["Ready is True", ready("True"), "ready serving"],
    ["Ready is False", ready("False"), ""],
    ["Ready is Unknown", ready("Unknown"), ""],
    ["a gate has no condition", gate(), ""],
    ["a gate is closed", gate("False"), ""],
    ["a gate is open", gate("True"), "ready serving"],
    ["Ready is True and a gate closed", { ...gate("False"), ...ready("True") }, "ready serving"],
    ["it is being deleted", going, "serving terminating"],
    ["it is being deleted and not ready", { ...going, ...ready("False") }, "terminating"],
  ])("when %s", (_when, more, conditions) => {
    const pods = [web("web", more)];
    expect(shown({ pods, services: [service("web")] })).toEqual([`10.244.0.2 :80 ${conditions}`.trim()]);
    const [published] = slices({ pods, services: [service("web", { publishNotReadyAddresses: true })] });
    expect(published?.endpoints[0]?.conditions).toMatchObject({ ready: true, serving: /serving/.test(conditions) });
  });

  test("a pod that has ended is no endpoint", () => {
    const ended = ["Succeeded", "Failed"].map((phase) => web(phase.toLowerCase(), { status: { phase } }));
    expect(
      shown({ pods: [...ended, web("on", { status: { phase: "Running" } })], services: [service("web")] }),
    ).toEqual(["10.244.0.3 :80 ready serving"]);
  });
});

test("workloads' pods are endpoints, and one of a StatefulSet's can be meant", () => {
  const objects = {
    statefulSets: [workload("db", { replicas: 3 })],
    services: [
      service("db", { clusterIP: "None" }),
      service("first", { selector: { "statefulset.kubernetes.io/pod-name": "db-0" } }),
    ],
  };
  expect(slices(objects).map(({ endpoints }) => endpoints.map(({ targetRef }) => targetRef?.name))).toEqual([
    ["db-0", "db-1", "db-2"],
    ["db-0"],
  ]);
});

test("a pod with its node's network has its node's address", () => {
  const pods = [web("web", { spec: { hostNetwork: true, nodeName: "node2", containers: [{ name: "web" }] } })];
  expect(shown({ pods, services: [service("web")] })).toEqual(["192.168.0.12 :80 ready serving"]);
});

describe("without a selector", () => {
  const bare = service("web", { selector: undefined });
  const endpoints = {
    metadata: { name: "web" },
    subsets: [
      {
        addresses: [{ ip: "10.9.9.1", nodeName: "node1" }],
        notReadyAddresses: [{ ip: "10.9.9.2" }],
        ports: [{ port: 8080 }],
      },
      { addresses: [{ ip: "10.9.9.3" }], ports: [{ port: 9090 }] },
    ],
  };

  test("Endpoints are mirrored", () => {
    const [first, second] = slices({ services: [bare], endpoints: [endpoints] });
    expect(first?.endpoints).toEqual([
      {
        addresses: ["10.9.9.1"],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: "node1",
        targetRef: undefined,
      },
      {
        addresses: ["10.9.9.2"],
        conditions: { ready: false, serving: true, terminating: false },
        nodeName: undefined,
        targetRef: undefined,
      },
    ]);
    expect(first?.metadata.labels?.["kubernetes.io/service-name"]).toBe("web");
    expect(second?.ports).toEqual([{ name: "", protocol: "TCP", port: 9090 }]);
    expect(second?.metadata.name).not.toBe(first?.metadata.name);
  });

  test("but not against their label, nor without their Service, nor beside a selector", () => {
    const labels = { "endpointslice.kubernetes.io/skip-mirror": "true" };
    expect(slices({ services: [bare], endpoints: [{ ...endpoints, metadata: { name: "web", labels } }] })).toEqual([]);
    expect(slices({ endpoints: [endpoints] })).toEqual([]);
    expect(shown({ pods: [web("a")], services: [service("web")], endpoints: [endpoints] })).toEqual([
      "10.244.0.2 :80 ready serving",
    ]);
  });

  test("EndpointSlices by hand are taken as they are; what they do not say is well", () => {
    const labels = { "kubernetes.io/service-name": "web" };
    const slice = (name: string, more: Record<string, string> = {}) => ({
      metadata: { name, labels: { ...labels, ...more } },
      addressType: "IPv4" as const,
      ports: [{ port: 8080 }, { name: "all" } as unknown as { port: number }],
      endpoints: [
        { addresses: ["10.9.9.1"] },
        { addresses: ["10.9.9.2"], nodeName: "node2", conditions: { ready: false, terminating: true } },
      ],
    });
    const managed = slice("b", { "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" });
    expect(slices({ services: [bare], endpointSlices: [slice("a"), managed] })).toEqual([
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name: "a", namespace: "default", labels },
        addressType: "IPv4",
        ports: [{ name: "", protocol: "TCP", port: 8080 }],
        endpoints: [
          { addresses: ["10.9.9.1"], conditions: { ready: true, serving: true, terminating: false } },
          {
            addresses: ["10.9.9.2"],
            nodeName: "node2",
            conditions: { ready: false, serving: true, terminating: true },
          },
        ],
      },
    ]);
  });
});

test("a name that stands for another has no endpoints", () => {
  const external = service("web", { type: "ExternalName", externalName: "example.com" });
  expect(slices({ pods: [web("a")], services: [external] })).toEqual([]);
});
