import { type Cidr, formatCidr, holds, parseAddress } from "../../addresses/cidr";
import { gatewayOf, usable } from "../../addresses/ranges";
import type { Entry } from "../objects";
import { dnsSubdomain, nameFault } from "../names";
import type { Path } from "../source";
import { nearest, listed, quoted } from "../suggest";
import { type Node, hostAnnotation } from "../types";
import { type Context, checkNames, nameOf, namePath, placeOf } from "./context";
import { checkPodCIDRs } from "./pod-cidrs";
import type { Ranges } from "./ranges";
import { addressFault } from "./values";

/** The network namespaces that every lab has beside its nodes and pods. */
const ownNamespaces = ["client", "router", "switch"];

/** @returns the podCIDRs that authors gave, by node */
export function checkNodes(context: Context, ranges: Ranges): ReadonlyMap<Entry<Node>, Cidr> {
  checkNames(context, "node", context.nodes);
  for (const node of context.nodes) {
    const name = nameOf(node);
    if (name === undefined) continue;
    const fault = nameFault("node name", name, dnsSubdomain);
    if (fault !== undefined) context.problem(node, namePath, fault);
    else if (ownNamespaces.includes(name))
      context.problem(
        node,
        namePath,
        `no node can be called ${name}: the lab's own ${name} has that name; choose another`,
      );
  }
  checkHosts(context);
  checkInternalIPs(context, ranges);
  return checkPodCIDRs(context, ranges);
}

const hostPath: Path = ["metadata", "annotations", hostAnnotation];

function checkHosts(context: Context): void {
  const { lab, nodes, spec } = context;
  if (lab === undefined || lab.isBroken(["spec", "hosts"])) return;
  const hosts = Object.keys(spec.hosts);
  const partial = lab.isPartial(["spec", "hosts"]); // the first host, where nodes go that name none, may be missing
  let first: { host: string; node: string } | undefined;
  for (const node of nodes) {
    const host = node.value.metadata?.annotations?.[hostAnnotation] ?? hosts[0];
    if (host === undefined || node.isBroken(hostPath)) continue;
    // A host whose settings were wrong is missing from the spec, and yet known.
    if (!hosts.includes(host) && !lab.isBroken(["spec", "hosts", host])) {
      const meant = nearest(host, hosts);
      const hint = meant === undefined ? `the lab has ${listed(hosts)}` : `did you mean "${meant}"?`;
      context.problem(node, hostPath, `unknown host ${quoted(host)}; ${hint}`);
      continue;
    }
    first ??= { host, node: nameOf(node) ?? "the first node" };
    if (host !== first.host && !partial)
      context.problem(
        node,
        hostPath,
        `this node is on host ${host}, but ${first.node} is on ${first.host}; podnet does not build labs over several hosts yet, so put all nodes on one`,
      );
  }
}

function checkInternalIPs(context: Context, { nodeCIDR, pool = [] }: Ranges): void {
  const seen = new Map<bigint, string>();
  for (const node of context.nodes) {
    let count = 0;
    for (const [index, entry] of (node.value.status?.addresses ?? []).entries()) {
      if (entry?.type !== "InternalIP" || entry.address === undefined) continue;
      const path = ["status", "addresses", index, "address"];
      const fault = (message: string): void =>
        context.problem(node, path, `InternalIP ${quoted(entry.address ?? "")} ${message}`);
      const wrong = addressFault(entry.address, "192.168.0.11");
      const address = parseAddress(entry.address)?.value ?? 0n;
      if (wrong !== undefined) fault(wrong);
      else if (++count > 1) fault("is the second of this node; give a node one InternalIP");
      else if (nodeCIDR !== undefined && !holds(nodeCIDR, address))
        fault(`is outside nodeCIDR ${formatCidr(nodeCIDR)}; choose an address inside`);
      else if (nodeCIDR !== undefined && !usable(nodeCIDR, address))
        fault(`is ${whose(nodeCIDR, address)} in nodeCIDR ${formatCidr(nodeCIDR)}; choose another`);
      else if (pool.some((range) => holds(range, address)))
        fault("is one of the load balancers' (spec.loadBalancer.addresses of the Lab); choose another");
      else if (seen.has(address)) fault(`is already at ${seen.get(address)}; give each node its own`);
      else seen.set(address, placeOf(node, path));
    }
  }
}

export function whose(range: Cidr, address: bigint): string {
  if (address === gatewayOf(range)) return "the router's address";
  return address === range.first ? "the network address" : "the broadcast address";
}
