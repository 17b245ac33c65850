export { allocate } from "./allocate";
export type * from "./types";
