/** What the hosts hold of the lab as it runs. Empty records stand for a lab that does not run yet. */
export interface Held {
  readonly nodes: Readonly<Record<string, HeldNode>>;
  /** By node name: the files of host-local. */
  readonly reservations: Readonly<Record<string, Reservations>>;
}

export interface HeldNode {
  readonly internalIP?: string;
  readonly podCIDR?: string;
}

export interface Reservations {
  /** From the reserved address to the container that it is reserved for. */
  readonly ips: Readonly<Record<string, string>>;
  /** What `last_reserved_ip.0` says. */
  readonly lastReserved?: string;
}

/** Who gets which address. */
export interface Allocation {
  readonly nodes: Readonly<Record<string, NodeAllocation>>;
  /** By `namespace/name`. */
  readonly pods: Readonly<Record<string, PodAllocation>>;
}

export interface NodeAllocation {
  readonly internalIP: string;
  readonly podCIDR: string;
  /** The first address of podCIDR: the bridge's. */
  readonly gateway: string;
  /** The address given last, where host-local goes on from; undefined before the first. */
  readonly lastReserved: string | undefined;
}

export interface PodAllocation {
  readonly node: string;
  /** The node's own address for a pod with hostNetwork. */
  readonly ip: string;
  readonly containerID: string;
}
