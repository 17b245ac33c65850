// How traffic for Services comes in from outside: one node answers for each load balancer's address, nodes tell load balancers
// whether they have endpoints, and the router knows the way to external addresses.
import * as pulumi from "@pulumi/pulumi";
import { Process, Route } from "../linux";
import type { Decided } from "./decide";
import type { Images } from "./images";
import type { Lab } from "./manifests";
import { netnsOf } from "./network";
import type { Node } from "./node";
import { announcersOf, localReadyEndpoints } from "./services";
import type { Underlay } from "./underlay";

export interface LoadBalancerArgs {
  readonly lab: Lab;
  readonly decided: Promise<Decided>;
  readonly nodes: Readonly<Record<string, Node>>;
  readonly underlay: Underlay;
  readonly images: Images;
}

export class LoadBalancer extends pulumi.ComponentResource {
  constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("podnet:kubernetes:LoadBalancer", name, {}, opts);
    const { lab, decided, nodes, underlay, images } = args;
    routeExternalIPs(this);
    const balanced = lab.services.filter(({ spec }) => spec.type === "LoadBalancer");
    if (balanced.length > 0) announce(this);
    if (balanced.some(({ spec }) => spec.externalTrafficPolicy === "Local")) answerHealthChecks(this);
    this.registerOutputs();

    /** Nobody announces these to the router, so they lead to the first node, unless a node has the address itself. */
    function routeExternalIPs(parent: LoadBalancer): void {
      const { host, netns, dev, namespace } = underlay.router;
      for (const ip of new Set(lab.services.flatMap(({ spec }) => spec.externalIPs ?? []))) {
        const via = decided.then(({ allocation }) => {
          const addresses = lab.nodes.map(({ metadata }) => allocation.nodes[metadata.name]?.internalIP ?? "");
          return addresses.find((address) => address === ip) ?? addresses[0];
        });
        new Route(
          `${lab.name}.router/${ip}`,
          { host, netns, destination: `${ip}/32`, via, dev },
          { parent, deletedWith: namespace },
        );
      }
    }

    /** Who answers follows from where endpoints are, so it is known only with the addresses. */
    function announce(parent: LoadBalancer): void {
      const program = images.place("speaker");
      pulumi
        .output(
          decided.then(({ services, endpointSlices }) => [
            ...announcersOf(services, endpointSlices, Object.keys(nodes)).entries(),
          ]),
        )
        .apply((announcers) =>
          announcers.map(([ip, node]) =>
            start(parent, node, `speaker ${ip}`, ["perl", program, nodes[node]?.uplink ?? "", ip]),
          ),
        );
    }

    function answerHealthChecks(parent: LoadBalancer): void {
      const program = images.place("health-check");
      pulumi
        .output(decided.then((all) => Object.keys(nodes).flatMap((node) => checksOn(node, all))))
        .apply((checks) =>
          checks.map(({ node, namespace, name, port, endpoints }) =>
            start(
              parent,
              node,
              `health-check ${namespace}/${name}`,
              ["perl", program, `${port}`, namespace, name, `${endpoints}`],
              port,
            ),
          ),
        );
    }

    function start(
      parent: LoadBalancer,
      name: string,
      title: string,
      command: pulumi.Input<string>[],
      port?: number,
    ): void {
      const node = nodes[name];
      if (node === undefined) throw new Error(`no node ${name}`);
      new Process(
        `${netnsOf.node(lab.name, name)}/${title.replace(" ", "/")}`,
        {
          ...{ host: node.host, netns: node.netns, name: title, command: pulumi.all(command), ownMounts: false },
          listens: port === undefined ? [] : [{ protocol: "TCP", port }],
        },
        { parent, deletedWith: node.namespace },
      );
    }
  }
}

interface HealthCheck {
  readonly node: string;
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly endpoints: number;
}

/** kube-proxy answers for each Service that has a port for it. */
function checksOn(node: string, { services, endpointSlices }: Decided): HealthCheck[] {
  return services.flatMap((service) => {
    const { metadata, spec } = service;
    if (spec.type !== "LoadBalancer" || spec.externalTrafficPolicy !== "Local" || !spec.healthCheckNodePort) return [];
    const { namespace, name } = metadata;
    const endpoints = localReadyEndpoints(service, endpointSlices, node);
    return [{ node, namespace, name, port: spec.healthCheckNodePort, endpoints }];
  });
}
