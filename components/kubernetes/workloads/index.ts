export { mostReplicas, podOf, podsOf } from "./pods";
export { generatedNames } from "./names";
