// Services and endpoints as their authors want them. Defaults that need no other object are filled in; addresses and node
// ports are there where they were asked for. components/kubernetes/services gives the rest.

import type { Namespaced, Protocol } from "./metadata";

export type ServiceType = "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
export type TrafficPolicy = "Cluster" | "Local";

export interface ServicePort {
  /** "" where the Service has one port and names it not. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** The port itself where the file says nothing; a name is looked up in each pod. */
  readonly targetPort: number | string;
  readonly nodePort?: number;
}

/** An address for traffic from outside; that of spec.loadBalancerIP comes here, too. */
export interface LoadBalancerIngress {
  readonly ip?: string;
  readonly ipMode?: "VIP" | "Proxy";
}

export interface Service {
  readonly metadata: Namespaced;
  readonly spec: {
    readonly type: ServiceType;
    /** "None" of a headless Service. */
    readonly clusterIP?: string;
    readonly ports: readonly ServicePort[];
    readonly selector?: Readonly<Record<string, string>>;
    /** Of type ExternalName. */
    readonly externalName?: string;
    readonly externalIPs?: readonly string[];
    readonly sessionAffinity: "None" | "ClientIP";
    readonly sessionAffinityConfig?: { readonly clientIP: { readonly timeoutSeconds: number } };
    readonly internalTrafficPolicy: TrafficPolicy;
    /** Of a Service that can be reached from outside. */
    readonly externalTrafficPolicy?: TrafficPolicy;
    readonly allocateLoadBalancerNodePorts?: boolean;
    readonly loadBalancerClass?: string;
    readonly loadBalancerSourceRanges?: readonly string[];
    readonly healthCheckNodePort?: number;
    readonly publishNotReadyAddresses: boolean;
  };
  readonly status: { readonly loadBalancer: { readonly ingress?: readonly LoadBalancerIngress[] } };
}

/** With the fields that say in another way what other fields say, or that are looked at only to be refused. */
export type WrittenService = Omit<Service, "spec"> & {
  readonly spec: Service["spec"] & {
    readonly clusterIPs?: readonly string[];
    readonly ipFamilies?: readonly string[];
    readonly ipFamilyPolicy?: string;
    readonly loadBalancerIP?: string;
    readonly trafficDistribution?: string;
  };
};

export interface ObjectReference {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface EndpointPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

export interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
  /** Without it the endpoint is local to no node. */
  readonly nodeName?: string;
  readonly targetRef?: ObjectReference;
}

export interface EndpointSlice {
  /** The label kubernetes.io/service-name says whose it is. */
  readonly metadata: Namespaced;
  readonly addressType: "IPv4";
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export const serviceNameLabel = "kubernetes.io/service-name";

export const managedByLabel = "endpointslice.kubernetes.io/managed-by";

/** Those that make EndpointSlices of Services' selectors and of Endpoints. */
export const controllers: readonly string[] = [
  "endpointslice-controller.k8s.io",
  "endpointslicemirroring-controller.k8s.io",
];

export interface EndpointAddress {
  readonly ip: string;
  readonly nodeName?: string;
  readonly targetRef?: ObjectReference;
}

/** The older form of a Service's endpoints, of the Service's own name. */
export interface Endpoints {
  readonly metadata: Namespaced;
  readonly subsets?: readonly {
    readonly addresses?: readonly EndpointAddress[];
    readonly notReadyAddresses?: readonly EndpointAddress[];
    readonly ports?: readonly EndpointPort[];
  }[];
}
