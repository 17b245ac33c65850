// Cluster IPs and node ports that authors ask for: in range, and each only once. And room for the rest.

import { formatCidr, holds, sizeOf } from "../../addresses/cidr";
import { clusterIPsOf, nodePorts } from "../../addresses/ranges";
import type { Path } from "../source";
import { nearest, quoted } from "../suggest";
import { Asked, reportRoom } from "./asked";
import { type Context, keyOf, placeOf } from "./context";
import { whose } from "./nodes";
import type { Ranges } from "./ranges";
import { readAddress } from "./values";

/** Every cluster has it, with the first address of the range. */
const apiServer = "default/kubernetes";

export function checkClusterIPs(context: Context, { serviceCIDR }: Ranges): void {
  const asked = new Asked<bigint>();
  let wanting = 0;
  for (const service of context.services) {
    const { type = "ClusterIP", clusterIP, clusterIPs: [first] = [] } = service.value.spec ?? {};
    const path = clusterIP ? ["spec", "clusterIP"] : ["spec", "clusterIPs", 0];
    const text = clusterIP || first;
    const fault = (message: string): void => context.problem(service, path, `clusterIP ${text} ${message}`);
    if (clusterIP && first && clusterIP !== first)
      context.problem(
        service,
        ["spec", "clusterIPs", 0],
        `clusterIPs begins with ${first}, but clusterIP is ${clusterIP}; write the same, or clusterIP alone`,
      );
    if (type === "ExternalName" || text === "None") {
      if (text && type !== "ClusterIP") fault(`is nothing for a Service of type ${type}; leave it out`);
      continue;
    }
    wanting++;
    if (!text) continue;
    if (nearest(text, ["None"]) !== undefined) {
      context.problem(service, path, `unknown clusterIP ${quoted(text)}; did you mean "None"?`);
      continue;
    }
    const address = readAddress(context, service, path, "clusterIP", text, "10.96.0.20");
    if (address === undefined || serviceCIDR === undefined) continue;
    const range = `serviceCIDR ${formatCidr(serviceCIDR)}`;
    const ips = clusterIPsOf(serviceCIDR);
    if (!holds(serviceCIDR, address)) fault(`is outside ${range}; choose an address inside, or leave it out`);
    else if (!holds(ips, address)) fault(`is ${whose(serviceCIDR, address)} in ${range}; choose another`);
    else if (address === ips.first && keyOf(service) !== apiServer)
      fault(`is the API server's in every cluster (Service ${apiServer}); choose another`);
    else {
      const other = asked.by(service, path, address);
      if (other !== undefined) fault(`is already that of ${other}; choose another, or leave it out`);
    }
  }
  const room = serviceCIDR === undefined ? Infinity : Number(sizeOf(clusterIPsOf(serviceCIDR))) - 1;
  if (serviceCIDR !== undefined && wanting > room)
    reportRoom(
      context,
      ["spec", "serviceCIDR"],
      `serviceCIDR ${formatCidr(serviceCIDR)} has cluster IPs for ${Math.max(0, room)} Services (the first is the API server's), but the lab has ${wanting}; use a larger one`,
    );
}

export function checkNodePorts(context: Context): void {
  const asked = new Asked<number>();
  const { first, last } = nodePorts;
  let wanting = 0;
  for (const service of context.services) {
    const { type, ports = [], healthCheckNodePort, ...spec } = service.value.spec ?? {};
    const ask = (path: Path, port: number | undefined): void => {
      if (!port) return;
      const fault = (message: string): void =>
        context.problem(service, path, `${String(path.at(-1))} ${port} ${message}`);
      if (port < first || port > last)
        return fault(`is outside the node ports ${first} to ${last}; choose one of them, or leave it out`);
      const other = asked.by(service, path, port);
      if (other !== undefined) fault(`is already that of ${other}; choose another, or leave it out`);
    };
    for (const [index, port] of ports.entries()) ask(["spec", "ports", index, "nodePort"], port?.nodePort);
    const balanced = type === "LoadBalancer";
    if (type === "NodePort" || (balanced && spec.allocateLoadBalancerNodePorts !== false)) wanting += ports.length;
    if (!balanced || spec.externalTrafficPolicy !== "Local") continue;
    const own = ports.findIndex((port) => healthCheckNodePort && port?.nodePort === healthCheckNodePort);
    if (own < 0) ask(["spec", "healthCheckNodePort"], healthCheckNodePort);
    else
      context.problem(
        service,
        ["spec", "healthCheckNodePort"],
        `healthCheckNodePort ${healthCheckNodePort} is already the nodePort at ${placeOf(service, ["spec", "ports", own, "nodePort"])}; choose another, or leave it out`,
      );
    wanting++;
  }
  if (wanting > last - first + 1)
    reportRoom(
      context,
      ["spec", "ports"],
      `there are ${last - first + 1} node ports, but the lab's Services want ${wanting}; use Services of type ClusterIP`,
    );
}
