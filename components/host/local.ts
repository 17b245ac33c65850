// The local host is reached as any other, by SSH, but nothing listens: OpenSSH's server runs in inetd mode as a child
// of this process (`sshd -i`, sshd(8)), and its standard streams are the wire.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { Duplex } from "node:stream";
import { type Connection, connect } from "./connection";
import { ConnectionFailed } from "./errors";
import { isLocked, keysIn, sshdArguments, withSeparationFolder } from "./sshd";

const sshdPaths = ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"];

/** @param folder where the key pair and the host key lie, made at the first use */
export function connectLocal(host: string, folder = resolve(".podnet", "sshd")): Promise<Connection> {
  const sshd = sshdPaths.find((path) => existsSync(path));
  if (!sshd)
    throw new ConnectionFailed(`cannot connect to host "${host}" (sshd -i): no sshd here; run: apt-get install openssh-server`);
  return withSeparationFolder(() => serveAndConnect(sshd, host, folder));
}

async function serveAndConnect(sshd: string, host: string, folder: string): Promise<Connection> {
  const keys = keysIn(folder);
  const { username } = userInfo();
  const child = spawn(sshd, sshdArguments(folder, isLocked(username)), { stdio: "pipe", env: {} });
  const said: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  child.on("error", (error) => said.push(error.message));
  child.stdin.on("error", () => undefined); // The reading side reports the end.
  try {
    return await connect(host, "sshd -i", {
      sock: Duplex.from({ writable: child.stdin, readable: child.stdout }),
      username,
      privateKey: keys.client,
      hostVerifier: (key: Buffer) => key.equals(keys.host),
    });
  } catch (error) {
    child.kill();
    throw new ConnectionFailed([(error as Error).message, ...said].join("\n  ").trim());
  }
}
