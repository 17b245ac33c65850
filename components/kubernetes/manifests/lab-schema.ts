// The object of kind Lab. docs/lab-reference.md is generated from this file, so descriptions are written for lab authors.

import { type Static, Type } from "@sinclair/typebox";

const strict = { additionalProperties: false };

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
  { ...strict, default: {}, title: "network", description: "How pods reach pods on other nodes." },
);

const Proxy = Type.Object(
  {
    mode: Type.Union([Type.Literal("iptables"), Type.Literal("nftables")], {
      default: "iptables",
      description: "kube-proxy's mode: `iptables` or `nftables`.",
    }),
  },
  { ...strict, default: {}, title: "proxy", description: "How Services are made." },
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
    hosts: Type.Record(Type.String(), Host, {
      default: { local: { type: "local" } },
      description:
        "The machines that nodes run on, by name. A node says which one by the annotation `podnet.dev/host`.",
    }),
  },
  { ...strict, default: {}, title: "spec" },
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
