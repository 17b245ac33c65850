import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const PAUSE = path.resolve(__dirname, "../../../components/kubernetes/images/pause");

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const exited = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once("exit", (code) => resolve(code));
  });

const privateKB = (pid: number | undefined) =>
  [...readFileSync(`/proc/${pid}/smaps_rollup`, "utf8").matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)].reduce(
    (sum, [, kB]) => sum + Number(kB),
    0,
  );

const ticks = (pid: number | undefined) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
};

describe("pause", () => {
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "pause-"));
    copyFileSync(PAUSE, path.join(folder, "pause"));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill("SIGKILL");
      await exited(child);
    }
    rmSync(folder, { recursive: true });
  });

  async function start(
    command = "sh",
    args = [path.join(folder, "pause"), "default/web-0"],
    { cwd = "/", env = {} }: { cwd?: string; env?: Record<string, string> } = {},
  ): Promise<ChildProcess> {
    const child = spawn(command, args, { stdio: "ignore", cwd, env: { ...process.env, ...env } });
    children.push(child);
    for (const end = Date.now() + 5000; readlinkSync(`/proc/${child.pid}/fd/2`) === "/dev/null"; await sleep(5)) {
      const [comm, wchan] = ["comm", "wchan"].map((name) => readFileSync(`/proc/${child.pid}/${name}`, "utf8"));
      if (comm === "pause\n" && /pipe|^0$/.test(wchan ?? "")) break;
      if (Date.now() > end) throw new Error(`pause does not come up: ${comm} ${wchan}`);
    }
    await sleep(50);
    return child;
  }

  test("it is called pause, keeps its arguments, has no child and leaves no file", async () => {
    const { pid } = await start();
    expect(readFileSync(`/proc/${pid}/comm`, "utf8")).toBe("pause\n");
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toBe(`sh\0${folder}/pause\0default/web-0\0`);
    expect(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")).toBe("");
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/");
    expect(readdirSync(folder)).toEqual(["pause"]);
  });

  test("it starts by itself and from its own folder too", async () => {
    for (const child of [await start(path.join(folder, "pause"), []), await start("sh", ["pause"], { cwd: folder })]) {
      expect(readFileSync(`/proc/${child.pid}/comm`, "utf8")).toBe("pause\n");
    }
    expect(readdirSync(folder)).toEqual(["pause"]);
  });

  test("a shell that puts here-documents into files has its pipe, too", async () => {
    // As bash did before 5.1 (its CHANGES file).
    const { pid } = await start("bash", [path.join(folder, "pause")], { env: { BASH_COMPAT: "5.0" } });
    expect(readlinkSync(`/proc/${pid}/fd/0`)).toBe(`${folder}/.pause.${pid} (deleted)`);
    expect(readdirSync(folder)).toEqual(["pause"]);
  });

  test("it sleeps, and the end of its input does not end it", async () => {
    const child = await start();
    const before = ticks(child.pid);
    await sleep(500);
    expect(child.exitCode).toBeNull();
    expect(child.signalCode).toBeNull();
    expect(ticks(child.pid)).toBe(before);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s ends it at once", async (signal) => {
    const child = await start();
    const begin = Date.now();
    child.kill(signal);
    expect(await exited(child)).toBe(0);
    expect(Date.now() - begin).toBeLessThan(500);
  });

  test("memory, for information", async () => {
    const count = 20;
    const all = await Promise.all(Array.from({ length: count }, () => start()));
    const kB = all.reduce((sum, { pid }) => sum + privateKB(pid), 0) / count;
    process.stderr.write(`pause: ${Math.round(kB)} kB of private memory each\n`);
  });
});
