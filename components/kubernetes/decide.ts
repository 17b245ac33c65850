// Everything that a lab needs to have decided before its resources are declared, and what only its host can tell: so a
// preview knows all of it.
import { type Features, type Provider, end, getFeatures, getFiles, labFolder } from "../linux";
import { type Allocation, allocate } from "./addresses";
import { heldIn } from "./held";
import type { Lab } from "./manifests";
import type { ProxyInput } from "./proxy";
import { type EndpointSlice, type Service, allocateServices, endpointSlicesOf, heldServices } from "./services";

export interface Decided {
  readonly allocation: Allocation;
  /** With all addresses and ports. */
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly features: Features;
}

/** Asks the host what the running lab holds, gives that again, and the rest as host-local and the API server would. */
export async function decide(lab: Lab, host: string, provider: Provider): Promise<Decided> {
  const [{ files }, features] = await Promise.all([
    getFiles({ host, folder: labFolder(lab.name) }, { provider }),
    getFeatures({ host }, { provider }),
  ]);
  if (lab.spec.proxy.mode === "nftables" && !features.nftables)
    await end(
      `host "${host}" lacks what a lab with spec.proxy.mode nftables needs: nft 1.0.1 or newer and the kernel's nf_tables; ` +
        "apt-get install nftables, or choose mode iptables",
    );
  const allocation = allocate(lab, heldIn(lab.name, files));
  return {
    allocation,
    services: allocateServices(lab, allocation, heldServices(lab.name, files)),
    endpointSlices: endpointSlicesOf(lab, allocation),
    features,
  };
}

/** What kube-proxy would know on a node. */
export function proxyInput(lab: Lab, name: string, decided: Decided): ProxyInput {
  const { allocation, services, endpointSlices, features } = decided;
  const { serviceCIDR, clusterCIDR, proxy } = lab.spec;
  const node = allocation.nodes[name];
  if (node === undefined) throw new Error(`${name} has no addresses`);
  return {
    ...{ services, endpointSlices, serviceCIDR },
    node: {
      name,
      address: node.internalIP,
      interfaceAddresses: ["127.0.0.1", node.internalIP, node.gateway],
    },
    options: { ...proxy, clusterCIDR: proxy.clusterCIDR ?? clusterCIDR },
    // No host is fit without --random-fully (components/host/requirements.ts).
    host: { nfacct: features.nfacct, randomFully: true },
  };
}
