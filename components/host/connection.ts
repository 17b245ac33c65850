// One SSH connection to one host, whichever way it is reached.
import { Client, type ConnectConfig } from "ssh2";
import { ConnectionFailed } from "./errors";
import type { Channel } from "./shell";

/** How long a host may take to let us in, in milliseconds. */
const loginLimit = 20_000;

/**
 * Becomes root's POSIX shell whatever the login shell is: a superuser as it is, anybody else by sudo without a
 * question (`-n`, sudo(8)).
 */
const rootShell = `exec /bin/sh -c 'if [ "$(id -u)" = 0 ]; then exec /bin/sh; else exec sudo -n /bin/sh; fi'`;

export interface Connection {
  /** Opens one more shell on the connection; OpenSSH allows ten (MaxSessions, sshd_config(5)). */
  openShell(): Promise<Channel>;
  close(): void;
  onLost(listener: (reason: string) => void): void;
}

/** Logs in. @throws ConnectionFailed which names the host, what was tried and why it failed */
export function connect(host: string, tried: string, config: ConnectConfig): Promise<Connection> {
  const client = new Client();
  return new Promise((done, failed) => {
    const refuse = (error: Error): void =>
      failed(new ConnectionFailed(`cannot connect to host "${host}" (${tried}): ${error.message}`));
    client.once("error", refuse);
    client.once("ready", () => {
      client.off("error", refuse);
      // Each command waits for its answer, so Nagle's algorithm would only delay it.
      client.setNoDelay(true);
      done(wrap(client));
    });
    client.once("close", () => refuse(new Error("the server closed the connection")));
    try {
      client.connect({ readyTimeout: loginLimit, keepaliveInterval: 10_000, keepaliveCountMax: 3, ...config });
    } catch (error) {
      refuse(error as Error);
    }
  });
}

function wrap(client: Client): Connection {
  let lost = "the connection was closed";
  client.on("error", (error) => (lost = error.message));
  return {
    openShell: () =>
      new Promise((done, failed) => {
        client.exec(rootShell, (error, channel) => (error ? failed(error) : done(channel)));
      }),
    close: () => client.end(),
    onLost: (listener) => client.on("close", () => listener(lost)),
  };
}
