// An existing machine, reached over the network as `ssh` reaches it: its host key must be known beforehand.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import type { ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import { type Connection, connect } from "./connection";
import { ConnectionFailed } from "./errors";

export interface SshHost {
  readonly type: "ssh";
  readonly address: string;
  /** @default 22 */
  readonly port?: number;
  /** @default "root" */
  readonly user?: string;
  /** Private key file without a passphrase; `~` is the home folder. */
  readonly privateKeyPath?: string;
  /** Take the keys of the ssh-agent at SSH_AUTH_SOCK. @default true without privateKeyPath */
  readonly agent?: boolean;
  /** @default "~/.ssh/known_hosts" */
  readonly knownHostsPath?: string;
}

export async function connectSsh(host: string, settings: SshHost): Promise<Connection> {
  const { address, port = 22, user = "root" } = settings;
  const tried = `ssh ${user}@${address}${port === 22 ? "" : ` -p ${port}`}`;
  const refuse = (reason: string): never => {
    throw new ConnectionFailed(`cannot connect to host "${host}" (${tried}): ${reason}`);
  };
  const knownHosts = expandHome(settings.knownHostsPath ?? "~/.ssh/known_hosts");
  const known = await knownKeys(address, port, knownHosts);
  const scan = `ssh-keyscan${port === 22 ? "" : ` -p ${port}`} ${address}`;
  if (known.length === 0)
    refuse(`its host key is not in ${knownHosts}; compare the output of "${scan}" with the machine's own, then append it there`);
  let changed = false;
  const config: ConnectConfig = {
    host: address,
    port,
    username: user,
    ...credentials(settings, refuse),
    algorithms: { serverHostKey: algorithmsFor(known) },
    hostVerifier: (key: Buffer) => {
      changed = !known.some((entry) => entry.key.equals(key));
      return !changed;
    },
  };
  try {
    return await connect(host, tried, config);
  } catch (error) {
    if (changed)
      refuse(
        `its host key has CHANGED since it was written to ${knownHosts}: either the machine was installed anew, or somebody is in between. ` +
          `If you know why, run: ssh-keygen -f ${knownHosts} -R ${knownName(address, port)}`,
      );
    if (/authentication methods failed/.test((error as Error).message))
      refuse(`it lets nobody in with ${settings.privateKeyPath ? `the key ${settings.privateKeyPath}` : "the agent's keys"}; add the public key to ${user}'s authorized_keys there`);
    throw error;
  }
}

function credentials(settings: SshHost, refuse: (reason: string) => never): ConnectConfig {
  const { privateKeyPath, agent = privateKeyPath === undefined } = settings;
  const socket = process.env["SSH_AUTH_SOCK"];
  if (agent && socket === undefined)
    refuse("there is no ssh-agent (SSH_AUTH_SOCK is not set); start one, or set privateKeyPath in the lab");
  const config: ConnectConfig = agent ? { agent: socket } : {};
  if (privateKeyPath === undefined) return config;
  try {
    return { ...config, privateKey: readFileSync(expandHome(privateKeyPath)) };
  } catch (error) {
    return refuse(`its key cannot be read: ${(error as Error).message}`);
  }
}

interface KnownKey {
  readonly type: string;
  readonly key: Buffer;
}

const knownName = (address: string, port: number): string => (port === 22 ? address : `[${address}]:${port}`);

/** ssh-keygen(1) knows the file's whole format: hashed names, patterns, ports. */
function knownKeys(address: string, port: number, file: string): Promise<KnownKey[]> {
  return new Promise((done) => {
    execFile("ssh-keygen", ["-F", knownName(address, port), "-f", file], (_, stdout) => {
      const entries = stdout.split("\n").filter((entry) => entry !== "" && !/^[#@]/.test(entry));
      done(entries.map((entry) => entry.split(" ")).map(([, type = "", key = ""]) => ({ type, key: Buffer.from(key, "base64") })));
    });
  });
}

/** Asks the server for a key of a kind that is known, as ssh(1) does: any other could not be compared. */
function algorithmsFor(known: readonly KnownKey[]): ServerHostKeyAlgorithm[] {
  const types = known.map(({ type }) => (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type]));
  return [...new Set(types.flat())] as ServerHostKeyAlgorithm[];
}

const expandHome = (path: string): string => resolve(path.replace(/^~(?=\/|$)/, homedir()));
