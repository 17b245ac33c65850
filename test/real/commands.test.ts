/** What a person types: npm run up, status, exec, destroy, sweep. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sysctlKind } from "../../components/linux/sysctl";
import { recordPath } from "../../components/linux/owned";
import type { Kind } from "../../components/linux/kind";
import { projectRoot } from "../../scripts/lib/environment";
import type { LiveLab } from "../../scripts/lib/live";
import { type Snapshot, changesBetween } from "./support/machine";
import { Workshop } from "./commands/workshop";

let shop: Workshop;
let untouched: Snapshot;

beforeAll(async () => {
  shop = await Workshop.open();
  untouched = await shop.machine.snapshot();
});
afterAll(() => shop.close());

const changes = async (): Promise<string[]> => changesBetween(untouched, await shop.machine.snapshot());
const exec = (...words: string[]) => shop.podnet("exec", [...shop.inLab, ...words]);
const configFile = (): string => join(projectRoot, `Pulumi.${shop.name}.yaml`);
const liveLab = async (): Promise<LiveLab> =>
  JSON.parse((await shop.podnet("status", [shop.name, "--json"])).stdout) as LiveLab;

test("up says everything that is wrong with a lab and does nothing else", async () => {
  shop.write("apiVersion: podnet.dev/v1\nkind: Lab\nmetadata: { name: Bad }\nspec: { mtu: no }\n");
  const { code, stdout, stderr } = await shop.podnet("up", ["--lab", "lab"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr.trim().split("\n").length).toBeGreaterThan(2);
  for (const line of stderr.trim().split("\n")) expect(line).toMatch(/^\S*lab(\.yaml)?(:\d+:\d+)?: /);
  expect(await changes()).toEqual([]);
  expect(await shop.succeed("pulumi", "stack", "ls", "--json")).toBe("[]\n");
  shop.writeGood();
});

test("what is not there is said plainly", async () => {
  const none = `there is no lab "${shop.name}"`;
  for (const command of ["status", "exec", "refresh"]) {
    const { code, stderr } = await shop.podnet(command, [...shop.inLab, ...(command === "exec" ? ["pod1"] : [])]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`podnet: ${none}; bring it up: npm run up`) as string,
    });
  }
  expect(await shop.succeed("destroy", shop.name)).toBe(`${none}: nothing to remove\n`);
  expect(await shop.succeed("sweep", shop.name)).toBe(`${none}: nothing is written down, and it has no state\n`);
  const { code, stderr } = await shop.podnet("sweep", ["../../etc"]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("is no lab's name") as string });
});

test("preview says what would be made, and makes nothing", async () => {
  const preview = JSON.parse(await shop.succeed("preview", "--lab", "lab", "--json")) as { changeSummary: object };
  expect(Object.keys(preview.changeSummary)).toEqual(["create"]);
  expect(await changes()).toEqual([]);
  expect(await shop.succeed("pulumi", "stack", "ls", "--json")).toBe("[]\n");
  expect(shop.stateFiles()).toEqual([]);
  expect(existsSync(configFile())).toBe(false);
});

test("whoever reads a preview slowly has all of it", async () => {
  const { stdout } = await shop.into("sleep 10; cat", "preview", "--lab", "lab", "--json");
  expect(stdout.length).toBeGreaterThan(1 << 16); // What a pipe holds (pipe(7)).
  expect(Object.keys(JSON.parse(stdout) as object)).toContain("changeSummary");
});

test.each([[[]], [["--diff"]]])("whoever reads no more than the beginning does not end an up: %j", async (options) => {
  const { code, stdout, stderr } = await shop.into("head -n 1", "up", "--lab", "lab", ...options);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `Updating (${shop.name}):\n` });
  expect(stderr).not.toContain("EPIPE");
  await shop.succeed("status", shop.name);
  await shop.succeed("destroy", shop.name);
  expect(await changes()).toEqual([]);
});

test("--help says what there is", async () => {
  const { code, stdout } = await shop.machine.run([process.execPath, "scripts/podnet.mjs", "--help"], {
    cwd: projectRoot,
  });
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^ {2}exec +a command inside a node/m) as string,
  });
});

test("what the system refuses is told with what to do", async () => {
  const env = { ...process.env, PULUMI_BACKEND_URL: `file://${shop.temporary}`, TMPDIR: "/sys" };
  const argv = [process.execPath, "scripts/podnet.mjs", "status", shop.name];
  const { code, stderr } = await shop.machine.run(argv, { cwd: projectRoot, env });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(
      /^podnet: E\w+: .* '\/sys\/podnet-run-.*': this user may not; run the command as root/,
    ) as string,
  });
});

test("options behind a second -- are no name", async () => {
  const { code, stderr } = await shop.podnet("exec", ["--", ...shop.inLab, "pod1"]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining("options come before the name") as string,
  });
});

describe("a lab that runs", () => {
  let firstUp: string;
  beforeAll(async () => {
    firstUp = await shop.up();
  });

  test("up says changes, not every step", () => {
    expect(firstUp).toMatch(/^ \+ {2}podnet:linux:\S+ \S+ created \(/m);
    expect(firstUp).not.toMatch(/ (creating|running)\b|^@ /m);
  });

  test("refresh says nothing of what is as it was, and no outputs", async () => {
    expect(await shop.succeed("refresh", ...shop.inLab)).toMatch(
      /^Refreshing \(\S+\):\n\nResources:\n {4}\d+ unchanged\n\nDuration: \S+\n\n?$/,
    );
  });

  test("logs prints what a container wrote", async () => {
    const first = await shop.podnet("logs", [...shop.inLab, "pod1"]);
    expect(first).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/default\/pod1 has sidecar, web; this is sidecar/) as string,
    });
    const web = await shop.podnet("logs", [...shop.inLab, "default/pod1", "-c", "web"]);
    expect(web).toMatchObject({ code: 0, stderr: "podnet: default/pod1/web has written nothing yet\n" });
    for (const [words, message] of [
      [["pod1", "-c", "wbe"], 'pod default/pod1 has no container "wbe"; it has '],
      [["pod9"], `lab "${shop.name}" has no "pod9"; did you mean pod`],
      [["node1"], '"node1" is no pod'],
    ] as const) {
      const { code, stderr } = await shop.podnet("logs", [...shop.inLab, ...words]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(message) as string });
    }
  });

  test("a name that is almost the lab's is not taken for one that is gone", async () => {
    for (const command of ["destroy", "sweep"]) {
      const { code, stdout, stderr } = await shop.podnet(command, [`${shop.name}x`]);
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: "",
        stderr: expect.stringContaining(`there is no lab "${shop.name}x"; did you mean "${shop.name}"?`) as string,
      });
    }
  });

  test("status has the router's addresses and says who looks at the network", async () => {
    const text = await shop.succeed("status", shop.name);
    expect(text).toMatch(/router │ 192\.168\.0\.1 /);
    expect(text).toMatch(/│ 203\.0\.113\.1 /);
    expect(text).toMatch(/switch │ none /);
    expect(text).toContain(`npm run verify -- --stack ${shop.name}\n`);
  });

  test("a state that was cut off comes back, and stock pulumi reads it again", async () => {
    const state = shop.stateFile(`stacks/podnet/${shop.name}.json`);
    const whole = readFileSync(state, "utf8");
    for (const tear of [
      () => writeFileSync(state, whole.slice(0, 1000)),
      () => writeFileSync(state, ""),
      () => writeFileSync(`${state}.attrs`, ""),
    ]) {
      tear();
      const stock = await shop.podnet("pulumi", ["stack", "export", ...shop.inLab]);
      expect(stock.code).not.toBe(0);
      await shop.succeed("status", shop.name);
      await shop.succeed("pulumi", "stack", "export", ...shop.inLab);
      expect(readFileSync(state, "utf8")).toBe(whole);
    }
  });

  test("a full or read-only disk of the state: nothing is lost, and the next operation completes", async () => {
    await shop.limitState(100);
    const full = await shop.podnet("up", ["--lab", "lab"]);
    expect(full).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the disk that holds the state is full: \S+ has \d+ kB left/) as string,
    });
    const state = shop.stateFile().replace(/\.pulumi\/?$/, "");
    await shop.machine.exec(["mount", "-n", "-o", "remount,ro", state]);
    const readOnly = await shop.podnet("up", ["--lab", "lab"]);
    expect(readOnly).toMatchObject({ code: 1, stderr: expect.stringContaining("mounted read-only") as string });
    await shop.machine.exec(["umount", "-n", state]);
    expect(await shop.up()).toMatch(/^nothing to change/m);
  });

  test("up ends with a picture and three commands, which work", async () => {
    const end = firstUp.slice(firstUp.indexOf("Lab "));
    expect(end.replaceAll(shop.name, "LAB")).toBe(`Lab LAB: 2 nodes, 4 pods

client 203.0.113.10
  │
router 192.168.0.1
  │
switch
  ├─ node1  192.168.0.11  pods 10.244.0.0/24
  │   ├─ agent  192.168.0.11  agent
  │   └─ pod1   10.244.0.2    web :8080, sidecar :8081/udp
  └─ node2  192.168.0.12  pods 10.244.1.0/24
      ├─ pod2        10.244.1.2  web :8080
      └─ other/pod2  10.244.1.3  web :8080

Try:
  npm run exec -- --stack LAB pod1 ip addr
  npm run exec -- --stack LAB node1 iptables-save -t nat
  npm run status -- --stack LAB
`);
    for (const line of end.split("\n").filter((line) => line.startsWith("  npm run "))) {
      const { code, stdout } = await shop.npm(...line.trim().split(" ").slice(1));
      expect({ line, code }).toEqual({ line, code: 0 });
      expect(stdout.length).toBeGreaterThan(100);
    }
  });

  test("a second up changes nothing and says so", async () => {
    expect(await shop.up()).toMatch(/^nothing to change; \d+ resources as they should be$/m);
  });

  test("up, preview and refresh take a lab by its name", async () => {
    expect(await shop.succeed("up", shop.name, "--message", "again")).toMatch(/^nothing to change/m);
    const preview = JSON.parse(await shop.succeed("preview", shop.name, "--json")) as { changeSummary: object };
    expect(Object.keys(preview.changeSummary)).toEqual(["same"]);
    expect(await shop.succeed("refresh", shop.name)).toMatch(/^ +\d+ unchanged$/m);
  });

  test("and an up that previews first is one preview and one update of the same lab", async () => {
    const text = await shop.succeed("up", "--lab", shop.lab, "--skip-preview=false");
    expect(text.match(/^ +\d+ unchanged$/gm)).toHaveLength(2);
  });

  test("status --json is stack output --json and more", async () => {
    const outputs = JSON.parse(await shop.succeed("pulumi", "stack", "output", "--json", ...shop.inLab)) as object;
    const live = await liveLab();
    expect(live).toMatchObject(outputs);
    expect(Object.keys(live).sort()).toEqual([...Object.keys(outputs), "underlay"].sort());
    const all = [live.nodes, live.pods, live.clients, live.underlay].flatMap((group) =>
      Object.values<{ state: string }>(group),
    );
    expect(all.map(({ state }) => state)).toEqual(all.map(() => "running"));
    const names = Object.entries(live.pods).map(([key, { processes }]) => [key, processes.map(({ name }) => name)]);
    expect(Object.fromEntries(names)).toEqual({
      "default/agent": ["agent"],
      "default/pod1": ["pause", "sidecar", "web"],
      "default/pod2": ["pause", "web"],
      "other/pod2": ["pause", "web"],
    });
    const [agent] = live.pods["default/agent"]?.processes ?? [];
    expect(agent).toEqual({
      name: "agent",
      pid: expect.any(Number) as number,
      command: "sleep infinity",
      state: "running",
    });
  });

  test("status shows what ended, and up brings it back", async () => {
    const [, sidecar] = (await liveLab()).pods["default/pod1"]?.processes ?? [];
    await shop.machine.exec(["kill", "-9", `${sidecar?.pid}`]);
    await shop.machine.exec(["ip", "netns", "del", `${shop.name}.client`]);
    const { code, stdout, stderr } = await shop.podnet("status", [shop.name]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/default\/pod1 +│ 10\.244\.0\.2 +│ node1 │ incomplete/);
    expect(stdout).toMatch(/sidecar has ended/);
    expect(stdout).toMatch(/client +│ 203\.0\.113\.10 │ +│ gone/);
    expect(stderr).toBe(
      `podnet: client: its network namespace ${shop.name}.client is gone
podnet: default/pod1: sidecar has ended
podnet: to repair the lab: npm run up -- --stack ${shop.name}\n`,
    );
    const gone = await exec("client", "true");
    expect(gone).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${shop.name}.client is gone; npm run up`) as string,
    });
    await shop.succeed("refresh", ...shop.inLab);
    await shop.succeed("up", ...shop.inLab);
    await shop.succeed("status", shop.name);
  });

  test("exec: exit code, streams and arguments are the command's own", async () => {
    expect(await exec("pod1", "sh", "-c", "echo out; echo err >&2; exit 42")).toEqual({
      code: 42,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect(await exec("pod1", "sh", "-c", "kill -TERM $$")).toMatchObject({ code: 143 });
    const odd = ["a b", "it's", '"q"', "$HOME", "*", "", "x;y", "a\nb", "\\", "ü", "--help", "-v", "--stack", "--"];
    expect(await exec("pod1", "printf", "%s|", ...odd)).toEqual({
      code: 0,
      stdout: odd.map((word) => `${word}|`).join(""),
      stderr: "",
    });
    expect(await shop.podnet("exec", [...shop.inLab, "pod1", "--", "cat"], "in")).toEqual({
      code: 0,
      stdout: "in",
      stderr: "",
    });
    const shell = await shop.podnet("exec", [...shop.inLab, "node1"], "ip -4 -br addr show dev cbr0");
    expect(shell.stdout).toContain("10.244.0.1/24");
  });

  test("exec: a terminal when there is one", async () => {
    const words = `${process.execPath} scripts/podnet.mjs exec ${shop.inLab.join(" ")} pod1`;
    expect(await shop.terminal(`${words} tty`)).toMatch(/^\/dev\/pts\/\d+/);
  });

  test("exec: nodes, pods and the rest by short names", async () => {
    const address = async (who: string): Promise<string> =>
      (await exec(who, "ip", "-4", "-br", "addr", "show", "scope", "global")).stdout;
    expect(await address("default/pod1")).toContain(" 10.244.0.2/24");
    expect(await address("other/pod2")).toContain(" 10.244.1.3/24");
    expect(await address("pod2")).toBe(await address("default/pod2"));
    expect(await address("agent")).toBe(await address("node1"));
    expect(await address("client")).toContain(" 203.0.113.10/24");
    expect(await address("router")).toContain(" 192.168.0.1/24");
    expect((await exec("switch", "bridge", "link")).stdout).toContain("master switch");
    const { code, stdout } = await shop.npm("run", "-s", "exec", "--", ...shop.inLab, "pod1", "ip", "-4", "addr");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("10.244.0.2/24") as string });
  });

  test.each([
    ["pd1", `has no "pd1"; did you mean pod1?`],
    ["default/pod11", `has no "default/pod11"; did you mean default/pod1?`],
    ["database", `has no "database"; there are: agent, pod1, pod2, other/pod2, node1, node2, client, switch, router`],
  ])("exec: %s is no single place", async (who, message) => {
    const { code, stdout, stderr } = await exec(who, "true");
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining(message) as string,
    });
  });

  test("while an up is at work, others wait their turn", async () => {
    shop.write(
      `${shop.text}---\napiVersion: v1\nkind: Pod\nmetadata: { name: slow }\nspec: { nodeName: node1, containers: [{ name: slow, command: [sleep, infinity], ports: [{ containerPort: 99 }] }] }\n`,
    );
    const running = await shop.upUntil(9);
    for (const command of ["sweep", "destroy"]) {
      const { code, stderr } = await shop.podnet(command, [shop.name]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/the lab is locked: .* stop it with: kill -INT \d+/) as string,
      });
    }
    await shop.kill(running);
    shop.writeGood();
    await shop.up();
    // No state knows of the pod that was half made, and no file any more.
    expect(await shop.machine.sh("ls /run/netns")).not.toContain("slow");
    expect(await shop.machine.sh(`find /run/podnet/${shop.name}/node1/cni -name 10.244.0.3`)).toBe("");
  });

  test("after a reboot up brings the lab back", async () => {
    const { pods } = await liveLab();
    await shop.reboot();
    const { code, stderr } = await shop.podnet("status", [shop.name]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining("default/pod1: its network namespace") as string,
    });
    await shop.up();
    const back = (await liveLab()).pods;
    const addresses = (all: LiveLab["pods"]) =>
      Object.entries(all).map(([key, { ip, node, state }]) => [key, ip, node, state]);
    expect(addresses(back)).toEqual(addresses(pods));
  });

  test("destroy needs no files of the lab and leaves nothing", async () => {
    shop.removeFiles();
    const text = await shop.succeed("destroy", shop.name);
    expect(text).toContain(`lab "${shop.name}" is gone\n`);
    expect(text).not.toMatch(/ deleting |pulumi stack rm/);
    expect(await changes()).toEqual([]);
    expect(shop.stateFiles()).toEqual([]);
    expect(existsSync(configFile())).toBe(false);
    expect(await shop.succeed("pulumi", "stack", "ls", "--json")).toBe("[]\n");
    shop.writeGood();
  });
});

describe("after kill -9 in the middle of a first up", () => {
  test("up completes", async () => {
    await shop.kill(await shop.upUntil(4));
    await shop.up();
    await shop.succeed("status", shop.name);
  });

  test("sweep removes a lab without its state and its files", async () => {
    await shop.up();
    shop.removeState();
    shop.removeFiles();
    const plan = await shop.succeed("sweep", shop.name, "--dry-run");
    expect(plan).toContain(`would remove NetworkNamespace ${shop.name}.default.pod1\n`);
    await shop.machine.exec(["ip", "netns", "exec", `${shop.name}.default.pod1`, "true"]);
    expect(await shop.succeed("sweep", shop.name)).toContain(`removed NetworkNamespace ${shop.name}.default.pod1\n`);
    expect(await changes()).toEqual([]);
    shop.writeGood();
  });

  test.each(["destroy", "sweep"])("%s leaves nothing", async (command) => {
    await shop.kill(await shop.upUntil(5));
    expect(await shop.succeed(command, shop.name)).toMatch(/removed NetworkNamespace/);
    expect(await changes()).toEqual([]);
    expect(await shop.succeed("pulumi", "stack", "ls", "--json")).toBe("[]\n");
    expect(existsSync(configFile())).toBe(false);
  });
});

describe("a state of which no copy is whole", () => {
  const tear = (): void => {
    for (const path of shop.stateFiles().filter((path) => /json(\.bak)?$/.test(path)))
      writeFileSync(shop.stateFile(path), "");
  };

  test("up takes the lab over", async () => {
    await shop.up();
    tear();
    const { code, stderr } = await shop.podnet("up", ["--lab", "lab"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("there is no copy") as string });
    await shop.succeed("status", shop.name);
  });

  test("destroy leaves nothing", async () => {
    tear();
    expect(await shop.succeed("destroy", shop.name)).toContain(`lab "${shop.name}" is gone\n`);
    expect(await changes()).toEqual([]);
    expect(shop.stateFiles()).toEqual([]);
    expect(existsSync(configFile())).toBe(false);
  });
});

describe("whoever ends early leaves no process and no folder of the run", () => {
  const left = async (): Promise<string[]> => {
    const processes = await shop.machine.sh(
      `grep -lz '^TMPDIR=${shop.temporary}/' /proc/[0-9]*/environ 2>/dev/null || :`,
    );
    const folders = readdirSync(shop.temporary).filter((name) => /^(podnet-run|pulumi-node)/.test(name));
    return [...processes.split("\n").filter(Boolean), ...folders];
  };
  const pulumi = async (): Promise<string> => (await shop.machine.sh("pgrep -x pulumi")).trim();

  test.each(["INT", "TERM", "KILL"])("SIG%s", async (signal) => {
    const before = await left();
    const running = await shop.upUntil(4);
    const pid = signal === "KILL" ? await pulumi() : `${running.pid}`;
    await shop.machine.exec(["kill", `-${signal}`, pid]);
    await running.ended;
    // The plugin finishes what it is at.
    for (let tries = 0; tries < 100 && (await left()).length > before.length; tries++)
      await shop.machine.exec(["sleep", "0.1"]);
    expect(await left()).toEqual(before);
    await shop.succeed("destroy", shop.name);
    expect(await changes()).toEqual([]);
  });
});

describe("a host that cannot be reached", () => {
  const onHost = (settings: string): void =>
    shop.write(
      shop.text.replace(
        `metadata: { name: ${shop.name} }`,
        `metadata: { name: ${shop.name} }\nspec: { hosts: { vm: ${settings} } }`,
      ),
    );
  const nowhere = "{ type: ssh, address: vm.invalid, privateKeyPath: /dev/null, agent: true }";

  test("a lab that was never made there is removed at once", async () => {
    onHost(nowhere);
    const { code, stdout, stderr } = await shop.podnet("up", ["--lab", "lab"]);
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toMatch(
      /ssh root@vm\.invalid.*the name cannot be resolved; correct the host's address/,
    );
    expect(await shop.succeed("destroy", shop.name)).toContain(`lab "${shop.name}" is gone\n`);
    expect(shop.stateFiles()).toEqual([]);
  });

  test("destroy says what gives it up, and that does", async () => {
    onHost("{ type: local }");
    await shop.up();
    onHost(nowhere);
    await shop.podnet("up", ["--lab", "lab"]);
    const refused = await shop.podnet("destroy", [shop.name]);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`npm run destroy -- ${shop.name} --abandon-host vm`) as string,
    });
    const other = await shop.podnet("destroy", [shop.name, "--abandon-host", "wm"]);
    expect(other).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the lab has no host "wm"; it has ') as string,
    });
    const text = await shop.succeed("destroy", shop.name, "--abandon-host", "vm");
    expect(text).toMatch(/^vm: given up\. If root@vm\.invalid still runs, /m);
    expect(text).toContain(`lab "${shop.name}" is gone\n`);
    expect(shop.stateFiles()).toEqual([]);
    expect(await changes()).toEqual([]);
    shop.writeGood();
  });
});

describe("sweep obeys nothing but whole records in their places", () => {
  const owned = (): string => `/run/podnet/${shop.name}/.owned`;
  const forwarding = (value: string) => ({ host: "local", name: "net.ipv4.ip_forward", value });
  const record = (kind: Kind, args: object, more: object): string =>
    JSON.stringify({ token: kind.token, args, ...more, undo: ["rm -rf /"] });
  const put = (path: string, text: string): Promise<string> =>
    shop.machine.exec(["sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "sh", path], { input: text });

  test("a sysctl gets its old value back, and what was half written goes", async () => {
    await shop.machine.exec(["sysctl", "-w", "net.ipv4.ip_forward=1"]);
    const kind = sysctlKind as unknown as Kind;
    await put(recordPath(shop.name, kind, forwarding("1")), record(kind, forwarding("1"), { before: forwarding("0") }));
    await put(`${owned()}/host/File-${"0".repeat(20)}.new`, '{"token":"podnet:li');
    expect(await shop.succeed("sweep", shop.name)).toContain("removed Sysctl net.ipv4.ip_forward\n");
    expect(await changes()).toEqual([]);
  });

  test("anything else stays and is told", async () => {
    const kind = sysctlKind as unknown as Kind;
    const elsewhere = `${owned()}/host/Sysctl-${"0".repeat(20)}`;
    const half = `${owned()}/host/File-${"1".repeat(20)}`;
    const foreign = `${owned()}/host/notes.txt`;
    await put(elsewhere, record(kind, forwarding("1"), { before: forwarding("1") }));
    await put(half, '{"token":"podnet:li');
    await put(foreign, "mine");
    const { code, stdout, stderr } = await shop.podnet("sweep", [shop.name]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`LEFT ${elsewhere}: speaks of local,,net.ipv4.ip_forward, whose record lies elsewhere`);
    expect(stderr).toContain(`LEFT ${half}: not a whole record`);
    expect(stderr).toContain(`LEFT ${foreign}: no file of podnet's`);
    await shop.machine.exec(["rm", elsewhere, half, foreign]);
    await shop.succeed("sweep", shop.name);
    expect(await changes()).toEqual([]);
  });
});
