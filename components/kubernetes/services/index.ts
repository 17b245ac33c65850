export { allocateServices } from "./allocate";
export { endpointSlicesOf } from "./endpoint-slices";
export { type HeldServices, hasLease, heldServices, serviceLease, servicePath } from "./held";
export { serviceOutputs } from "./outputs";
export type * from "./types";
