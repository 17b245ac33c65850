export { type Argv, type Command, brief, line, perl, quote } from "./argv";
export type { Attempt, Connection } from "./connection";
export * from "./errors";
export { Host, type HostOptions, type HostSettings, type Runner } from "./host";
export { type Place, within } from "./place";
export type { SshHost } from "./ssh";
export { Together } from "./together";
