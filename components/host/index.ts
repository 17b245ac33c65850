export { type Argv, type Command, line, quote } from "./argv";
export * from "./errors";
export { Host, type HostSettings, type Runner } from "./host";
export { type Place, within } from "./place";
export type { SshHost } from "./ssh";
