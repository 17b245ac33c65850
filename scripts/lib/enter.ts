// The words that run a command inside a namespace of a host, for a person: with their terminal, streams and signals.
import { homedir } from "node:os";
import { resolve } from "node:path";
import { type HostSettings, type SshHost, quote } from "../../components/host";
import { projectRoot } from "./environment";

/** @param argv empty for a shell; @param terminal whether the command gets one */
export function enterWords(
  settings: HostSettings,
  netns: string,
  argv: readonly string[],
  terminal: boolean,
): string[] {
  return settings.type === "local" ? local(netns, argv) : remote(settings, netns, argv, terminal);
}

function local(netns: string, argv: readonly string[]): string[] {
  const words = ["ip", "netns", "exec", netns, ...(argv.length > 0 ? argv : [process.env.SHELL ?? "/bin/sh"])];
  return process.getuid?.() === 0 ? words : ["sudo", "-n", "--", ...words];
}

/** Root's commands are not on everybody's path; and nobody knows what the login shell is, but that it can start another. */
const become = 'PATH=$PATH:/usr/sbin:/sbin; if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n -- "$@"; fi';

function remote(settings: SshHost, netns: string, argv: readonly string[], terminal: boolean): string[] {
  const enter = ["ip", "netns", "exec", netns, ...(argv.length > 0 ? argv : ["sh", "-c", 'exec "${SHELL:-/bin/sh}"'])];
  const command = ["exec", "/bin/sh", "-c", become, "sh", ...enter].map(quote).join(" ");
  return ["ssh", ...options(settings), terminal ? "-t" : "-T", "--", settings.address, command];
}

/** The same connection as the provider's: nobody's ssh_config has a say in it, and the host's key must be known. */
function options({
  port = 22,
  user = "root",
  privateKeyPath,
  agent = privateKeyPath === undefined,
  knownHostsPath = "~/.ssh/known_hosts",
}: SshHost): string[] {
  const settings = {
    UserKnownHostsFile: file(knownHostsPath),
    GlobalKnownHostsFile: "none",
    StrictHostKeyChecking: "yes",
    BatchMode: "yes",
    ...(agent ? {} : { IdentityAgent: "none" }),
    IdentityFile: privateKeyPath === undefined ? "none" : file(privateKeyPath),
    ...(agent ? {} : { IdentitiesOnly: "yes" }),
    LogLevel: "ERROR",
  };
  const words = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", "none", "-p", `${port}`, "-l", user, ...words];
}

/** Quoted for ssh_config(5), in which `%` starts a token. */
const file = (path: string): string =>
  `"${resolve(projectRoot, path.replace(/^~(?=\/|$)/, homedir())).replaceAll("%", "%%")}"`;
