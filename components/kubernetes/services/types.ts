// Services as the API server would hold them: every default filled in, every address and port given. What proxies read.
import type { Service as Declared } from "../manifests/types";

export type { Endpoint, EndpointSlice, ServicePort } from "../manifests/types";

/** An address of a load balancer. With `Proxy` the load balancer sends to the nodes' own addresses, so nodes need not know this one. */
export interface Ingress {
  readonly ip: string;
  readonly ipMode?: "VIP" | "Proxy";
}

export type Service = Omit<Declared, "spec" | "status"> & {
  readonly spec: Declared["spec"] & {
    /** "None" of a headless Service, "" of type ExternalName. */
    readonly clusterIP: string;
  };
  readonly status: { readonly loadBalancer: { readonly ingress?: readonly Ingress[] } };
};
