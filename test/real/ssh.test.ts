// An `ssh` host against a real sshd: who gets in, who does not, and what is said then.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { type Server, type Socket, createServer } from "node:net";
import { Host, HostError, type HostOptions, type SshHost } from "../../components/host";
import { SshServer, freePort, makeKey } from "./support/ssh-server";

jest.setTimeout(60_000);

let server: SshServer;
const hosts: Host[] = [];

beforeAll(async () => {
  server = await SshServer.start({
    programs: { sudo: true, tcsh: true },
    users: {
      wheel: { sudo: true },
      plain: {},
      noisy: {
        sudo: true,
        shell: "/bin/bash",
        files: {
          ".bashrc": "echo welcome; echo to the machine >&2; alias ip=false; export LC_ALL=de_DE.UTF-8 PATH=/nowhere",
        },
      },
      csh: { sudo: true, shell: "/usr/bin/tcsh", files: { ".cshrc": 'echo "hello from csh"; set prompt = "%% "' } },
      nologin: { shell: "/usr/sbin/nologin" },
      slow: { sudo: true, shell: "/bin/bash", files: { ".bashrc": "sleep 600" } },
      files: {},
    },
    settings: { Subsystem: "sftp internal-sftp\nMatch User files\nForceCommand internal-sftp" },
  });
});

afterAll(async () => {
  await server?.stop();
});

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
});

/** A host that differs from the right way in by some settings. */
function host(settings: Partial<SshHost> = {}, options: HostOptions = {}): Host {
  const right = { port: server.port, privateKeyPath: server.path("key"), knownHostsPath: server.path("known_hosts") };
  const made = new Host("far", { type: "ssh", address: "127.0.0.1", ...right, ...settings }, options);
  hosts.push(made);
  return made;
}

const idCommand = [{ argv: ["id", "-un"] }];

async function whoAmI(host: Host): Promise<string | undefined> {
  return (await host.run(idCommand))[0]?.stdout.trim();
}

/** The message of the failure: of a known type, names the host and what was tried, and gives no key away. */
async function failure(host: Host, user = "root", port = server.port): Promise<string> {
  const error: unknown = await host.run(idCommand).catch((error: unknown) => error);
  if (!(error instanceof HostError)) throw error;
  const { message } = error;
  expect(message).toContain('host "far"');
  expect(message).toContain(`ssh -p ${port} ${user}@`);
  for (const line of readFileSync(server.path("key"), "utf8").split("\n").slice(1, -2))
    expect(message).not.toContain(line);
  return message;
}

describe("gets in", () => {
  test("with a key file, as root, on another port than 22", async () => {
    expect(await whoAmI(host())).toBe("root");
  });

  test("as root by sudo -n when the user is another", async () => {
    expect(await whoAmI(host({ user: "wheel" }))).toBe("root");
  });

  test("behind a login shell with banners, aliases and a locale of its own", async () => {
    const noisy = host({ user: "noisy" });
    const outputs = await noisy.run([...idCommand, { argv: ["sh", "-c", "echo $LC_ALL; command -v ip"] }]);
    expect(outputs.map(({ stdout, stderr }) => stdout + stderr)).toEqual(["root\n", "C\n/usr/sbin/ip\n"]);
  });

  test("behind a login shell that is no sh", async () => {
    expect(await whoAmI(host({ user: "csh" }))).toBe("root");
  });

  test("where the machine is known by a hashed name, and by keys of several types", async () => {
    const file = server.path("known_hosts.hashed");
    writeFileSync(file, readFileSync(server.path("known_hosts")));
    execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-N", "", "-f", server.path("rsa")]);
    appendFileSync(file, `[127.0.0.1]:${server.port} ${readFileSync(server.path("rsa.pub"), "utf8")}`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
    expect(readFileSync(file, "utf8")).not.toContain("127.0.0.1");
    expect(await whoAmI(host({ knownHostsPath: file }))).toBe("root");
  });
});

describe("the host key", () => {
  const known = (text: string): string => {
    const file = server.path(`known_hosts.${Math.random()}`);
    writeFileSync(file, text);
    return file;
  };

  test("is not known", async () => {
    for (const knownHostsPath of [known(""), server.path("no-such-file")]) {
      const message = await failure(host({ knownHostsPath }));
      expect(message).toContain(`its host key is not in ${knownHostsPath}`);
      expect(message).toContain(`ssh-keyscan -p ${server.port} 127.0.0.1`);
    }
  });

  test("is known for another port only", async () => {
    const other = readFileSync(server.path("known_hosts"), "utf8").replace(`:${server.port}`, ":1");
    expect(await failure(host({ knownHostsPath: known(other) }))).toContain("its host key is not in");
  });

  test("has changed, and with it perhaps its type", async () => {
    makeKey(server.path("former"));
    execFileSync("ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-f", server.path("former-ecdsa")]);
    for (const former of ["former.pub", "former-ecdsa.pub"]) {
      const file = known(`[127.0.0.1]:${server.port} ${readFileSync(server.path(former), "utf8")}`);
      const message = await failure(host({ knownHostsPath: file }));
      expect(message).toContain("its host key has CHANGED");
      expect(message).toContain(`ssh-keygen -f ${file} -R '[127.0.0.1]:${server.port}'`);
    }
  });

  test("is revoked", async () => {
    const line = readFileSync(server.path("known_hosts"), "utf8");
    expect(await failure(host({ knownHostsPath: known(`${line}@revoked ${line}`) }))).toContain("is revoked");
  });
});

describe("the user's key", () => {
  test("opens nothing there", async () => {
    const message = await failure(host({ privateKeyPath: server.path("other_key") }));
    expect(message).toContain(`it lets root in with none of: the key ${server.path("other_key")}`);
    expect(message).toContain("~root/.ssh/authorized_keys");
  });

  test("has a passphrase", async () => {
    makeKey(server.path("locked"), "a passphrase");
    execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-m", "PEM", "-N", "a passphrase", "-f", server.path("locked-pem")]);
    for (const key of ["locked", "locked-pem"]) {
      const message = await failure(host({ privateKeyPath: server.path(key) }));
      expect(message).toContain("has a passphrase, which podnet does not ask for");
      expect(message).toContain(`ssh-add ${server.path(key)}`);
    }
  });

  test("is not there, or no key", async () => {
    expect(await failure(host({ privateKeyPath: server.path("nothing") }))).toContain("correct privateKeyPath");
    expect(await failure(host({ privateKeyPath: server.path("known_hosts") }))).toContain("is no private key");
  });

  describe("is in the ssh-agent", () => {
    let agent: ChildProcess;
    const before = process.env["SSH_AUTH_SOCK"];

    beforeAll(async () => {
      process.env["SSH_AUTH_SOCK"] = server.path("agent");
      agent = spawn("ssh-agent", ["-D", "-a", server.path("agent")], { stdio: ["ignore", "pipe", "ignore"] });
      if (agent.stdout) await once(agent.stdout, "data");
    });

    afterAll(async () => {
      const ended = once(agent, "exit");
      agent.kill();
      await ended;
      if (before === undefined) delete process.env["SSH_AUTH_SOCK"];
      else process.env["SSH_AUTH_SOCK"] = before;
    });

    const add = (key: string) => execFileSync("ssh-add", ["-q", server.path(key)], { stdio: "pipe", env: process.env });

    test("which has none", async () => {
      expect(await failure(host({ privateKeyPath: undefined }))).toContain(
        "the ssh-agent's keys (ssh-add -l lists them)",
      );
    });

    test("among others", async () => {
      add("other_key");
      add("key");
      expect(await whoAmI(host({ privateKeyPath: undefined }))).toBe("root");
    });

    test("beside a key file that opens nothing", async () => {
      expect(await whoAmI(host({ privateKeyPath: server.path("other_key"), agent: true }))).toBe("root");
    });

    test("which is not running", async () => {
      process.env["SSH_AUTH_SOCK"] = server.path("no-agent");
      expect(await failure(host({ privateKeyPath: undefined }))).toMatch(/agent/);
      delete process.env["SSH_AUTH_SOCK"];
      expect(await failure(host({ privateKeyPath: undefined }))).toContain("SSH_AUTH_SOCK is not set");
      process.env["SSH_AUTH_SOCK"] = server.path("agent");
    });
  });
});

describe("no root shell", () => {
  test("for a user who may not use sudo", async () => {
    const message = await failure(host({ user: "plain" }), "plain");
    expect(message).toMatch(/sudo: a password is required/);
    expect(message).toContain("NOPASSWD");
  });

  test("where there is no sudo", async () => {
    const bare = await SshServer.start({ users: { plain: {} }, programs: { sudo: false } });
    try {
      const settings = {
        user: "plain",
        port: bare.port,
        knownHostsPath: bare.path("known_hosts"),
        privateKeyPath: bare.path("key"),
      };
      expect(await failure(host(settings), "plain", bare.port)).toContain("apt-get install sudo");
    } finally {
      await bare.stop();
    }
  });

  test("for a login shell that lets nobody in", async () => {
    const message = await failure(host({ user: "nologin" }), "nologin");
    expect(message).toContain("This account is currently not available");
    expect(message).toContain("chsh");
  });

  test("for a user who may only copy files", async () => {
    expect(await failure(host({ user: "files" }, { limits: { shell: 1000 } }), "files")).toContain(
      "gives us no root shell",
    );
  });

  test("for a login shell that waits", async () => {
    const message = await failure(host({ user: "slow" }, { limits: { shell: 500 } }), "slow");
    expect(message).toContain("no answer for 0.5 s");
    expect(message).toContain("start-up files");
  });
});

describe("nothing that serves", () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  /** Something that listens where the host's sshd should; its host key is known. */
  async function listen(answer: (socket: Socket) => void): Promise<Host> {
    const port = await freePort();
    const listener = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      answer(socket);
    }).listen(port, "127.0.0.1");
    servers.push(listener);
    await once(listener, "listening");
    return knownAt(port, { limits: { login: 300 } });
  }

  let tried = 0;

  function knownAt(port: number, options?: HostOptions): Host {
    tried = port;
    const key = readFileSync(server.path("host_key.pub"), "utf8");
    const file = server.path(`known_hosts.${port}`);
    writeFileSync(file, `[127.0.0.1]:${port} ${key}`);
    return host({ port, knownHostsPath: file }, options);
  }

  test("a port that refuses", async () => {
    const refused = knownAt(await freePort());
    expect(await failure(refused, "root", tried)).toMatch(/ECONNREFUSED.*start the machine's SSH server/);
  });

  test("a server that takes the connection and never answers", async () => {
    const silent = await listen(() => undefined);
    const start = Date.now();
    expect(await failure(silent, "root", tried)).toContain(
      "gave up after 0.3 s: it takes the connection, but says nothing",
    );
    expect(Date.now() - start).toBeLessThan(2000);
  });

  test("a server that begins well and then falls silent", async () => {
    const silent = await listen((socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"));
    expect(await failure(silent, "root", tried)).toContain("gave up after 0.3 s");
  });

  test("a server that hangs up at once", async () => {
    expect(await failure(await listen((socket) => socket.end()), "root", tried)).toContain("hung up at once");
  });

  test("a server that does not speak SSH", async () => {
    const web = await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect(await failure(web, "root", tried)).toMatch(/does not speak SSH|hung up at once/);
  });

  test("a name that nobody knows", async () => {
    const file = server.path("known_hosts.nobody");
    writeFileSync(file, `[no-such-host.invalid]:${server.port} ${readFileSync(server.path("host_key.pub"), "utf8")}`);
    expect(await failure(host({ address: "no-such-host.invalid", knownHostsPath: file }))).toContain(
      "cannot be resolved",
    );
  });

  test("is given up at once when nobody waits any more", async () => {
    const silent = await listen(() => undefined);
    const asked = silent.run(idCommand);
    await new Promise((wake) => setTimeout(wake, 50));
    const start = Date.now();
    silent.cancel();
    await expect(asked).rejects.toThrow('stopped before the next command on host "far"');
    await silent.close();
    expect(Date.now() - start).toBeLessThan(200);
  });
});
