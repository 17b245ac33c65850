export { loadLab } from "./load";
export type {
  EndpointSliceManifest,
  EndpointsManifest,
  LabObjects,
  LabSpecManifest,
  NamespaceManifest,
  NodeManifest,
  PodManifest,
  ServiceManifest,
  WorkloadManifest,
} from "./manifest";
export { parseLab, validateLab } from "./parse";
export { LabError, problemText } from "./problem";
export { nearest } from "./suggest";
export * from "./types";
