// The `local` host: sshd -i, which listens nowhere and leaves nothing.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Host } from "../../components/host";
import { connectLocal } from "../../components/host/local";
import { withSeparationFolder } from "../../components/host/separation";
import { keysIn } from "../../components/host/sshd";
import { projectRoot } from "../../scripts/lib/environment";
import { Machine } from "./support/machine";

jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), "podnet-local-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const localHost = (keys: string) =>
  new Host("here", { type: "local" }, { connect: (attempt) => connectLocal(attempt, join(folder, keys)) });

/** Processes whose parent is this test, zombies too. */
function children(): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(parent) === process.pid ? [stat.slice(0, stat.lastIndexOf(")") + 3)] : [];
    } catch {
      return [];
    }
  });
}

test("a folder whose name needs quoting, and whose keys are for nobody else", async () => {
  for (const name of ["with spaces and 100% %h", "quotes ' and $HOME", "täst"]) {
    const host = localHost(name);
    expect((await host.run([{ argv: ["id", "-un"] }]))[0]?.stdout).toBe("root\n");
    await host.close();
    const modes = execFileSync(
      "sh",
      ["-c", 'cd "$1" && stat -c "%n %a" . client_key host_key', "sh", join(folder, name)],
      { encoding: "utf8" },
    );
    expect(modes).toBe(". 700\nclient_key 600\nhost_key 600\n");
  }
});

test("close waits until sshd has ended, even while a command runs", async () => {
  const before = children();
  const host = localHost("keys");
  await host.run([{ argv: ["true"] }]);
  const running = host.run([{ argv: ["sleep", "7"] }]).catch((error: Error) => error.name);
  await new Promise((wake) => setTimeout(wake, 100));
  await host.close();
  expect(children()).toEqual(before);
  expect(await running).toBe("ConnectionLost");
});

test("every key that is made can be read", () => {
  for (let i = 0; i < 30; i++) expect(keysIn(join(folder, `keys-${i}`)).client).toContain("PRIVATE KEY");
});

test("a key that was spoilt says what to do", async () => {
  keysIn(join(folder, "spoilt"));
  writeFileSync(join(folder, "spoilt", "client_key"), "spoilt");
  const host = localHost("spoilt");
  await expect(host.run([{ argv: ["true"] }])).rejects.toThrow(/spoilt\/client_key: .*; delete the folder/);
  await host.close();
});

test("is open soon", async () => {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const begin = performance.now();
    const host = localHost("keys");
    await host.run([{ argv: ["true"] }]);
    times.push(performance.now() - begin);
    await host.close();
  }
  // Some 60 ms on an idle machine; a login shell that reads ~/.bashrc each time would add as much again, or twice.
  expect(Math.min(...times)).toBeLessThan(400);
});

describe("the separation folder", () => {
  const at = (name: string): string => join(folder, "run", name);
  const soon = (milliseconds: number) => new Promise((wake) => setTimeout(wake, milliseconds));

  beforeAll(() => mkdirSync(join(folder, "run")));

  test("is made where it is missing, stays while anybody needs it, and goes with the last", async () => {
    const users = Array.from({ length: 20 }, (_, i) =>
      withSeparationFolder(async () => {
        await soon((i * 7) % 40);
        expect(existsSync(at("made"))).toBe(true);
      }, at("made")),
    );
    await Promise.all(users);
    expect(readdirSync(join(folder, "run"))).toEqual([]);
  });

  test("goes after a failure, too", async () => {
    await expect(withSeparationFolder(() => Promise.reject(new Error("no")), at("made"))).rejects.toThrow("no");
    expect(existsSync(at("made"))).toBe(false);
  });

  test("stays where it was there before", async () => {
    mkdirSync(at("theirs"));
    await withSeparationFolder(() => Promise.resolve(), at("theirs"));
    expect(readdirSync(join(folder, "run"))).toEqual(["theirs"]);
    rmSync(at("theirs"), { recursive: true });
  });

  test("what killed users left goes with the next", async () => {
    mkdirSync(at("left"));
    writeFileSync(join(at("left"), ".podnet-999999999-1-0"), "");
    writeFileSync(join(at("left"), `.podnet-${process.pid}-1-0`), ""); // The process id is in use again.
    mkdirSync(at("left.podnet-999999999-1-0"));
    await withSeparationFolder(() => Promise.resolve(), at("left"));
    expect(readdirSync(join(folder, "run"))).toEqual([]);
  });
});

test("many processes connect at once, some are killed, and nothing stays", async () => {
  const machine = await Machine.start();
  try {
    const before = await machine.snapshot();
    const script = `
      const { Host } = require(${JSON.stringify(join(projectRoot, "components", "host"))});
      (async () => {
        for (let i = 0; i < 4; i++) {
          const host = new Host("here", { type: "local" });
          await host.run([{ argv: ["true"] }]);
          await host.close();
        }
        console.log("done");
      })();
    `;
    writeFileSync(join(folder, "many.js"), script);
    mkdirSync(join(folder, "many"));
    const env = { ...process.env, TS_NODE_PROJECT: join(projectRoot, "tsconfig.json") };
    const node = ["node", "-r", join(projectRoot, "node_modules", "ts-node", "register"), join(folder, "many.js")];
    const start = () => machine.start(node, { env, cwd: join(folder, "many") });
    const all = await Promise.all([start(), start(), start(), start(), start()]);
    await new Promise((wake) => setTimeout(wake, 1500));
    await Promise.all(all.slice(0, 2).map((process) => process.stop("KILL")));
    for (const process of all.slice(2)) expect(await process.ended).toBe("done\n");
    // A last one clears up behind those that were killed.
    expect(await (await start()).ended).toBe("done\n");
    expect(await machine.snapshot()).toEqual(before);
  } finally {
    await machine.stop();
  }
});

test("a process that is killed takes its sshd with it", async () => {
  const script = `
    const { Host } = require(${JSON.stringify(join(projectRoot, "components", "host"))});
    const host = new Host("here", { type: "local" });
    host.run([{ argv: ["sh", "-c", "echo $PPID"] }]).then(([output]) => console.log(output.stdout.trim()));
    setInterval(() => undefined, 1000);
  `;
  writeFileSync(join(folder, "one.js"), script);
  const env = { ...process.env, TS_NODE_PROJECT: join(projectRoot, "tsconfig.json") };
  const child = spawn(
    "node",
    ["-r", join(projectRoot, "node_modules", "ts-node", "register"), join(folder, "one.js")],
    { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] },
  );
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const shell = `/proc/${said.toString().trim()}`;
  expect(existsSync(shell)).toBe(true);
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  for (let i = 0; i < 100 && existsSync(shell); i++) await new Promise((wake) => setTimeout(wake, 20));
  expect(existsSync(shell)).toBe(false);
});
