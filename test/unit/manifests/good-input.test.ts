import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LabError, hostOf, internalIPOf, loadLab, parseLab, podKey } from "../../../components/kubernetes/manifests";

const head = `
apiVersion: podnet.dev/v1
kind: Lab
metadata: { name: demo }
---
apiVersion: v1
kind: Node
metadata: { name: node1 }
---
`;

const parse = (text: string) => parseLab([{ file: "lab.yaml", text: head + text }]);

test("the demo lab", () => {
  const { name, spec, nodes, pods, services, warnings } = loadLab(join(__dirname, "../../../labs/demo"));
  expect(name).toBe("demo");
  expect(nodes.map(({ metadata }) => metadata.name)).toEqual(["node1", "node2"]);
  expect(
    pods.map((pod) => [podKey(pod), pod.spec.nodeName, pod.spec.containers.map((container) => container.name)]),
  ).toEqual([
    ["default/pod1", "node1", ["web", "sidecar"]],
    ["default/pod2", "node1", ["web"]],
    ["default/pod3", "node2", ["web"]],
    ["default/pod4", "node2", ["web"]],
    [expect.stringMatching(/^default\/hello-/), undefined, ["web"]],
    [expect.stringMatching(/^default\/hello-/), undefined, ["web"]],
  ]);
  expect(services.map(({ metadata, spec }) => [metadata.name, spec.type, spec.clusterIP])).toEqual([
    ["hello", "ClusterIP", "10.96.0.20"],
    ["hello-node-port", "NodePort", undefined],
    ["hello-load-balancer", "LoadBalancer", undefined],
    ["hello-headless", "ClusterIP", "None"],
    ["elsewhere", "ExternalName", undefined],
  ]);
  expect(warnings).toEqual([]);
  expect(spec).toEqual({
    nodeCIDR: "192.168.0.0/24",
    clusterCIDR: "10.244.0.0/16",
    nodeCIDRMaskSize: 24,
    serviceCIDR: "10.96.0.0/12",
    mtu: 1500,
    network: { type: "kubenet" },
    proxy: {
      mode: "iptables",
      clusterCIDR: "10.244.0.0/16",
      iptables: { masqueradeBit: 14, masqueradeAll: false, localhostNodePorts: true },
      nftables: { masqueradeBit: 14, masqueradeAll: false },
    },
    loadBalancer: { addresses: ["192.168.0.240/28"] },
    hosts: { local: { type: "local" } },
  });
});

test("defaults: namespace, protocol, host", () => {
  const { pods, nodes } = parse(
    "{ apiVersion: v1, kind: Pod, metadata: { name: p }, spec: { containers: [{ name: c, ports: [{ containerPort: 80 }] }] } }",
  );
  expect(pods[0]?.metadata.namespace).toBe("default");
  expect(pods[0]?.spec.containers[0]?.ports).toEqual([{ containerPort: 80, protocol: "TCP" }]);
  expect(nodes.map(hostOf)).toEqual(["local"]);
});

test("an ssh host keeps what is written and gets the rest", () => {
  const { spec, nodes } = parseLab([
    {
      file: "lab.yaml",
      text: head.replace("demo }", "demo }\nspec: { hosts: { far: { type: ssh, address: h.example, user: me } } }"),
    },
  ]);
  expect(spec.hosts).toEqual({ far: { type: "ssh", address: "h.example", port: 22, user: "me" } });
  expect(nodes.map(hostOf)).toEqual(["far"]);
});

test("a List, in it anchors, aliases and merge keys; empty documents; a byte order mark; CRLF", () => {
  const { pods } = parse(`---
---
apiVersion: v1
kind: List
metadata: { resourceVersion: "" }
items:
  - apiVersion: v1
    kind: Pod
    metadata: { name: a, labels: &labels { app: web } }
    spec: &spec
      nodeName: node1
      containers: [&web { name: web, command: [sleep, inf] }]
  - apiVersion: v1
    kind: Pod
    metadata: { name: b, labels: { <<: *labels, tier: front } }
    spec: *spec
  - apiVersion: v1
    kind: Pod
    metadata: { name: c }
    spec: { <<: *spec, containers: [{ <<: *web, name: other }] }
`);
  expect(pods.map(({ spec }) => spec.containers)).toEqual([
    [{ name: "web", command: ["sleep", "inf"] }],
    [{ name: "web", command: ["sleep", "inf"] }],
    [{ name: "other", command: ["sleep", "inf"] }],
  ]);
  expect(pods[1]?.metadata.labels).toEqual({ app: "web", tier: "front" });
  expect(parseLab([{ file: "lab.yaml", text: `\ufeff${head.replaceAll("\n", "\r\n")}` }]).nodes).toHaveLength(1);
});

test("a thousand pods may share one anchor", () => {
  const pods = Array.from(
    { length: 999 },
    (_, i) => `  - { apiVersion: v1, kind: Pod, metadata: { name: p${i} }, spec: *spec }\n`,
  );
  const first =
    "  - { apiVersion: v1, kind: Pod, metadata: { name: p }, spec: &spec { hostNetwork: true, nodeName: node1, containers: [{ name: c }] } }\n";
  expect(parse(`apiVersion: v1\nkind: List\nitems:\n${first}${pods.join("")}`).pods).toHaveLength(1000);
});

test("commands, args and variables are taken as they are", () => {
  const words = ["$(reboot)", "`id`", "it's", 'a "b"', "new\nline", "größe ☸", "", " ", "\\", "--", "*", "$HOME"];
  const container = {
    name: "c",
    command: words,
    args: words,
    env: words.map((value, i) => ({ name: `V${i}`, value })),
  };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [container] } };
  expect(parse(JSON.stringify(pod)).pods[0]?.spec.containers).toEqual([container]);
});

test("numbers mean what they mean to kubectl", () => {
  const written = ["0120", "0o120", "0x50", "0b1010000", "8_0"];
  const { services } = parse(
    written
      .map(
        (port, index) =>
          `{ apiVersion: v1, kind: Service, metadata: { name: s${index} }, spec: { ports: [{ port: ${port} }] } }`,
      )
      .join("\n---\n"),
  );
  expect(services.map(({ spec }) => spec.ports[0]?.port)).toEqual(written.map(() => 80));
});

test("what kubectl get prints can be used as it is", () => {
  const { nodes, pods, namespaces, warnings } = parse(exported);
  expect(nodes.map(internalIPOf)).toEqual([undefined, "192.168.0.42"]);
  expect(namespaces).toHaveLength(1);
  expect(pods.map(podKey)).toEqual(["shop/web-7c5ddbdf54-abcde"]);
  expect(warnings.map(({ message }) => message.split(":")[0])).toEqual(["init containers are not run"]);
});

test("Services: defaults as the API server fills them in", () => {
  const [plain, balanced, named] = parseLab([
    {
      file: "lab.yaml",
      text: head.replace("demo }", "demo }\nspec: { loadBalancer: { addresses: [192.168.0.240/32] } }"),
    },
    {
      file: "services.yaml",
      text: `
apiVersion: v1
kind: Service
metadata: { name: plain }
spec: { ports: [{ port: 80, targetPort: 0, nodePort: 0 }], selector: }
---
apiVersion: v1
kind: Service
metadata: { name: balanced, namespace: shop }
spec:
  type: LoadBalancer
  sessionAffinity: ClientIP
  loadBalancerIP: 192.168.0.240
  loadBalancerSourceRanges: [" 10.1.2.3/8", "::/0"]
  ports: [{ name: http, port: 80, targetPort: web }]
---
apiVersion: v1
kind: Service
metadata: { name: named }
spec: { type: ExternalName, externalName: example.com. }
`,
    },
  ]).services;
  expect(plain).toMatchObject({
    metadata: { namespace: "default" },
    spec: {
      type: "ClusterIP",
      ports: [{ name: "", protocol: "TCP", port: 80, targetPort: 80, nodePort: undefined }],
      sessionAffinity: "None",
      sessionAffinityConfig: undefined,
      internalTrafficPolicy: "Cluster",
      externalTrafficPolicy: undefined,
      publishNotReadyAddresses: false,
    },
    status: { loadBalancer: { ingress: [] } },
  });
  expect(balanced).toMatchObject({
    metadata: { namespace: "shop" },
    spec: {
      ports: [{ name: "http", targetPort: "web" }],
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
      externalTrafficPolicy: "Cluster",
      loadBalancerSourceRanges: ["10.0.0.0/8"],
    },
    status: { loadBalancer: { ingress: [{ ip: "192.168.0.240", ipMode: "VIP" }] } },
  });
  expect(named?.spec).toMatchObject({ type: "ExternalName", clusterIP: undefined, ports: [] });
});

test("Services and workloads as kubectl get prints them", () => {
  const { pods, services, endpointSlices, endpoints, warnings } = parse(exportedServices);
  expect(pods.map(({ metadata }) => [metadata.namespace, metadata.name.replace(/-[^-]{5}$/, "-*")])).toEqual([
    ["shop", expect.stringMatching(/^web-[a-z0-9]{10}-\*$/)],
    ["shop", expect.stringMatching(/^web-[a-z0-9]{10}-\*$/)],
    ["kube-system", "kube-proxy-*"],
    ["shop", "db-0"],
  ]);
  expect(services.map(({ metadata, spec }) => [metadata.name, spec.clusterIP])).toEqual([
    ["web", "10.103.27.191"],
    ["kubernetes", "10.96.0.1"],
    ["db", "None"],
  ]);
  expect([endpointSlices.length, endpoints.length]).toEqual([1, 1]);
  expect(warnings.map(({ message }) => message.split(",")[0])).toEqual([
    'valueFrom is not built: the variable "NODE" will not be set',
    "a controller of Kubernetes made this EndpointSlice of other objects",
  ]);
});

test("names that JavaScript's objects know are names like others", () => {
  const { nodes } = parse("{ apiVersion: v1, kind: Node, metadata: { name: constructor } }");
  expect(nodes.map(hostOf)).toEqual(["local", "local"]);
});

describe("paths", () => {
  const told = (path: string): string => {
    try {
      return String(loadLab(path));
    } catch (error) {
      return error instanceof LabError ? error.message : String(error);
    }
  };

  test("what does not exist", () => {
    expect(told("labs/no-such-lab")).toBe(
      "labs/no-such-lab: there is no such file or folder; name a lab's folder or its YAML file",
    );
  });

  test("one file, of any name; folders in a lab's folder are left alone", () => {
    const folder = mkdtempSync(join(tmpdir(), "podnet-lab-"));
    try {
      expect(told(folder)).toBe(
        `${folder}: there are no *.yaml or *.yml files in this folder; add some, or name another folder`,
      );
      writeFileSync(join(folder, "lab.txt"), head);
      expect(loadLab(join(folder, "lab.txt")).name).toBe("demo");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** As printed by `kubectl get -o yaml`, shortened in length but not in kinds of fields. */
const exported = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, creationTimestamp: null, uid: 5c2c7ef4-30a7-4b41-8d8a-1d7d7b9c5f42 }
spec: { finalizers: [kubernetes] }
status: { phase: Active }
---
apiVersion: v1
kind: Node
metadata:
  name: worker
  annotations: { node.alpha.kubernetes.io/ttl: "0" }
  labels: { beta.kubernetes.io/os: linux, node-role.kubernetes.io/worker: "" }
spec:
  podCIDR: 10.244.9.0/24
  podCIDRs: [10.244.9.0/24]
  providerID: kind://docker/kind/worker
  taints: [{ key: example.com/special, effect: NoSchedule, timeAdded: "2025-01-01T00:00:00Z" }]
status:
  addresses: [{ type: InternalIP, address: 192.168.0.42 }, { type: Hostname, address: worker }]
  allocatable: { cpu: "4", memory: 8Gi, pods: 110, ephemeral-storage: "1e3" }
  capacity: { cpu: 4, memory: 8148056Ki }
  conditions: [{ type: Ready, status: "True", lastHeartbeatTime: 2025-01-01T00:00:00Z, lastTransitionTime: 2025-01-01T00:00:00Z, reason: KubeletReady, message: ok }]
  daemonEndpoints: { kubeletEndpoint: { Port: 10250 } }
  images: [{ names: [registry.k8s.io/pause:3.10], sizeBytes: 320368 }]
  nodeInfo: { architecture: amd64, bootID: a, containerRuntimeVersion: containerd://2.0.0, kernelVersion: 6.1.0, kubeProxyVersion: "", kubeletVersion: v1.35.0, machineID: b, operatingSystem: linux, osImage: Debian, systemUUID: c }
---
apiVersion: v1
kind: Pod
metadata:
  name: web-7c5ddbdf54-abcde
  generateName: web-7c5ddbdf54-
  namespace: shop
  creationTimestamp: "2025-01-01T00:00:00Z"
  generation: 1
  labels: { app: web, pod-template-hash: 7c5ddbdf54 }
  managedFields:
    - { apiVersion: v1, fieldsType: FieldsV1, manager: kubelet, operation: Update, subresource: status, fieldsV1: { "f:status": { "f:conditions": { .: {} } } } }
  ownerReferences:
    - { apiVersion: apps/v1, blockOwnerDeletion: true, controller: true, kind: ReplicaSet, name: web-7c5ddbdf54, uid: 5c2c7ef4 }
  resourceVersion: "1234"
spec:
  activeDeadlineSeconds: 3600
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{ matchExpressions: [{ key: kubernetes.io/os, operator: In, values: [linux] }] }]
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
        - { weight: 100, podAffinityTerm: { topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app: web } } } }
  automountServiceAccountToken: false
  containers:
    - name: web
      image: nginx:1.27
      imagePullPolicy: IfNotPresent
      command: ["nginx"]
      args: ["-g", "daemon off;"]
      workingDir: /srv
      env:
        - { name: MODE, value: "production" }
        - { name: EMPTY, value: }
      ports: [{ name: http, containerPort: 80, protocol: TCP, hostIP: "", hostPort: 0 }]
      lifecycle: { preStop: { exec: { command: [sleep, "5"] } }, postStart: { httpGet: { path: /, port: http } } }
      livenessProbe: { tcpSocket: { port: 80 }, initialDelaySeconds: 5, periodSeconds: 10 }
      readinessProbe: { httpGet: { path: /ready, port: http, scheme: HTTP, httpHeaders: [{ name: X, value: "1" }] }, failureThreshold: 3 }
      startupProbe: { grpc: { port: 9000, service: health } }
      resources: { requests: { cpu: 100m, memory: 64Mi }, limits: { cpu: 0.5, memory: 128M } }
      securityContext: { allowPrivilegeEscalation: false, capabilities: { add: [NET_ADMIN], drop: [ALL] }, runAsUser: 1000, seccompProfile: { type: RuntimeDefault } }
      stdin: false
      terminationMessagePath: /dev/termination-log
      terminationMessagePolicy: File
      volumeMounts: [{ name: data, mountPath: /data, readOnly: true, subPath: x }]
  dnsConfig: { nameservers: [10.96.0.10], searches: [shop.svc.cluster.local], options: [{ name: ndots, value: "5" }] }
  dnsPolicy: ClusterFirst
  enableServiceLinks: true
  hostAliases: [{ ip: 127.0.0.1, hostnames: [foo.local] }]
  hostname: web
  imagePullSecrets: [{ name: registry }]
  initContainers: [{ name: init, image: busybox, command: [sh, -c, "true"] }]
  nodeName: worker
  nodeSelector: { kubernetes.io/os: linux }
  overhead: { cpu: 10m }
  preemptionPolicy: PreemptLowerPriority
  priority: 0
  readinessGates: [{ conditionType: example.com/ready }]
  restartPolicy: Always
  schedulerName: default-scheduler
  securityContext: { fsGroup: 2000, sysctls: [{ name: net.core.somaxconn, value: "1024" }] }
  serviceAccountName: default
  shareProcessNamespace: true
  subdomain: web
  terminationGracePeriodSeconds: 30
  tolerations: [{ key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300 }]
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: { matchLabels: { app: web } } }]
  volumes:
    - { name: data, emptyDir: { medium: Memory, sizeLimit: 1Gi } }
    - { name: config, configMap: { name: web, defaultMode: 0644, items: [{ key: a, path: b, mode: 0400 }] } }
    - { name: token, projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: token } }, { downwardAPI: { items: [{ path: labels, fieldRef: { fieldPath: metadata.labels } }] } }] } }
    - { name: host, hostPath: { path: /var/log, type: Directory } }
status:
  phase: Running
  podIP: 10.244.9.7
  podIPs: [{ ip: 10.244.9.7 }]
  startTime: "2025-01-01T00:00:00Z"
  conditions: [{ type: Ready, status: "True", lastProbeTime: null, lastTransitionTime: "2025-01-01T00:00:00Z" }]
  containerStatuses: [{ name: web, ready: true, restartCount: 0, image: nginx, imageID: sha256:1, started: true, state: { running: { startedAt: "2025-01-01T00:00:00Z" } } }]
`;

const exportedServices = `
apiVersion: apps/v1
kind: Deployment
metadata:
  annotations: { deployment.kubernetes.io/revision: "1" }
  creationTimestamp: "2025-01-01T00:00:00Z"
  generation: 1
  labels: { app: web }
  name: web
  namespace: shop
  resourceVersion: "1234"
  uid: 5c2c7ef4-30a7-4b41-8d8a-1d7d7b9c5f42
spec:
  minReadySeconds: 5
  paused: false
  progressDeadlineSeconds: 600
  replicas: 2
  revisionHistoryLimit: 10
  selector: { matchLabels: { app: web }, matchExpressions: [{ key: tier, operator: NotIn, values: [back] }, { key: app, operator: Exists }] }
  strategy: { rollingUpdate: { maxSurge: 25%, maxUnavailable: 1 }, type: RollingUpdate }
  template:
    metadata: { creationTimestamp: null, labels: { app: web } }
    spec:
      containers:
        - image: nginx
          name: web
          ports: [{ containerPort: 8080, name: http, protocol: TCP }]
          env: [{ name: NODE, valueFrom: { fieldRef: { apiVersion: v1, fieldPath: spec.nodeName } } }]
      dnsPolicy: ClusterFirst
      restartPolicy: Always
status: { availableReplicas: 2, conditions: [{ type: Available, status: "True", lastTransitionTime: "2025-01-01T00:00:00Z", lastUpdateTime: "2025-01-01T00:00:00Z", reason: New, message: ok }], observedGeneration: 1, readyReplicas: 2, replicas: 2, updatedReplicas: 2 }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: kube-proxy, namespace: kube-system, labels: { k8s-app: kube-proxy } }
spec:
  revisionHistoryLimit: 10
  selector: { matchLabels: { k8s-app: kube-proxy } }
  template:
    metadata: { creationTimestamp: null, labels: { k8s-app: kube-proxy } }
    spec:
      containers: [{ name: kube-proxy, image: kube-proxy, command: [sleep, infinity] }]
      hostNetwork: true
      nodeSelector: { kubernetes.io/os: linux }
      tolerations: [{ operator: Exists }]
  updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 }, type: RollingUpdate }
status: { currentNumberScheduled: 2, desiredNumberScheduled: 2, numberMisscheduled: 0, numberReady: 2 }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: shop }
spec:
  podManagementPolicy: OrderedReady
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Retain, whenScaled: Retain }
  replicas: 1
  selector: { matchLabels: { app: db } }
  serviceName: db
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: db, ports: [{ containerPort: 5432 }], volumeMounts: [{ name: data, mountPath: /data }] }] }
  volumeClaimTemplates:
    - { apiVersion: v1, kind: PersistentVolumeClaim, metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }, status: { phase: Pending } }
status: { replicas: 1, availableReplicas: 1 }
---
apiVersion: v1
kind: Service
metadata:
  annotations: { kubectl.kubernetes.io/last-applied-configuration: "{}" }
  name: web
  namespace: shop
  uid: 5c2c7ef4-30a7-4b41-8d8a-1d7d7b9c5f42
spec:
  clusterIP: 10.103.27.191
  clusterIPs: [10.103.27.191]
  externalTrafficPolicy: Cluster
  internalTrafficPolicy: Cluster
  ipFamilies: [IPv4]
  ipFamilyPolicy: SingleStack
  ports: [{ appProtocol: http, name: http, nodePort: 31234, port: 80, protocol: TCP, targetPort: http }]
  selector: { app: web }
  sessionAffinity: None
  type: NodePort
status: { loadBalancer: {} }
---
apiVersion: v1
kind: Service
metadata: { name: kubernetes, namespace: default, labels: { component: apiserver, provider: kubernetes } }
spec:
  clusterIP: 10.96.0.1
  clusterIPs: [10.96.0.1]
  ports: [{ name: https, port: 443, protocol: TCP, targetPort: 6443 }]
  sessionAffinity: None
  type: ClusterIP
status: { loadBalancer: {} }
---
apiVersion: v1
kind: Endpoints
metadata: { name: kubernetes, namespace: default, labels: { endpointslice.kubernetes.io/skip-mirror: "true" } }
subsets: [{ addresses: [{ ip: 192.168.0.10 }], ports: [{ name: https, port: 6443, protocol: TCP }] }]
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { clusterIP: None, clusterIPs: [None], ports: [{ port: 5432, targetPort: 5432 }], selector: { app: db }, publishNotReadyAddresses: true }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  generateName: web-
  labels: { app: web, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io, kubernetes.io/service-name: web }
  name: web-abcde
  namespace: shop
  ownerReferences: [{ apiVersion: v1, blockOwnerDeletion: true, controller: true, kind: Service, name: web, uid: 5c2c7ef4 }]
addressType: IPv4
endpoints:
  - addresses: [10.244.0.7]
    conditions: { ready: true, serving: true, terminating: false }
    nodeName: node1
    targetRef: { kind: Pod, name: web-7c5ddbdf54-abcde, namespace: shop, uid: 5c2c7ef4 }
ports: [{ name: http, port: 8080, protocol: TCP }]
`;
