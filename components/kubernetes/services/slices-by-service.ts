import { serviceNameLabel } from "../manifests/types";
import type { EndpointSlice } from "./types";

/** By `namespace/name` of the Service whose label they bear. */
export function slicesByService(slices: readonly EndpointSlice[]): Map<string, EndpointSlice[]> {
  const found = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const { namespace, labels } = slice.metadata;
    const service = `${namespace}/${labels?.[serviceNameLabel] ?? ""}`;
    const its = found.get(service) ?? [];
    found.set(service, its);
    its.push(slice);
  }
  return found;
}
