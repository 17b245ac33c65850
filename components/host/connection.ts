// One SSH connection to one host, whichever way it is reached.
import { Client, type ConnectConfig } from "ssh2";
import { loginAdvice } from "./advice";
import { ConnectionFailed } from "./errors";
import { type Limits, noLongerThan, seconds } from "./limits";
import type { Channel } from "./agent";

/** An attempt to reach a host. */
export interface Attempt {
  /** Name of the host in the lab. */
  readonly host: string;
  readonly limits: Limits;
  /** Ends the attempt, when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

export interface Connection {
  /** How the host is reached, for messages: `ssh root@192.0.2.7`. */
  readonly tried: string;
  /** Opens one more shell on the connection; OpenSSH allows ten (MaxSessions, sshd_config(5)). */
  openShell(): Promise<Channel>;
  /** Ends the connection. @returns when nothing of it is left on this machine */
  close(): Promise<void>;
  onLost(listener: (reason: string) => void): void;
}

export const cannotConnect = (host: string, tried: string, reason: string): ConnectionFailed =>
  new ConnectionFailed(`cannot connect to host "${host}" (${tried}): ${reason}`);

/**
 * Becomes root's POSIX shell whatever the login shell is: a superuser as it is, anybody else by sudo without a
 * question (`-n`, sudo(8)). Single quotes mean the same in all shells; a csh only minds `!`.
 */
const rootShell =
  "exec /bin/sh -c 'PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C; export PATH LC_ALL; " +
  `if [ "$(id -u)" = 0 ]; then exec /bin/sh; else exec sudo -n /bin/sh; fi'`;

/** Signs of life are asked for this often before a silent connection counts as lost. */
const questions = 3;

/** Logs in. @throws ConnectionFailed which names the host, what was tried, why it failed and what to do */
export function connect({ host, limits, signal }: Attempt, tried: string, config: ConnectConfig): Promise<Connection> {
  const client = new Client();
  let stage: "dial" | "handshake" | "login" = config.sock ? "handshake" : "dial";
  client.on("connect", () => (stage = "handshake"));
  client.on("handshake", () => (stage = "login"));
  const loggedIn = new Promise<Connection>((done, failed) => {
    const refuse = (reason: string): void => failed(cannotConnect(host, tried, reason));
    // Stays for good: what fails after a failure is an event too, and one that nobody hears ends the process.
    client.on("error", (error) => refuse(loginAdvice(error.message, stage, limits.login)));
    client.on("close", () => refuse(loginAdvice("the server closed the connection", stage, limits.login)));
    signal.addEventListener("abort", () => refuse("stopped"), { once: true });
    client.once("ready", () => {
      // Each command waits for its answer, so Nagle's algorithm would only delay it.
      client.setNoDelay(true);
      done(wrap(client, tried, limits));
    });
    const keepaliveInterval = Math.ceil(limits.silence / questions);
    try {
      client.connect({ readyTimeout: limits.login, keepaliveInterval, keepaliveCountMax: questions, ...config });
    } catch (error) {
      refuse(loginAdvice((error as Error).message, stage, limits.login));
    }
  });
  loggedIn.catch(() => client.destroy());
  return loggedIn;
}

function wrap(client: Client, tried: string, limits: Limits): Connection {
  let lost = "the server closed the connection";
  client.on("error", (error) => (lost = error.message));
  const closed = new Promise<void>((done) => client.once("close", done));
  const open = (): Promise<Channel> =>
    new Promise((done, failed) => {
      client.exec(rootShell, (error, channel) => (error ? failed(error) : done(channel)));
    });
  return {
    tried,
    openShell: () => noLongerThan(limits.shell, open(), () => new Error(`no answer for ${seconds(limits.shell)}`)),
    close: async () => {
      client.end();
      await noLongerThan(limits.close, closed, () => new Error("late")).catch(() => client.destroy());
    },
    onLost: (listener) => client.on("close", () => listener(lost)),
  };
}
