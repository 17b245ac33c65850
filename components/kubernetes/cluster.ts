// A cluster: the nodes, what they stand in, and the pods on them. Addresses come first, for all of it, so that a preview
// knows every one of them; then each part is told its own.
import { setImmediate } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { File, type Process, Provider } from "../linux";
import type { Allocation } from "./addresses";
import { cidr, formatAddress } from "./addresses/cidr";
import { gatewayOf } from "./addresses/ranges";
import { type Decided, decide, proxyInput } from "./decide";
import { createHostPorts } from "./host-ports";
import { LoadBalancer } from "./load-balancer";
import { createLastReserved } from "./last-reserved";
import { Images } from "./images";
import {
  type ContainerPort,
  type Lab,
  type LabObjects,
  hostOf,
  hostPortsOf,
  keyOf,
  podKey,
  validateLab,
} from "./manifests";
import { Node } from "./node";
import { Pod } from "./pod";
import { proxiedPorts } from "./proxy";
import { ServiceProxy } from "./service-proxy";
import { type ServiceOutput, hasLease, serviceLease, serviceOutputs, servicePath, slicesByService } from "./services";
import { Underlay } from "./underlay";

/** What a person or a script needs to find its way: `pulumi stack output --json`. */
export interface ClusterOutputs {
  readonly lab: string;
  readonly nodes: pulumi.Output<Record<string, { host: string; netns: string; internalIP: string; podCIDR: string }>>;
  readonly pods: pulumi.Output<
    Record<string, { node: string; host: string; netns: string; ip: string; hostPorts?: readonly ContainerPort[] }>
  >;
  readonly clients: pulumi.Output<{ client: { host: string; netns: string; ip: string } }>;
  readonly services: pulumi.Output<Record<string, ServiceOutput>>;
}

/** A checked lab, as `loadLab` gives it, or its objects, which are checked here. */
export type ClusterArgs = Lab | LabObjects;

const isChecked = (args: ClusterArgs): args is Lab => "warnings" in args;

export class Cluster extends pulumi.ComponentResource {
  readonly outputs: ClusterOutputs;
  readonly nodes: Readonly<Record<string, Node>>;
  readonly pods: Readonly<Record<string, Pod>>;
  readonly underlay: Underlay;

  /** @throws LabError with all that is wrong with the lab, before anything is declared */
  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    const lab = isChecked(args) ? args : validateLab(args);
    const provider = new Provider(lab.name, { lab: lab.name, hosts: lab.spec.hosts }, { parent: opts?.parent });
    super("podnet:kubernetes:Cluster", name, {}, { ...opts, providers: { podnet: provider } });
    for (const { file, line, column, message } of lab.warnings)
      void pulumi.log.warn([file, line, column].filter((part) => part !== undefined).join(":") + `: ${message}`, this);

    // A checked lab has at least one node, and all of them are on one host.
    const host = hostOf(lab.nodes[0] as Lab["nodes"][number]);
    const decided = decide(lab, host, provider);
    // No Output: Pulumi searches an Output's whole value each time that something is made of it.
    const allocation = decided.then(({ allocation }) => allocation);
    const router = routerOf(lab);
    this.underlay = new Underlay(
      `${lab.name}.underlay`,
      { lab: lab.name, host, mtu: lab.spec.mtu, routerAddress: `${router}/${lab.spec.nodeCIDR.split("/")[1]}` },
      { parent: this },
    );
    const images = new Images(`${lab.name}.images`, { lab: lab.name, host }, { parent: this });
    this.nodes = createNodes(lab, allocation, this.underlay, router, this);
    this.pods = createPods(lab, host, allocation, this.nodes, images, this);
    createLastReserved(lab.name, allocation, this.nodes, this.pods);
    createHostPorts(lab, decided, this.nodes);
    createServices(lab, host, decided, this.nodes, this.pods, this);
    new LoadBalancer(
      `${lab.name}.load-balancer`,
      { lab, decided, nodes: this.nodes, underlay: this.underlay, images },
      { parent: this },
    );
    const services = decided.then(({ services, endpointSlices }) => serviceOutputs(services, endpointSlices));
    this.outputs = {
      ...outputsOf(lab, allocation, this.underlay, this.nodes, this.pods),
      services: pulumi.output(services),
    };
    this.registerOutputs();
  }
}

/** The first address of the node network. */
function routerOf({ spec }: Lab): string {
  const network = cidr(spec.nodeCIDR);
  return formatAddress(network.family, gatewayOf(network));
}

/** What every node or pod of a checked lab has. */
function known<T>(record: Readonly<Record<string, T>>, key: string): T {
  const value = record[key];
  if (value === undefined) throw new Error(`${key} has no addresses`);
  return value;
}

function createNodes(lab: Lab, allocation: Promise<Allocation>, underlay: Underlay, router: string, parent: Cluster) {
  const addresses = Object.fromEntries(
    lab.nodes.map(({ metadata: { name } }) => [
      name,
      pulumi.output(allocation.then(({ nodes }) => known(nodes, name))),
    ]),
  );
  const nodes: Record<string, Node> = {};
  for (const node of lab.nodes) {
    const { [node.metadata.name]: own, ...peers } = addresses;
    const common = { lab: lab.name, host: hostOf(node), spec: lab.spec, switch: underlay.switch, router };
    nodes[node.metadata.name] = new Node(
      node.metadata.name,
      { ...common, addresses: own as pulumi.Output<Allocation["nodes"][string]>, peers },
      { parent },
    );
  }
  return nodes;
}

/** What these need goes to Pulumi before the next ones are prepared, so that it does not wait until thousands are. */
const podsAtOnce = 20;

function createPods(
  lab: Lab,
  host: string,
  allocation: Promise<Allocation>,
  nodes: Readonly<Record<string, Node>>,
  images: Images,
  parent: Cluster,
) {
  const pods: Record<string, Pod> = {};
  let turn = allocation;
  for (const [i, pod] of lab.pods.entries()) {
    if (i % podsAtOnce === 0) turn = turn.then((all) => setImmediate(all));
    const key = podKey(pod);
    const placement = turn.then((all) => {
      const { node, ip, containerID } = known(all.pods, key);
      const { gateway, podCIDR } = known(all.nodes, node);
      const { netns, bridge } = known(nodes, node);
      return { node, nodeNetns: netns, bridge, ip, gateway, podCIDR, containerID };
    });
    pods[key] = new Pod(
      key,
      { lab: lab.name, host, spec: lab.spec, pod, placement: pulumi.output(placement), images },
      { parent },
    );
  }
  return pods;
}

/** What each Service has been given, and on every node the rules that make it work. */
function createServices(
  lab: Lab,
  host: string,
  decided: Promise<Decided>,
  nodes: Readonly<Record<string, Node>>,
  pods: Readonly<Record<string, Pod>>,
  parent: Cluster,
): void {
  for (const service of lab.services.filter(hasLease)) {
    const key = keyOf(service);
    const content = decided.then(({ services }) => {
      const given = services.find((other) => keyOf(other) === key);
      return given === undefined ? "" : serviceLease(given);
    });
    new File(`${lab.name}/${key}`, { host, path: servicePath(lab.name, service), content }, { parent });
  }
  const ports = proxiedPorts(lab.services);
  const { mode } = lab.spec.proxy;
  const hasConntrack = decided.then(({ features }) => features.conntrack);
  const endpoints = decided.then((all) => containersBehind(all, pods));
  for (const [name, node] of Object.entries(nodes)) {
    const input = decided.then((all) => proxyInput(lab, name, all));
    new ServiceProxy(name, { lab: lab.name, node, ports, mode, input, hasConntrack, endpoints }, { parent: node });
  }
}

/** The containers that each Service leads to: of all pods that have an endpoint's address, whoever wrote the endpoint. */
function containersBehind(
  { allocation, endpointSlices }: Decided,
  pods: Readonly<Record<string, Pod>>,
): Map<string, readonly Process[]> {
  const byAddress = new Map<string, Process[]>();
  for (const [key, { containers }] of Object.entries(pods)) {
    const { ip } = known(allocation.pods, key);
    byAddress.set(ip, [...(byAddress.get(ip) ?? []), ...containers]);
  }
  return new Map(
    [...slicesByService(endpointSlices)].map(([service, slices]) => {
      const addresses = new Set(slices.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses)));
      return [service, [...addresses].flatMap((address) => byAddress.get(address) ?? [])];
    }),
  );
}

function outputsOf(
  lab: Lab,
  allocation: Promise<Allocation>,
  { client }: Underlay,
  nodes: Readonly<Record<string, Node>>,
  pods: Readonly<Record<string, Pod>>,
): Omit<ClusterOutputs, "services"> {
  const netnsOfAll = (parts: Readonly<Record<string, { netns: pulumi.Output<string> }>>) =>
    pulumi.output(Object.fromEntries(Object.entries(parts).map(([name, { netns }]) => [name, netns])));
  return {
    lab: lab.name,
    nodes: pulumi.all([allocation, netnsOfAll(nodes)]).apply(([all, netns]) =>
      Object.fromEntries(
        lab.nodes.map((node) => {
          const { name } = node.metadata;
          const { internalIP, podCIDR } = known(all.nodes, name);
          return [name, { host: hostOf(node), netns: known(netns, name), internalIP, podCIDR }];
        }),
      ),
    ),
    pods: pulumi.all([allocation, netnsOfAll(pods)]).apply(([all, netns]) =>
      Object.fromEntries(
        lab.pods.map((pod) => {
          const { node, ip } = known(all.pods, podKey(pod));
          const hostPorts = hostPortsOf(pod);
          const place = { node, host: client.host, netns: known(netns, podKey(pod)), ip };
          return [podKey(pod), hostPorts.length === 0 ? place : { ...place, hostPorts }];
        }),
      ),
    ),
    clients: client.netns.apply((netns) => ({ client: { host: client.host, netns, ip: client.ip } })),
  };
}
