// What OpenSSH's server needs on disk before it can serve one connection: keys, and its separation folder.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { utils } from "ssh2";

export interface Keys {
  /** Private key of the client, in OpenSSH's format. */
  readonly client: string;
  /** Public host key, as the server sends it. */
  readonly host: Buffer;
}

/** Reads the pair of keys in a folder; makes them, only for this machine's user to read, where there are none. */
export function keysIn(folder: string): Keys {
  if (!existsSync(folder)) makeKeys(folder);
  const host = utils.parseKey(readFileSync(join(folder, "host_key")));
  if (host instanceof Error) throw new Error(`${folder}/host_key: ${host.message}; delete the folder, it is made anew`);
  return { client: readFileSync(join(folder, "client_key"), "utf8"), host: host.getPublicSSH() };
}

function makeKeys(folder: string): void {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  const draft = mkdtempSync(`${folder}.`);
  const client = utils.generateKeyPairSync("ed25519");
  const host = utils.generateKeyPairSync("ed25519");
  const write = (name: string, text: string): void => writeFileSync(join(draft, name), text, { mode: 0o600 });
  write("client_key", client.private);
  write("authorized_keys", `${client.public}\n`);
  write("host_key", host.private);
  try {
    renameSync(draft, folder); // All of it appears at once: whoever reads the folder finds it complete.
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(folder)) throw error; // Otherwise another run was faster, and its keys serve.
  }
}

/** sshd's arguments: nothing of /etc/ssh counts, and nobody gets in but with the lab's own key. */
export function sshdArguments(folder: string, lockedAccount: boolean): string[] {
  const path = (name: string): string => join(folder, name).replaceAll("%", "%%"); // sshd_config(5), TOKENS
  const settings = {
    HostKey: `"${join(folder, "host_key")}"`,
    AuthorizedKeysFile: `"${path("authorized_keys")}"`,
    StrictModes: "no", // The folder may lie below one that a group can write to.
    PermitRootLogin: "prohibit-password",
    PasswordAuthentication: "no",
    KbdInteractiveAuthentication: "no",
    // Without PAM sshd refuses an account with a locked password, even to a key; with PAM it costs time.
    UsePAM: lockedAccount ? "yes" : "no",
    AllowTcpForwarding: "no",
    X11Forwarding: "no",
    PrintMotd: "no",
    LogLevel: "ERROR",
    MaxSessions: "10",
  };
  return ["-i", "-e", "-f", "/dev/null", ...Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`])];
}

/** Whether the account's password is locked: `!` in front of it, shadow(5). Only root can see that. */
export function isLocked(user: string): boolean {
  if (process.getuid?.() !== 0) return false;
  const entry = readFileSync("/etc/shadow", "utf8").split("\n").find((entry) => entry.startsWith(`${user}:`));
  return entry?.split(":")[1]?.startsWith("!") ?? false;
}

/**
 * Runs something while /run/sshd exists, where sshd (as root) locks up its unprivileged half until the login is done.
 * Debian makes that folder when its ssh service starts; elsewhere it is made here and goes with its last user.
 * A file in it per process tells whose it is, so that a killed one leaves nothing that the next cannot remove.
 */
export async function withSeparationFolder<T>(work: () => Promise<T>): Promise<T> {
  const folder = "/run/sshd";
  const prefix = ".podnet-";
  const users = (): string[] => (existsSync(folder) ? readdirSync(folder) : []);
  const ours = !existsSync(folder) || users().some((name) => name.startsWith(prefix));
  if (process.getuid?.() !== 0 || !ours) return work();
  const mine = join(folder, `${prefix}${process.pid}`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(mine, "");
  try {
    return await work();
  } finally {
    rmSync(mine, { force: true });
    const dead = users().filter((name) => name.startsWith(prefix) && !existsSync(`/proc/${name.slice(prefix.length)}`));
    for (const name of dead) rmSync(join(folder, name), { force: true });
    if (users().length === 0) rmdirSync(folder);
  }
}
