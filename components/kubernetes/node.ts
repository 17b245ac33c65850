// A node: a network namespace that stands for a machine, with what kubenet makes of a machine: the bridge cbr0 for its pods,
// a route to every other node's pods, and masquerade for what leaves the cluster.
import * as pulumi from "@pulumi/pulumi";
import { Bridge, File, NetworkNamespace, Route, Sysctl, Veth } from "../linux";
import type { NodeAllocation } from "./addresses";
import { leaseText } from "./held";
import type { LabSpec } from "./manifests/types";
import { Masquerade } from "./masquerade";
import { leasePath, macOf, netnsOf, podMtu, reservationsFolder, vethName } from "./network";
import type { Switch } from "./underlay";

export interface NodeArgs {
  readonly lab: string;
  readonly host: string;
  readonly spec: LabSpec;
  readonly addresses: pulumi.Output<NodeAllocation>;
  readonly switch: Switch;
  /** The router's address in the node network: the node's default gateway. */
  readonly router: string;
  /** The other nodes, by name. */
  readonly peers: Readonly<Record<string, pulumi.Output<NodeAllocation>>>;
}

export class Node extends pulumi.ComponentResource {
  readonly host: string;
  readonly netns: pulumi.Output<string>;
  /** Its interface in the node network. */
  readonly uplink: pulumi.Output<string>;
  /** The bridge that pods plug into. */
  readonly bridge: pulumi.Output<string>;
  readonly namespace: NetworkNamespace;

  constructor(name: string, args: NodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("podnet:kubernetes:Node", name, {}, opts);
    const { lab, host, spec, addresses, router, peers } = args;
    const netnsName = netnsOf.node(lab, name);
    const namespace = new NetworkNamespace(netnsName, { host, name: netnsName }, { parent: this });
    const netns = namespace.name;
    const inside = { parent: this, deletedWith: namespace };

    const eth0 = createUplink();
    createSysctls();
    const bridge = createBridge();
    createRoutes();
    new Masquerade(
      netnsName,
      { host, netns, nonMasqueradeCIDRs: [spec.nodeCIDR, spec.clusterCIDR, spec.serviceCIDR] },
      inside,
    );
    createFiles();

    this.host = host;
    this.netns = netns;
    this.uplink = eth0.name;
    this.bridge = bridge.name;
    this.namespace = namespace;
    this.registerOutputs();

    function createUplink(): Veth {
      const prefix = spec.nodeCIDR.split("/")[1];
      return new Veth(
        `${netnsName}/eth0`,
        {
          ...{ host, netns, name: "eth0", mtu: spec.mtu },
          addresses: addresses.apply(({ internalIP }) => [`${internalIP}/${prefix}`]),
          peer: { netns: args.switch.netns, name: portName(name), mtu: spec.mtu, master: args.switch.bridge },
        },
        inside,
      );
    }

    /** The preconditions that kubelet and kubeadm check: forward packets, and let iptables see what the bridge carries. */
    function createSysctls(): void {
      for (const setting of ["net.ipv4.ip_forward", "net.bridge.bridge-nf-call-iptables"])
        new Sysctl(`${netnsName}/${setting.split(".").at(-1)}`, { host, netns, name: setting, value: "1" }, inside);
    }

    /** As the CNI bridge plugin leaves it: the first address of the podCIDR, and a MAC address that no port can change. */
    function createBridge(): Bridge {
      return new Bridge(
        `${netnsName}/cbr0`,
        {
          ...{ host, netns, name: "cbr0", mtu: podMtu(spec), conf: { ipv6: { accept_ra: 0 } } },
          mac: addresses.apply(({ gateway }) => macOf(gateway)),
          addresses: addresses.apply(({ gateway, podCIDR }) => [`${gateway}/${podCIDR.split("/")[1]}`]),
        },
        inside,
      );
    }

    function createRoutes(): void {
      const dev = eth0.name;
      new Route(`${netnsName}/default`, { host, netns, destination: "default", via: router, dev }, inside);
      for (const [peer, addresses] of Object.entries(peers)) {
        const destination = addresses.apply(({ podCIDR }) => podCIDR);
        const via = addresses.apply(({ internalIP }) => internalIP);
        new Route(`${netnsName}/to-${peer}`, { host, netns, destination, via, dev }, inside);
      }
    }

    /** What the node keeps outside its namespace: its lease, and the lock that host-local takes. */
    function createFiles(): void {
      const file = (base: string, path: string, mode: string, content: pulumi.Input<string>): File =>
        new File(`${netnsName}/${base}`, { host, path, mode, content }, { parent: namespace });
      file(
        "node.json",
        leasePath(lab, name),
        "0644",
        addresses.apply((lease) => leaseText(name, lease)),
      );
      file("lock", `${reservationsFolder(lab, name)}/lock`, "0750", "");
    }
  }
}

/** The node's port at the switch is called as the node where the kernel takes that for an interface (15 characters). */
const portName = (node: string): string => (node.length <= 15 ? node : vethName(node));
