import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { exportLines, quote } from "../../scripts/env";
import { projectRoot, pulumiEnvironment, pulumiVersion } from "../../scripts/lib/environment";
import { findProcess, isHolder, liftStaleLocks, parseStat, stateFolder } from "../../scripts/lib/stateLock";
import { missingPackages } from "../../scripts/toolchain/debian";
import { isAtLeast, wantedVersion } from "../../scripts/toolchain/go";
import { withLock } from "../../scripts/toolchain/lock.cjs";
import { duration } from "../../scripts/toolchain/progress";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "podnet test #"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("the environment of Pulumi", () => {
  const environment = (env: Record<string, string> = {}) =>
    pulumiEnvironment(folder, { PATH: "/bin", PULUMI_HOME: join(folder, "home"), ...env });
  const logIn = (where: string, content: string) => {
    mkdirSync(where);
    writeFileSync(join(where, "credentials.json"), content);
  };

  test("is the project's own state, private, with an empty passphrase", () => {
    const { PULUMI_BACKEND_URL: url = "", PULUMI_CONFIG_PASSPHRASE: passphrase } = environment();
    expect(stateFolder(url, "/")).toBe(join(folder, ".podnet", "state"));
    expect(statSync(join(folder, ".podnet", "state")).mode & 0o777).toBe(0o700);
    expect(passphrase).toBe("");
  });

  test("puts the pinned CLI first on the PATH", () => {
    expect(environment().PATH).toBe(`${folder}/home/versions/${pulumiVersion}/bin:${folder}/node_modules/.bin:/bin`);
  });

  test.each([["PULUMI_CONFIG_PASSPHRASE"], ["PULUMI_CONFIG_PASSPHRASE_FILE"]])("leaves the user's %s alone", (name) => {
    expect(environment({ [name]: "x" })).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE");
  });

  test("respects the user's backend, and makes no folder then", () => {
    const result = environment({ PULUMI_BACKEND_URL: "s3://bucket" });
    expect(result.PULUMI_BACKEND_URL).toBe("s3://bucket");
    expect(result).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE");
    expect(existsSync(join(folder, ".podnet"))).toBe(false);
  });

  test("respects a login, also one that PULUMI_CREDENTIALS_PATH names", () => {
    logIn(join(folder, "home"), '{"current":"https://api.pulumi.com"}');
    expect(environment().PULUMI_BACKEND_URL).toBe("https://api.pulumi.com");
    logIn(join(folder, "credentials"), '{"current":"gs://bucket"}');
    expect(environment({ PULUMI_CREDENTIALS_PATH: join(folder, "credentials") }).PULUMI_BACKEND_URL).toBe(
      "gs://bucket",
    );
  });

  test.each([
    ["", "an empty file"],
    ['{"current":""}', "a logout"],
  ])("takes %j for no login (%s)", (content) => {
    logIn(join(folder, "home"), content);
    expect(environment().PULUMI_BACKEND_URL).toMatch(/^file:/);
  });

  test("names a broken credentials file", () => {
    logIn(join(folder, "home"), "{");
    expect(() => environment()).toThrow(/home\/credentials\.json: not JSON/);
  });
});

test("exported words survive a POSIX shell", () => {
  expect(quote("it's $HOME `x`")).toBe(`'it'\\''s $HOME \`x\`'`);
  expect(exportLines({ PATH: "ignored", A: "b c" }, ["/x y"])).toEqual([
    `export PATH='/x y':"$PATH"`,
    "export A='b c'",
  ]);
});

test.each([
  ["s3://bucket/x", undefined],
  ["file:///a%20b/c?no_tmp_dir=true", "/a b/c"],
  ["file://./state", "/project/state"],
])("the state folder of %s is %s", (url, expected) => expect(stateFolder(url, "/project")).toBe(expected));

describe("Go's version", () => {
  test.each([
    ["go1.25.11", "1.25.11", true],
    ["go1.26", "1.25.11", true],
    ["go1.25.9", "1.25.11", false],
    ["go1.25", "1.25.11", false],
    ["go1.19.8", "1.21", false],
    ["go1.26.8 X:nocoverageredesign", "1.25.11", true],
  ])("%s for %s: %s", (has, wanted, expected) => expect(isAtLeast(has, wanted)).toBe(expected));

  test("is read from go.mod", () => {
    expect(wantedVersion("module x\n\ngo 1.25.11\n")).toBe("1.25.11");
    expect(() => wantedVersion("module x\n")).toThrow("no line");
  });
});

test("the module that the CLI is built from has the version that package.json pins", () => {
  const goMod = readFileSync(join(projectRoot, "scripts", "toolchain", "pulumi", "go.mod"), "utf8");
  expect(goMod).toContain(`github.com/pulumi/pulumi/pkg/v3 v${pulumiVersion}\n`);
  expect(goMod).toContain(`github.com/pulumi/pulumi/sdk/v3 v${pulumiVersion} `);
});

test("missing programs are told by package", () => {
  expect(missingPackages((program) => !["ip", "sshd"].includes(program))).toEqual(
    new Map([
      ["iproute2", ["ip"]],
      ["openssh-server", ["sshd"]],
    ]),
  );
});

test.each([
  [0.4, "0 s"],
  [59.4, "59 s"],
  [61, "1 min 1 s"],
])("%d seconds read %s", (seconds, expected) => expect(duration(seconds)).toBe(expected));

describe("the lock between processes", () => {
  test("lets one at a time in, and frees after a failure", async () => {
    const name = folder;
    let inside = 0;
    let most = 0;
    let waited = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
      throw new Error("done");
    };
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => withLock(name, work, () => waited++)));
    expect(results.map(({ status }) => status)).toEqual(Array(4).fill("rejected"));
    expect([most, waited]).toEqual([1, 3]);
  });

  test("is free when its holder was killed", async () => {
    const program = `require(${JSON.stringify(require.resolve("../../scripts/toolchain/lock.cjs"))})
      .withLock(${JSON.stringify(folder)}, () => { console.log("held"); return new Promise((r) => setTimeout(r, 60000)); })`;
    const holder = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    const onWait = jest.fn(() => void holder.kill("SIGKILL"));
    await expect(withLock(folder, () => Promise.resolve("mine"), onWait)).resolves.toBe("mine");
    expect(onWait).toHaveBeenCalledTimes(1);
  });
});

describe("the lock of Pulumi's file backend", () => {
  const lockFolder = () => join(folder, ".pulumi", "locks", "organization", "podnet", "demo");
  const lift = () => liftStaleLocks(folder, "podnet", "demo");
  const deadPid = 4194305; // above the kernel's largest pid (proc(5), pid_max)

  function write(content: string | object, name = "1.json"): string {
    mkdirSync(lockFolder(), { recursive: true });
    const file = join(lockFolder(), name);
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    writeFileSync(`${file}.attrs`, "{}");
    return file;
  }
  const lock = (changes: object = {}) => ({
    ...{ pid: deadPid, username: "root", hostname: hostname(), timestamp: new Date().toISOString() },
    ...changes,
  });

  test("no lock: nothing to do", () => expect(lift).not.toThrow());

  test("of a dead process is lifted", () => {
    const file = write(lock());
    lift();
    expect([file, `${file}.attrs`].filter(existsSync)).toEqual([]);
  });

  test("of a living process stays, and the error names it", () => {
    const file = write(lock({ pid: process.pid }));
    expect(lift).toThrow(`kill -INT ${process.pid}`);
    expect(existsSync(file)).toBe(true);
  });

  test("whose pid another process has now is lifted", () => {
    const file = write(lock({ pid: process.pid, timestamp: "2020-01-01T00:00:00Z" }));
    lift();
    expect(existsSync(file)).toBe(false);
  });

  test("of another machine stays", () => {
    write(lock({ hostname: "elsewhere" }));
    expect(lift).toThrow(/another machine: root@elsewhere, process 4194305/);
  });

  test.each(["old", "young, since nobody goes on with it"])("half written is lifted when it is %s", (age) => {
    for (const name of ["1.json", "1.json.18a.tmp"]) {
      const file = write("", name);
      if (age === "old") utimesSync(file, 0, 0);
      lift();
      expect(existsSync(file)).toBe(false);
    }
  });

  test("a process is the holder when it is old enough, or is called pulumi", () => {
    const { timestamp } = { timestamp: "2026-01-01T00:00:10Z" };
    const at = (second: number) => Date.parse(`2026-01-01T00:00:${second}Z`);
    const holder = (name: string, started: number) => isHolder({ name, started }, lock({ timestamp }));
    expect(holder("sh", at(11))).toBe(true);
    expect(holder("sh", at(13))).toBe(false);
    expect(holder("pulumi", at(59))).toBe(true);
    expect(isHolder(undefined, lock())).toBe(false);
  });

  test("/proc is read as proc(5) says", () => {
    const stat = (state: string) => `7 (a) b) ${state} 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 250 0`;
    expect(parseStat(stat("S"), "cpu 1\nbtime 1000\n")).toEqual({ name: "a) b", started: 1002500 });
    expect(parseStat(stat("Z"), "btime 1000\n")).toBeUndefined();
    const { started } = findProcess(process.pid) ?? { started: NaN };
    expect(Math.abs(started - (Date.now() - process.uptime() * 1000))).toBeLessThan(2000);
  });
});
