// A pod: a network namespace that its pause process holds, an address, a cable to its node's bridge, and its containers as
// processes. Everything is as the CNI plugins bridge, host-local and loopback leave it when kubenet calls them.
import * as pulumi from "@pulumi/pulumi";
import { File, NetworkNamespace, Process, Route, Veth } from "../linux";
import type { Images } from "./images";
import { type Container, type LabSpec, type Pod as PodObject, podKey } from "./manifests/types";
import { netnsOf, podInterface, podMtu, reservationsFolder, vethName } from "./network";

/** Where the pod has been placed. */
export interface Placement {
  readonly node: string;
  readonly nodeNetns: string;
  readonly bridge: string;
  readonly ip: string;
  /** The bridge's address. */
  readonly gateway: string;
  readonly podCIDR: string;
  readonly containerID: string;
}

export interface PodArgs {
  readonly lab: string;
  readonly host: string;
  readonly spec: LabSpec;
  readonly pod: PodObject;
  readonly placement: pulumi.Output<Placement>;
  readonly images: Images;
}

export class Pod extends pulumi.ComponentResource {
  readonly netns: pulumi.Output<string>;
  /** host-local's file for its address; a pod on its node's own network has none. */
  readonly reservation: File | undefined;
  readonly containers: readonly Process[];

  constructor(name: string, args: PodArgs, opts?: pulumi.ComponentResourceOptions) {
    super("podnet:kubernetes:Pod", name, {}, opts);
    const { lab, host, spec, pod, placement, images } = args;
    const key = podKey(pod);
    const full = netnsOf.pod(lab, key);
    const from = <K extends keyof Placement>(property: K): pulumi.Output<string> =>
      placement.apply((place) => place[property]);

    this.reservation = pod.spec.hostNetwork ? undefined : createReservation(this);
    const { netns, inside } = this.reservation
      ? createNetwork(this, this.reservation)
      : { netns: from("nodeNetns"), inside: { parent: this } };
    this.containers = pod.spec.containers.map(createContainer);
    this.netns = netns;
    this.registerOutputs();

    function createNetwork(parent: Pod, reservation: File) {
      const namespace = new NetworkNamespace(
        full,
        // kubenet, before the plugins: an address that host-local gave needs no duplicate address detection.
        { host, name: full, sysctls: { "net.ipv6.conf.default.dad_transmits": "0" } },
        { parent, dependsOn: [reservation] },
      );
      const inside = { parent, deletedWith: namespace };
      new Process(
        `${full}/pause`,
        { host, netns: namespace.name, name: key, command: images.pauseCommand(full), ownMounts: false },
        inside,
      );
      const cable = createCable(namespace, parent);
      const route = new Route(
        `${full}/default`,
        { host, netns: namespace.name, destination: "default", via: from("gateway"), dev: cable.name },
        inside,
      );
      const netns = pulumi.all([namespace.name, route.destination]).apply(([name]) => name);
      // A container starts in a namespace that has its network, and goes with it.
      return { netns, inside };
    }

    function createReservation(parent: Pod): File {
      const path = placement.apply(({ node, ip }) => `${reservationsFolder(lab, node)}/${ip}`);
      const content = placement.apply(({ containerID }) => `${containerID}\r\n${podInterface}`);
      return new File(`${full}/reservation`, { host, path, content, mode: "0600" }, { parent });
    }

    function createCable(namespace: NetworkNamespace, parent: Pod): Veth {
      const mtu = podMtu(spec);
      return new Veth(
        `${full}/${podInterface}`,
        {
          ...{ host, netns: namespace.name, name: podInterface, mtu },
          addresses: placement.apply(({ ip, podCIDR }) => [`${ip}/${podCIDR.split("/")[1]}`]),
          conf: { ipv4: { arp_notify: 1 }, ipv6: { accept_dad: 0 } },
          peer: {
            ...{ netns: from("nodeNetns"), name: vethName(full), mtu, master: from("bridge"), hairpin: true },
            conf: { ipv6: { accept_ra: 0 } },
          },
        },
        { parent, deletedWith: namespace },
      );
    }

    function createContainer(container: Container): Process {
      const { command = [], ports = [], env = [] } = container;
      const hostname = pod.metadata.name;
      return new Process(
        `${full}/${container.name}`,
        {
          ...{ host, netns, name: `${key}/${container.name}` },
          command: images.containerCommand(hostname, container),
          // The stand-in server looks at no file.
          ownMounts: command.length > 0,
          env: Object.fromEntries<string>([
            ["HOSTNAME", hostname],
            ...env.map(({ name, value = "" }): [string, string] => [name, value]),
          ]),
          listens: ports.map(({ protocol, containerPort }) => ({ protocol, port: containerPort })),
        },
        inside,
      );
    }
  }
}
