export { Cluster, type ClusterArgs, type ClusterOutputs } from "./cluster";
export { LabError, loadLab, validateLab } from "./manifests";
export { Node, type NodeArgs } from "./node";
export { Pod, type PodArgs } from "./pod";
export { Underlay } from "./underlay";
