export { type Features, type ProviderArgs, Provider, end, getFeatures, getFiles } from "./provider";
export * from "./resources";
export { labFolder } from "./owned";
