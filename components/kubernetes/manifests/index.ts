export { loadLab } from "./load";
export type { LabObjects, LabSpecManifest, NamespaceManifest, NodeManifest, PodManifest } from "./manifest";
export { parseLab, validateLab } from "./parse";
export { LabError, problemText } from "./problem";
export { nearest } from "./suggest";
export * from "./types";
