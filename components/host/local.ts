// The local host is reached as any other, by SSH, but nothing listens: OpenSSH's server runs in inetd mode as a child
// of this process (`sshd -i`, sshd(8)), and its standard streams are the wire.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { Duplex } from "node:stream";
import { type Attempt, type Connection, cannotConnect, connect } from "./connection";
import { ConnectionFailed } from "./errors";
import { noLongerThan } from "./limits";
import { withSeparationFolder } from "./separation";
import { isLocked, keysIn, sshdArguments } from "./sshd";

const sshdPaths = ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"];
const tried = "sshd -i";

/** @param folder where the key pair and the host key lie, made at the first use */
export async function connectLocal(attempt: Attempt, folder = resolve(".podnet", "sshd")): Promise<Connection> {
  const sshd = sshdPaths.find((path) => existsSync(path));
  if (!sshd)
    throw cannotConnect(attempt.host, tried, "there is no sshd on this machine; run: apt-get install openssh-server");
  return withSeparationFolder(() => serveAndConnect(attempt, sshd, folder));
}

async function serveAndConnect(attempt: Attempt, sshd: string, folder: string): Promise<Connection> {
  const keys = keysIn(folder);
  const { username } = userInfo();
  const child = spawn(sshd, sshdArguments(folder, isLocked(username)), { stdio: "pipe", env: {} });
  const said: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  child.on("error", (error) => said.push(error.message));
  child.stdin.on("error", () => undefined); // The reading side reports the end.
  const wire = Duplex.from({ writable: child.stdin, readable: child.stdout });
  wire.on("error", () => undefined); // Cut in mid-login; ssh2 hears of it too, but perhaps not yet or no longer.
  const buried = new Promise<void>((done) => child.once("exit", () => done()).once("error", () => done()));
  try {
    const connection = await connect(attempt, tried, {
      sock: wire,
      username,
      privateKey: keys.client,
      hostVerifier: (key: Buffer) => key.equals(keys.host),
    });
    const close = async (): Promise<void> => {
      await connection.close();
      await end(child, buried, attempt.limits.close);
    };
    return { ...connection, close };
  } catch (error) {
    child.kill();
    await end(child, buried, attempt.limits.close);
    throw new ConnectionFailed([(error as Error).message, ...said].join("\n  ").trim());
  }
}

/** Waits until sshd has ended, so that it is no zombie; it ends by itself when its wire is cut. */
async function end(child: ChildProcess, buried: Promise<void>, limit: number): Promise<void> {
  const late = (): Error => new Error("sshd still runs");
  await noLongerThan(limit, buried, late).catch(async () => {
    child.kill("SIGKILL");
    await buried;
  });
}
