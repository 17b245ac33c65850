// Addresses outside the cluster for Services: those of load balancers, and external IPs.

import { type Range, cidr, formatCidr, holds, sizeOf } from "../../addresses/cidr";
import { usable } from "../../addresses/ranges";
import type { Entry } from "../objects";
import type { Path } from "../source";
import type { WrittenService } from "../types";
import { Asked, reportRoom } from "./asked";
import { type Context, placeOf } from "./context";
import { whose } from "./nodes";
import type { Ranges } from "./ranges";
import { readAddress, readDestination } from "./values";

type Service = Entry<WrittenService>;

const poolPath: Path = ["spec", "loadBalancer", "addresses"];

export function checkLoadBalancers(context: Context, ranges: Ranges): void {
  const asked = new Asked<bigint>();
  let wanting = 0;
  for (const service of context.services) {
    const { type, loadBalancerClass } = service.value.spec ?? {};
    const given = givenTo(context, service);
    if (type !== "LoadBalancer") continue;
    for (const { ip, path } of given) checkGiven(context, service, path, ip, ranges, asked);
    if (given.length === 0) warnOfNone(context, service, ranges.pool, loadBalancerClass);
    wanting += given.length > 0 || loadBalancerClass ? given.length : 1;
  }
  const room = ranges.pool?.reduce((sum, range) => sum + Number(sizeOf(range)), 0) ?? 0;
  if (room > 0 && wanting > room)
    reportRoom(
      context,
      poolPath,
      `spec.loadBalancer.addresses has room for ${room}, but the lab's Services want ${wanting}; add more`,
    );
}

/** The addresses that the author wants for a Service, each with its place. */
function givenTo(context: Context, service: Service): { ip: string; path: Path }[] {
  const { type, loadBalancerIP } = service.value.spec ?? {};
  const given = (service.value.status?.loadBalancer?.ingress ?? []).flatMap((ingress, index) =>
    ingress?.ip ? [{ ip: ingress.ip, path: ["status", "loadBalancer", "ingress", index, "ip"] }] : [],
  );
  const path = ["spec", "loadBalancerIP"];
  const [first] = given;
  if (first !== undefined && type !== "LoadBalancer")
    context.problem(
      service,
      first.path,
      "status.loadBalancer.ingress is for Services of type LoadBalancer only; leave it out",
    );
  if (!loadBalancerIP) return given;
  if (first === undefined) return [{ ip: loadBalancerIP, path }];
  if (!given.some(({ ip }) => ip === loadBalancerIP))
    context.problem(
      service,
      path,
      `loadBalancerIP ${loadBalancerIP} is not in status.loadBalancer.ingress, which has ${first.ip}; write the same, or one of the two`,
    );
  return given;
}

function checkGiven(
  context: Context,
  service: Service,
  path: Path,
  ip: string,
  { nodeCIDR, pool }: Ranges,
  asked: Asked<bigint>,
): void {
  const fault = (message: string): void => context.problem(service, path, `load balancer address ${ip} ${message}`);
  const address = readAddress(context, service, path, "load balancer address", ip, "192.168.0.240");
  if (address === undefined || pool === undefined || nodeCIDR === undefined) return;
  if (pool.length === 0)
    fault("is not the lab's to give: it has none; add spec.loadBalancer.addresses to the Lab, with this address");
  else if (holds(nodeCIDR, address) && !usable(nodeCIDR, address))
    fault(`is ${whose(nodeCIDR, address)} in nodeCIDR ${formatCidr(nodeCIDR)}; choose another`);
  else if (!pool.some((range) => holds(range, address)))
    fault("is not in spec.loadBalancer.addresses of the Lab; choose one of those, or add it there");
  else {
    const other = asked.by(service, path, address);
    if (other !== undefined) fault(`is already that of ${other}; choose another`);
  }
}

function warnOfNone(
  context: Context,
  service: Service,
  pool: readonly Range[] | undefined,
  loadBalancerClass: string | undefined,
): void {
  if (loadBalancerClass)
    context.warning(
      service,
      ["spec", "loadBalancerClass"],
      `there is no load balancer of class ${loadBalancerClass} in a lab, so this Service gets no address from one; leave the class out for the lab's own`,
    );
  else if (pool?.length === 0)
    context.warning(
      service,
      ["spec", "type"],
      "the lab has no addresses for load balancers, so this Service stays without one (pending); add spec.loadBalancer.addresses to the Lab",
    );
}

const clientNetwork = cidr("203.0.113.0/24");

/** Two Services may share an address when they have different ports. */
export function checkExternalIPs(context: Context, { nodeCIDR }: Ranges): void {
  const asked = new Asked<string>();
  for (const service of context.services) {
    const { externalIPs = [], ports = [] } = service.value.spec ?? {};
    const own = new Map<bigint, Path>();
    for (const [index, ip = ""] of externalIPs.entries()) {
      const path = ["spec", "externalIPs", index];
      const address = readDestination(context, service, path, "externalIP", ip, "198.51.100.10");
      if (address === undefined) continue;
      const same = own.get(address);
      if (same !== undefined) {
        context.warning(
          service,
          path,
          `externalIP ${ip} is already at ${placeOf(service, same)}, and once is enough; leave one out`,
        );
        continue;
      }
      own.set(address, path);
      if (nodeCIDR !== undefined && holds(nodeCIDR, address) && !usable(nodeCIDR, address))
        context.warning(
          service,
          path,
          `externalIP ${ip} is ${whose(nodeCIDR, address)} in nodeCIDR ${formatCidr(nodeCIDR)}, so connections to it may not come to the Service; choose one such as 198.51.100.10`,
        );
      if (holds(clientNetwork, address))
        context.warning(
          service,
          path,
          `externalIP ${ip} is in the outside client's own network ${formatCidr(clientNetwork)}, so the client will not send to the router what is for it; choose one such as 198.51.100.10`,
        );
      for (const port of ports) {
        const key = `${port?.port}/${port?.protocol ?? "TCP"}`;
        const other = asked.by(service, path, `${address}:${key}`);
        if (other !== undefined)
          context.warning(
            service,
            path,
            `port ${key} of externalIP ${ip} is already that of ${other}; connections reach only one of the two`,
          );
      }
    }
  }
}
