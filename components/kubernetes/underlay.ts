// What a cluster stands in: a switch that the nodes plug into, a router, and behind it a client that is no part of the
// cluster. Each lies in a namespace of its own, so the host's own network stays as it was.
import * as pulumi from "@pulumi/pulumi";
import { Bridge, NetworkNamespace, Route, Sysctl, Veth } from "../linux";
import { clientNetwork } from "./network";

export interface UnderlayArgs {
  readonly lab: string;
  readonly host: string;
  /** Largest packet of the node network, in bytes. */
  readonly mtu: number;
  /** The router's address in the node network, with its prefix length. */
  readonly routerAddress: string;
}

/** What a node needs to plug in. */
export interface Switch {
  readonly netns: pulumi.Output<string>;
  readonly bridge: pulumi.Output<string>;
}

/** What a way through the router needs. */
export interface Router {
  readonly host: string;
  readonly netns: pulumi.Output<string>;
  /** Its interface in the node network. */
  readonly dev: pulumi.Output<string>;
  readonly namespace: NetworkNamespace;
}

export class Underlay extends pulumi.ComponentResource {
  readonly switch: Switch;
  readonly router: Router;
  readonly client: { readonly host: string; readonly netns: pulumi.Output<string>; readonly ip: string };

  constructor(name: string, args: UnderlayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("podnet:kubernetes:Underlay", name, {}, opts);
    const { lab, host, mtu, routerAddress } = args;
    const namespace = (role: string): NetworkNamespace =>
      new NetworkNamespace(`${lab}.${role}`, { host, name: `${lab}.${role}` }, { parent: this });
    const [switchSpace, router, client] = [namespace("switch"), namespace("router"), namespace("client")];
    const inRouter = { parent: this, deletedWith: router };

    // No node may be called "switch" or "router", so no port is called as the bridge or as another port.
    const bridge = new Bridge(
      `${lab}.switch/switch`,
      { host, netns: switchSpace.name, name: "switch", mtu },
      { parent: this, deletedWith: switchSpace },
    );
    new Sysctl(
      `${lab}.router/ip_forward`,
      { host, netns: router.name, name: "net.ipv4.ip_forward", value: "1" },
      inRouter,
    );
    const uplink = new Veth(
      `${lab}.router/eth0`,
      {
        ...{ host, netns: router.name, name: "eth0", mtu, addresses: [routerAddress] },
        peer: { netns: switchSpace.name, name: "router", mtu, master: bridge.name },
      },
      inRouter,
    );
    const cable = new Veth(
      `${lab}.client/eth0`,
      {
        ...{
          host,
          netns: client.name,
          name: "eth0",
          mtu,
          addresses: [`${clientNetwork.client}/${clientNetwork.prefix}`],
        },
        peer: { netns: router.name, name: "eth1", mtu, addresses: [`${clientNetwork.router}/${clientNetwork.prefix}`] },
      },
      { parent: this, deletedWith: client },
    );
    new Route(
      `${lab}.client/default`,
      { host, netns: client.name, destination: "default", via: clientNetwork.router, dev: cable.name },
      { parent: this, deletedWith: client },
    );
    this.switch = { netns: switchSpace.name, bridge: bridge.name };
    this.router = { host, netns: router.name, dev: uplink.name, namespace: router };
    this.client = { host, netns: client.name, ip: clientNetwork.client };
    this.registerOutputs();
  }
}
