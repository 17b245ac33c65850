// A lab on an `ssh` host, from up to destroy; and what of the connection can be read afterwards: nothing.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Lab, type LabObjects, web } from "./support/lab";
import { Machine, type Snapshot } from "./support/machine";
import { get } from "./support/traffic";

jest.setTimeout(180_000);

const ports = [38417, 38418] as const;
const user = "labadmin4711";
const folder = "/run/ssh-test";

let machine: Machine;
let lab: Lab;
let before: Snapshot;

beforeAll(async () => {
  machine = await Machine.start();
  // The user is root under another name, so that it can be told from the machine's own root.
  await machine.sh(`
    mkdir ${folder} ${folder}/etc ${folder}/etc.work /run/sshd
    mount -t overlay -o lowerdir=/etc,upperdir=${folder}/etc,workdir=${folder}/etc.work overlay /etc
    useradd -o -u 0 -g 0 -d /root -s /bin/sh -p '*' ${user}
    for key in host_key client_key_4711; do ssh-keygen -q -t ed25519 -N '' -f ${folder}/$key; done
    for port in ${ports.join(" ")}; do
      echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 ${folder}/host_key.pub)" >>${folder}/known_hosts_4711
    done
  `);
  const listen = ports.flatMap((port) => ["-p", `${port}`]);
  const settings = [
    "ListenAddress=127.0.0.1",
    `HostKey=${folder}/host_key`,
    `AuthorizedKeysFile=${folder}/client_key_4711.pub`,
  ];
  const options = [...settings, "StrictModes=no", "PidFile=none", "UsePAM=no"].flatMap((setting) => ["-o", setting]);
  await machine.start(["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", ...listen, ...options]);
  await machine.sh(`until [ "$(ss -Hltn | grep -c 127.0.0.1:384)" = 2 ]; do sleep 0.05; done`);
  before = await machine.snapshot();
  lab = await Lab.create(machine, objects(ports[0]));
});

afterAll(async () => {
  await machine?.stop();
  lab?.remove();
});

const objects = (port: number): LabObjects => ({
  spec: {
    hosts: {
      far: {
        ...{ type: "ssh", address: "127.0.0.1", port, user },
        ...{ privateKeyPath: `${folder}/client_key_4711`, knownHostsPath: `${folder}/known_hosts_4711` },
      },
    },
  },
  nodes: { node1: {}, node2: {} },
  pods: { pod1: { node: "node1", containers: [web()] }, pod2: { node: "node2" } },
});

/** Everything that Pulumi keeps of the lab. */
function stateFiles(path = join(lab.folder, "state")): string[] {
  return readdirSync(path).flatMap((name) => {
    const file = join(path, name);
    return statSync(file).isDirectory() ? stateFiles(file) : [readFileSync(file, "utf8")];
  });
}

function expectNoConnectionData(text: string): void {
  for (const secret of [user, "client_key_4711", "known_hosts_4711", "127.0.0.1"]) expect(text).not.toContain(secret);
  for (const port of ports) expect(text).not.toMatch(new RegExp(`\\b${port}\\b`));
}

test("comes up, and its packets flow", async () => {
  expect((await lab.up()).errors).toEqual([]);
  const { nodes, pods } = await lab.outputs();
  expect(nodes["node1"]?.host).toBe("far");
  expect(await get(lab, "pod2", pods["default/pod1"]?.ip ?? "", 8080, "/hostname")).toBe("pod1");
});

test("a second up and a refresh find nothing to do", async () => {
  expect((await lab.up()).changes).toEqual([]);
  expect((await lab.refresh()).changes).toEqual([]);
});

test("state, outputs and preview say nothing of the connection", async () => {
  const outputs = await lab.pulumi(["stack", "output", "--json", "--show-secrets"]);
  const exported = await lab.pulumi(["stack", "export"]);
  const preview = await lab.pulumi(["preview", "--diff"]);
  expect(preview.code).toBe(0);
  for (const text of [outputs.stdout, exported.stdout, preview.stdout, preview.stderr, ...stateFiles()])
    expectNoConnectionData(text);
});

test("another way to the host replaces nothing", async () => {
  lab.write(objects(ports[1]));
  const { changes, errors } = await lab.up();
  expect(errors).toEqual([]);
  expect(changes.map(({ op, type }) => [op, type])).toEqual([["update", "podnet"]]);
  expect((await lab.up()).changes).toEqual([]);
  for (const text of stateFiles()) expectNoConnectionData(text);
});

test("destroy leaves the machine as it was", async () => {
  expect((await lab.destroy()).errors).toEqual([]);
  expect(await machine.snapshot()).toEqual(before);
});

test("a host that cannot be reached is one error, and nothing of it stays", async () => {
  lab.write(objects(1));
  const { errors, code } = await lab.up();
  expect(code).not.toBe(0);
  expect(errors.join("\n")).toContain('cannot connect to host "far"');
  expect(errors.join("\n")).not.toMatch(/\n\s+at /);
  lab.write(objects(ports[1]));
  expect((await lab.destroy()).errors).toEqual([]);
  expect(await machine.snapshot()).toEqual(before);
});
