// An `ssh` host whose server misbehaves after the login.
import { Host, type HostOptions, NotFound } from "../../components/host";
import { type ServerOptions, SshServer } from "./support/ssh-server";

jest.setTimeout(60_000);

const servers: SshServer[] = [];
const hosts: Host[] = [];

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
  for (const server of servers.splice(0)) await server.stop();
});

async function start(options: ServerOptions = {}): Promise<SshServer> {
  const server = await SshServer.start(options);
  servers.push(server);
  return server;
}

function hostAt(server: SshServer, options: HostOptions = {}): Host {
  const { port } = server;
  const keys = { privateKeyPath: server.path("key"), knownHostsPath: server.path("known_hosts") };
  const host = new Host("far", { type: "ssh", address: "127.0.0.1", port, ...keys }, options);
  hosts.push(host);
  return host;
}

const sh = (script: string) => [{ argv: ["sh", "-c", script] }];

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no failure",
    (error: Error) => `${error.name}: ${error.message}`,
  );

const soon = (milliseconds: number) => new Promise((wake) => setTimeout(wake, milliseconds));

test("one session at a time is enough", async () => {
  const host = hostAt(await start({ settings: { MaxSessions: "1" } }));
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  const outputs = await Promise.all(numbers.map((i) => host.run(sh(`sleep 0.01; echo ${i}`))));
  expect(outputs.map(([output]) => Number(output?.stdout))).toEqual(numbers);
});

test("no session at all", async () => {
  const host = hostAt(await start({ settings: { MaxSessions: "0" } }));
  expect(await messageOf(host.run(sh("true")))).toMatch(/gives us no root shell.*open failed.*MaxSessions/);
});

describe("a connection that ends in mid-command", () => {
  const lost =
    /^ConnectionLost: host "far" \(ssh -p \d+ root@127\.0\.0\.1\): .* while this ran, and nobody knows whether it took effect/;

  test("is said with the command that ran; what comes after it fails too, and at once", async () => {
    const server = await start();
    const host = hostAt(server);
    await host.run(sh("true"));
    const running = messageOf(
      host.run([{ argv: ["echo", "before"] }, { argv: ["sleep", "77"] }, { argv: ["echo", "after"] }]),
    );
    await soon(200);
    for (const pid of server.sessions()) process.kill(pid, "SIGKILL");
    const message = await running;
    expect(message).toMatch(lost);
    expect(message).toMatch(/\n {2}sleep 77$/);
    expect(await messageOf(host.run(sh("true")))).toMatch(/^ConnectionLost: the connection to host "far" .* was lost/);
  });

  test("a lost connection never means that something is gone", async () => {
    const server = await start();
    const host = hostAt(server);
    await host.run(sh("true"));
    const asked = host.ask([{ argv: ["sleep", "77"] }]).catch((error: unknown) => error);
    await soon(100);
    for (const pid of server.sessions()) process.kill(pid, "SIGKILL");
    expect(await asked).not.toBeInstanceOf(NotFound);
  });

  test("the machine falls silent", async () => {
    const server = await start();
    const host = hostAt(server, { limits: { silence: 300 } });
    await host.run(sh("true"));
    const running = messageOf(host.run(sh("sleep 77")));
    await soon(100);
    const sessions = server.sessions();
    for (const pid of sessions) process.kill(pid, "SIGSTOP");
    const begin = Date.now();
    expect(await running).toMatch(lost);
    expect(Date.now() - begin).toBeLessThan(2000);
    for (const pid of sessions) process.kill(pid, "SIGKILL");
  });

  test("many wait for it, and all of them hear of it", async () => {
    const server = await start();
    const host = hostAt(server);
    const all = Promise.all(Array.from({ length: 12 }, () => messageOf(host.run(sh("sleep 77")))));
    await soon(600);
    for (const pid of server.sessions()) process.kill(pid, "SIGKILL");
    for (const message of await all) expect(message).toMatch(/^ConnectionLost: /);
  });
});

test("a shell that is killed takes its command with it, and the next one gets a new shell", async () => {
  const host = hostAt(await start());
  expect(await messageOf(host.run(sh("kill -9 $PPID; sleep 1")))).toMatch(
    /^ConnectionLost: .*the shell there ended while this ran/,
  );
  expect((await host.run(sh("echo on"))).map(({ stdout }) => stdout)).toEqual(["on\n"]);
});

test("a command that takes too long", async () => {
  const host = hostAt(await start(), { limits: { command: 300 } });
  expect(await messageOf(host.run(sh("sleep 77")))).toMatch(/no answer for 0\.3 s while this ran[^]*sleep 77/);
  expect((await host.run(sh("echo on"))).map(({ stdout }) => stdout)).toEqual(["on\n"]);
});

test("a disk that is full is the command's failure, and names the host", async () => {
  const server = await start();
  server.sh("mkdir /run/small && mount -t tmpfs -o size=4k tmpfs /run/small");
  const host = hostAt(server);
  const message = await messageOf(host.run(sh("head -c 100000 /dev/zero >/run/small/file")));
  expect(message).toMatch(/^CommandFailed: on host "far": .*No space left on device/);
});

test("what the machine lacks is said whole, each with what mends it", async () => {
  const server = await start();
  server.sh("cd /usr/sbin && rm -f sysctl iptables iptables-save iptables-restore; rm -f /usr/bin/xargs");
  const message = await messageOf(hostAt(server).run(sh("true")));
  expect(message).toBe(
    `HostUnfit: host "far" (ssh -p ${server.port} root@127.0.0.1) lacks what podnet needs:\n` +
      "  - programs iptables, iptables-save, iptables-restore, sysctl, xargs: apt-get install iptables procps findutils",
  );
});
