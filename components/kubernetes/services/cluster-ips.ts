import { cidr, formatAddress, parseAddress } from "../addresses/cidr";
import { clusterIPsOf } from "../addresses/ranges";
import { type Lab, type Service, keyOf } from "../manifests/types";
import { type Want, band, give } from "./give";
import type { HeldServices } from "./held";

const valueOf = (address: string | undefined): bigint | undefined =>
  address === undefined ? undefined : parseAddress(address)?.value;

/** The cluster IP of each Service by `namespace/name`: "None" of a headless one, "" of type ExternalName. */
export function allocateClusterIPs({ spec, services }: Lab, held: HeldServices): ReadonlyMap<string, string> {
  const range = cidr(spec.serviceCIDR);
  const { first, last } = clusterIPsOf(range);
  // The API server's is nobody else's, though no API server runs here.
  const taken = new Set([first, ...services.flatMap((service) => valueOf(service.spec.clusterIP) ?? [])]);
  const wants = services
    .filter(({ spec }) => spec.type !== "ExternalName" && spec.clusterIP === undefined)
    .map((service): Want => ({ key: keyOf(service), held: valueOf(held.get(keyOf(service))?.clusterIP) }));
  // ipallocator.go: a sixteenth of the range, at most 256 addresses.
  const given = give(wants, band(first, last, 16n, 256n), taken);
  return new Map(
    services.map((service) => {
      const value = given.get(keyOf(service));
      return [keyOf(service), value === undefined ? ownClusterIP(service) : formatAddress(range.family, value)];
    }),
  );
}

const ownClusterIP = ({ spec }: Service): string => (spec.type === "ExternalName" ? "" : (spec.clusterIP ?? ""));
