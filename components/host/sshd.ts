// What OpenSSH's server needs to serve one connection of this very machine: keys, and settings.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ParsedKey, utils } from "ssh2";
import { HostError } from "./errors";

export interface Keys {
  /** Private key of the client, in OpenSSH's format. */
  readonly client: string;
  /** Public host key, as the server sends it. */
  readonly host: Buffer;
}

/** Reads the keys in a folder; makes them, only for this machine's user to read, where there are none. */
export function keysIn(folder: string): Keys {
  if (!existsSync(folder)) makeKeys(folder);
  const [client, host] = [read(folder, "client_key"), read(folder, "host_key")];
  return { client: client.text, host: host.key.getPublicSSH() };
}

function read(folder: string, name: string): { text: string; key: ParsedKey } {
  try {
    const text = readFileSync(join(folder, name), "utf8");
    const key = utils.parseKey(text);
    if (key instanceof Error) throw key;
    return { text, key };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    if (code === "EACCES")
      throw new HostError(
        `${join(folder, name)}: ${message}; it belongs to another user: run podnet as that user or as root (sudo), or remove the folder ${folder}, it is made anew`,
      );
    throw new HostError(`${join(folder, name)}: ${message}; delete the folder ${folder}, it is made anew`);
  }
}

/** By ssh-keygen(1), because one in 270 of the keys that ssh2 1.17 makes is malformed. */
function makeKeys(folder: string): void {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  const draft = mkdtempSync(`${folder}.`);
  try {
    for (const name of ["client_key", "host_key"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "podnet", "-f", join(draft, name)]);
    renameSync(join(draft, "client_key.pub"), join(draft, "authorized_keys"));
    renameSync(draft, folder); // All of it appears at once: whoever reads the folder finds it complete.
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
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
    // A bash started by sshd reads ~/.bashrc, unless it seems to be a shell within a shell. That took 130 ms of 150 for each.
    SetEnv: "SHLVL=1",
  };
  return [
    "-i",
    "-e",
    "-f",
    "/dev/null",
    ...Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]),
  ];
}

/** Whether the account's password is locked: `!` in front of it, shadow(5). Only root can see that. */
export function isLocked(user: string): boolean {
  if (process.getuid?.() !== 0) return false;
  const entry = readFileSync("/etc/shadow", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${user}:`));
  return entry?.split(":")[1]?.startsWith("!") ?? false;
}
