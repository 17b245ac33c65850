// The same promises on both kinds of hosts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Host } from "../../components/host";
import { connectLocal } from "../../components/host/local";
import { runnerContract } from "../support/runner-contract";
import { SshServer } from "./support/ssh-server";

jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "podnet keys 100% "));
let server: SshServer;

beforeAll(async () => {
  server = await SshServer.start({ programs: { sudo: true }, users: { wheel: { sudo: true } } });
});

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

runnerContract(
  "local",
  () => new Host("here", { type: "local" }, { connect: (attempt) => connectLocal(attempt, join(folder, "sshd")) }),
);

const ssh = (user: string) => () => {
  const keys = { privateKeyPath: server.path("key"), knownHostsPath: server.path("known_hosts") };
  return new Host("far", { type: "ssh", address: "127.0.0.1", port: server.port, user, ...keys });
};

runnerContract("ssh as root", ssh("root"));
runnerContract("ssh and sudo", ssh("wheel"));
