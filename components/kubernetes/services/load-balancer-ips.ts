import { type Range, formatAddress, holds, parseAddress } from "../addresses/cidr";
import { poolOf } from "../addresses/ranges";
import { type Lab, type Service, keyOf } from "../manifests/types";
import type { HeldServices } from "./held";
import type { Ingress } from "./types";

/**
 * The load balancers' addresses of each Service by `namespace/name`: what its author asks for, or what it holds, or the first
 * free one of the pool, as MetalLB gives them. When there is none a Service waits, without an address.
 *
 * @param internalIPs of the nodes: one that was there before the pool keeps its address
 */
export function allocateLoadBalancerIPs(
  { spec, services }: Lab,
  internalIPs: readonly string[],
  held: HeldServices,
): ReadonlyMap<string, readonly Ingress[]> {
  const pool = poolOf(spec);
  const balanced = services.filter((service) => service.spec.type === "LoadBalancer");
  const given = new Map(balanced.map((service) => [keyOf(service), askedBy(service)]));
  const taken = new Set(internalIPs);
  for (const { ip } of [...given.values()].flat()) taken.add(ip);

  // Of another class's load balancer nobody here knows the addresses.
  const wanting = balanced.filter(
    ({ spec, ...service }) => !spec.loadBalancerClass && !given.get(keyOf(service))?.length,
  );
  const give = (service: Service, ip: string | undefined): void => {
    if (ip === undefined || taken.has(ip) || given.get(keyOf(service))?.length) return;
    given.set(keyOf(service), [{ ip, ipMode: "VIP" }]);
    taken.add(ip);
  };
  for (const service of wanting)
    give(
      service,
      held.get(keyOf(service))?.loadBalancerIPs.find((ip) => isIn(pool, ip)),
    );
  const free = addressesIn(pool, taken);
  for (const service of wanting) if (!given.get(keyOf(service))?.length) give(service, free.next().value);
  return given;
}

const askedBy = ({ status }: Service): Ingress[] =>
  (status.loadBalancer.ingress ?? []).flatMap(({ ip, ipMode = "VIP" }) => (ip === undefined ? [] : [{ ip, ipMode }]));

function isIn(pool: readonly Range[], ip: string): boolean {
  const address = parseAddress(ip);
  return pool.some((range) => address?.family === range.family && holds(range, address.value));
}

function* addressesIn(pool: readonly Range[], taken: ReadonlySet<string>): Generator<string, undefined> {
  for (const { family, first, last } of pool)
    for (let address = first; address <= last; address++) {
      const ip = formatAddress(family, address);
      if (!taken.has(ip)) yield ip;
    }
}
