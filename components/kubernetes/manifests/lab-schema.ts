// The object of kind Lab. docs/lab-reference.md is generated from this file, so descriptions are written for lab authors.

import { type Static, Type } from "@sinclair/typebox";

const strict = { additionalProperties: false };
/** Every field has a default, so the object has one. */
const nested = { ...strict, default: {} };

const LocalHost = Type.Object(
  { type: Type.Literal("local", { description: "This machine." }) },
  { ...strict, title: "local host", description: "The machine that podnet runs on." },
);

// The fields are called as in ssh2 and in components/host, which takes this object as it is.
const SshHost = Type.Object(
  {
    type: Type.Literal("ssh", { description: "An existing Linux machine, reached with SSH." }),
    address: Type.String({ minLength: 1, description: "Name or IP address of the machine." }),
    port: Type.Integer({ minimum: 1, maximum: 65535, default: 22, description: "Port of its SSH server." }),
    user: Type.String({
      minLength: 1,
      default: "root",
      description: "Who to log in as; `sudo -n` is used when not root.",
    }),
    privateKeyPath: Type.Optional(
      Type.String({ minLength: 1, description: "Private key file without a passphrase; `~` is your home folder." }),
    ),
    agent: Type.Optional(
      Type.Boolean({ description: "Use the keys of your ssh-agent. On by default when privateKeyPath is not set." }),
    ),
    knownHostsPath: Type.Optional(
      Type.String({ minLength: 1, description: "Where the machine's host key is known from (`~/.ssh/known_hosts`)." }),
    ),
  },
  { ...strict, title: "ssh host", description: "A machine or VM of your own." },
);

export type HostSpec = Static<typeof LocalHost> | Static<typeof SshHost>;

const Host = Type.Union([LocalHost, SshHost]);

const Network = Type.Object(
  {
    type: Type.Literal("kubenet", {
      default: "kubenet",
      description: "The pod network's model. `kubenet`: a bridge `cbr0` in each node, static routes between the nodes.",
    }),
    mtu: Type.Optional(
      Type.Integer({
        minimum: 68,
        maximum: 65535,
        description: "MTU of the pod network, if it is not to follow spec.mtu.",
      }),
    ),
  },
  { ...nested, title: "network", description: "How pods reach pods on other nodes." },
);

const masquerade = {
  masqueradeBit: Type.Integer({
    minimum: 0,
    maximum: 31,
    default: 14,
    description: "The bit of a packet's mark that says that its source is to be masqueraded.",
  }),
  masqueradeAll: Type.Boolean({
    default: false,
    description: "Masquerade the source of everything that goes to a cluster IP, also of what comes from pods.",
  }),
};

// The fields are called as in KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1), and mean the same.
const Proxy = Type.Object(
  {
    mode: Type.Union([Type.Literal("iptables"), Type.Literal("nftables")], {
      default: "iptables",
      description: "kube-proxy's mode: `iptables` or `nftables`.",
    }),
    clusterCIDR: Type.Optional(
      Type.String({
        description:
          'What counts as pods\' addresses. Without it: spec.clusterCIDR. `""`: nothing is known to be a pod.',
      }),
    ),
    nodePortAddresses: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'The ranges in which a node\'s addresses take NodePorts, or `["primary"]` for its InternalIP alone. Without it: all of them in mode iptables, the primary one in mode nftables.',
      }),
    ),
    iptables: Type.Object(
      {
        ...masquerade,
        localhostNodePorts: Type.Boolean({
          default: true,
          description: "NodePorts answer on 127.0.0.1, too; for that `route_localnet` is on.",
        }),
      },
      { ...nested, title: "iptables", description: "What counts in mode iptables only." },
    ),
    nftables: Type.Object(masquerade, {
      ...nested,
      title: "nftables",
      description: "What counts in mode nftables only.",
    }),
  },
  {
    ...nested,
    title: "proxy",
    description: "How Services are made: kube-proxy's configuration, its field names and its defaults for each mode.",
  },
);

const LoadBalancer = Type.Object(
  {
    addresses: Type.Array(Type.String(), {
      default: [],
      description:
        "CIDRs or ranges such as `192.168.0.240-192.168.0.250` inside nodeCIDR. No node gets one of these addresses. Without any, a Service of type LoadBalancer stays without an address.",
    }),
  },
  { ...nested, title: "loadBalancer", description: "The addresses for Services of type LoadBalancer." },
);

export const LabSpec = Type.Object(
  {
    nodeCIDR: Type.String({
      default: "192.168.0.0/24",
      description: "The node network. Its first address is the router's; nodes get the 11th, the 12th, ... in order.",
    }),
    clusterCIDR: Type.String({
      default: "10.244.0.0/16",
      description: "The pod network. Each node's podCIDR is cut from it in order.",
    }),
    nodeCIDRMaskSize: Type.Integer({
      minimum: 1,
      maximum: 30,
      default: 24,
      description: "Prefix length of the podCIDRs cut from clusterCIDR.",
    }),
    serviceCIDR: Type.String({ default: "10.96.0.0/12", description: "The range of the Services' cluster IPs." }),
    mtu: Type.Integer({
      minimum: 68,
      maximum: 65535,
      default: 1500,
      description: "MTU of the node network; at least 1280 is recommended. The pod network's MTU follows from it.",
    }),
    network: Network,
    proxy: Proxy,
    loadBalancer: LoadBalancer,
    hosts: Type.Record(Type.String(), Host, {
      default: { local: { type: "local" } },
      description:
        "The machines that nodes run on, by name. A node says which one by the annotation `podnet.dev/host`.",
    }),
  },
  { ...nested, title: "spec" },
);

export type LabSpec = Static<typeof LabSpec>;

const Texts = (description: string) => Type.Optional(Type.Record(Type.String(), Type.String(), { description }));

export const LabObject = Type.Object(
  {
    apiVersion: Type.Literal("podnet.dev/v1"),
    kind: Type.Literal("Lab"),
    metadata: Type.Object(
      {
        name: Type.String({ description: "The lab's name, a DNS label. Its network namespaces begin with it." }),
        labels: Texts("For your own use."),
        annotations: Texts("For your own use."),
      },
      { ...strict, default: {}, title: "metadata" },
    ),
    spec: LabSpec,
  },
  { ...strict, title: "Lab" },
);
