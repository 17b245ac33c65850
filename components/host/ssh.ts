// An existing machine, reached over the network as `ssh` reaches it: its host key must be known beforehand.
import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { type ConnectConfig, utils } from "ssh2";
import { loginAdvice } from "./advice";
import { quote } from "./argv";
import { type Attempt, type Connection, cannotConnect, connect } from "./connection";
import { type KnownKey, algorithmsFor, knownKeys, knownName } from "./known-hosts";

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

type Refuse = (reason: string) => Error;

export async function connectSsh(attempt: Attempt, settings: SshHost): Promise<Connection> {
  const { address, port = 22, user = "root" } = settings;
  const tried = `ssh ${port === 22 ? "" : `-p ${port} `}${user}@${address}`;
  const refuse: Refuse = (reason) => cannotConnect(attempt.host, tried, reason);
  const file = expandHome(settings.knownHostsPath ?? "~/.ssh/known_hosts");
  const known = await knownKeys(address, port, file).catch((error: Error) => Promise.reject(refuse(error.message)));
  const trusted = known.filter(({ marker }) => marker === undefined);
  const algorithms = algorithmsFor(trusted);
  if (algorithms.length === 0) {
    // A name that nobody knows has no key either, and no key would help.
    await lookup(address).catch(({ message }: Error) =>
      Promise.reject(refuse(loginAdvice(message, "dial", attempt.limits.login))),
    );
    throw refuse(unknownKey(address, port, file));
  }
  const login = credentials(settings, refuse);
  let shown: Buffer | undefined;
  const config: ConnectConfig = {
    ...{ host: address, port, username: user, ...login, algorithms: { serverHostKey: algorithms } },
    hostVerifier: (key: Buffer) => {
      shown = key;
      return trusted.some((entry) => entry.key.equals(key)) && !isRevoked(known, key);
    },
  };
  try {
    return await connect(attempt, tried, config);
  } catch (error) {
    const { message } = error as Error;
    if (shown && isRevoked(known, shown))
      throw refuse(`it shows a host key that ${file} says is revoked: somebody is in between; do not connect`);
    if ((shown && !trusted.some(({ key }) => key.equals(shown as Buffer))) || /no matching host key/.test(message))
      throw refuse(changedKey(address, port, file));
    if (/authentication methods failed/.test(message)) throw refuse(nobodyLetIn(settings, user));
    throw error;
  }
}

const isRevoked = (known: readonly KnownKey[], key: Buffer): boolean =>
  known.some((entry) => entry.marker === "@revoked" && entry.key.equals(key));

function unknownKey(address: string, port: number, file: string): string {
  const scan = `ssh-keyscan ${port === 22 ? "" : `-p ${port} `}${quote(address)}`;
  return (
    `its host key is not in ${file}. Run "${scan}", compare what it prints with the machine's own ` +
    `(there: cat /etc/ssh/ssh_host_*_key.pub), then append it to that file`
  );
}

function changedKey(address: string, port: number, file: string): string {
  return (
    `its host key has CHANGED since it was written to ${file}: either the machine was installed anew, or somebody is in between. ` +
    `If you know why, run: ssh-keygen -f ${quote(file)} -R ${quote(knownName(address, port))}, then add the new key`
  );
}

function nobodyLetIn({ privateKeyPath, agent = privateKeyPath === undefined }: SshHost, user: string): string {
  const keys = [
    ...(privateKeyPath ? [`the key ${privateKeyPath}`] : []),
    ...(agent ? ["the ssh-agent's keys (ssh-add -l lists them)"] : []),
  ];
  return `it lets ${user} in with none of: ${keys.join(", ")}; add the public key to ~${user}/.ssh/authorized_keys there, or name another user or key`;
}

function credentials(settings: SshHost, refuse: Refuse): ConnectConfig {
  const { privateKeyPath, agent = privateKeyPath === undefined } = settings;
  const socket = process.env["SSH_AUTH_SOCK"];
  if (agent && !socket)
    throw refuse("there is no ssh-agent (SSH_AUTH_SOCK is not set); start one, or set privateKeyPath in the lab");
  return {
    ...(agent ? { agent: socket } : {}),
    ...(privateKeyPath === undefined ? {} : { privateKey: keyIn(privateKeyPath, refuse) }),
  };
}

function keyIn(path: string, refuse: Refuse): Buffer {
  const key = readKey(path, refuse);
  const parsed = utils.parseKey(key);
  if (!(parsed instanceof Error)) return key;
  if (/passphrase|encrypted/i.test(parsed.message))
    throw refuse(
      `the key ${path} has a passphrase, which podnet does not ask for; run "ssh-add ${quote(path)}" and set agent instead of privateKeyPath`,
    );
  throw refuse(`${path} is no private key (${parsed.message}); make one with: ssh-keygen -t ed25519`);
}

function readKey(path: string, refuse: Refuse): Buffer {
  try {
    return readFileSync(expandHome(path));
  } catch (error) {
    throw refuse(`its key cannot be read: ${(error as Error).message}; correct privateKeyPath in the lab`);
  }
}

const expandHome = (path: string): string => resolve(path.replace(/^~(?=\/|$)/, homedir()));
