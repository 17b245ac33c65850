export { type ProviderArgs, Provider, getFiles } from "./provider";
export * from "./resources";
export { labFolder } from "./owned";
