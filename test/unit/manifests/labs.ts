// Labs for tests, written in TypeScript.
import { type Lab, type LabObjects, type PodManifest, validateLab } from "../../../components/kubernetes/manifests";

export function pod(name: string, spec: Partial<PodManifest["spec"]> = {}, namespace?: string): PodManifest {
  return { metadata: { name, namespace }, spec: { containers: [{ name: "web" }], ...spec } };
}

export const node = (name: string, podCIDR?: string, internalIP?: string): LabObjects["nodes"][number] => ({
  metadata: { name },
  ...(podCIDR && { spec: { podCIDR } }),
  ...(internalIP && { status: { addresses: [{ type: "InternalIP", address: internalIP }] } }),
});

export const lab = (objects: Partial<LabObjects> & Pick<LabObjects, "nodes">): Lab =>
  validateLab({ metadata: { name: "demo" }, ...objects });
