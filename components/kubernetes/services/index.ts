export { allocateServices } from "./allocate";
export { announcersOf, localReadyEndpoints } from "./announcer";
export { endpointSlicesOf } from "./endpoint-slices";
export { type HeldServices, hasLease, heldServices, serviceLease, servicePath } from "./held";
export { type ServiceOutput, serviceOutputs } from "./outputs";
export { slicesByService } from "./slices-by-service";
export type * from "./types";
