import { Cluster } from "../../components/kubernetes";
import { NetworkNamespace, Route, Veth } from "../../components/linux";

// Everything that a lab's YAML can say.
const names = ["web1", "web2", "web3"];
const cluster = new Cluster("mylab", {
  metadata: { name: "mylab" },
  spec: { clusterCIDR: "10.20.0.0/16" },
  nodes: [{ metadata: { name: "node1" } }, { metadata: { name: "node2" } }],
  pods: names.map((name) => ({
    metadata: { name, labels: { app: "web" } },
    spec: { containers: [{ name: "web", ports: [{ containerPort: 80 }] }] },
  })),
  services: [
    { metadata: { name: "web" }, spec: { clusterIP: "10.96.0.20", selector: { app: "web" }, ports: [{ port: 80 }] } },
  ],
});

// And kernel objects beside it: a second router, on a cable to the lab's switch. With the cluster as their parent they
// are in the same lab, on the same hosts.
const inLab = { parent: cluster };
const router = new NetworkNamespace("router2", { host: "local", name: "mylab.router2" }, inLab);
const cable = new Veth(
  "router2/eth0",
  {
    host: "local",
    netns: router.name,
    name: "eth0",
    addresses: ["192.168.0.2/24"],
    peer: { netns: cluster.underlay.switch.netns, name: "router2", master: cluster.underlay.switch.bridge },
  },
  { ...inLab, deletedWith: router },
);
new Route(
  "router2/pods",
  { host: "local", netns: router.name, destination: "10.20.0.0/24", via: "192.168.0.11", dev: cable.name },
  { ...inLab, deletedWith: router },
);

export = cluster.outputs;
