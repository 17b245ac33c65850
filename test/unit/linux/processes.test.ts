// Processes by the real scripts: started once, known again, ended with all that they started. In the host's own network
// namespace, so nobody has to be root.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { HostError } from "../../../components/host";
import type { Args } from "../../../components/linux/kind";
import { recordPath } from "../../../components/linux/owned";
import { Reconciler } from "../../../components/linux/reconcile";
import { kindOf } from "../../../components/linux/registry";
import { sweep } from "../../../components/linux/sweep";
import { fill } from "../../../components/linux/schema";
import { LocalRunner } from "./local-runner";

/** Processes are known by their lab's name, and others may test on this machine at the same time. */
const lab = `t-${randomBytes(4).toString("hex")}`;
const kind = kindOf("podnet:linux:Process");
const process_ = (values: object): Args => fill(kind.args, { host: "local", name: "p", ...values }) as unknown as Args;
const perl = (script: string, ...args: string[]): string[] => ["perl", "-e", script, ...args];

/** Listens on a TCP port of 127.0.0.1, and says why when it cannot. */
const server = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => shift, Listen => 5) or die "$!\\n"; sleep`;

let host: LocalRunner;
let reconciler: Reconciler;
beforeEach(() => {
  host = new LocalRunner();
  reconciler = new Reconciler(lab, "ann@laptop:/home/ann/podnet", () => host);
});
afterEach(async () => {
  for (const name of ["p", "second"]) await reconciler.delete(kind, process_({ name, command: ["x"] }));
  expect(host.tree("run")).toEqual([]);
  host.close();
});

const pidOf = (args: Args): number =>
  Number(readFileSync(join(host.folder, `${recordPath(lab, kind, args)}.pid`), "utf8").split("\n")[0]);

/** The fields of stat behind the name (proc(5)); none of a process that has ended, buried or not. */
function fields(pid: number): string[] {
  try {
    const all = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return all[0] === "Z" || all[0] === "X" ? [] : all;
  } catch {
    return [];
  }
}
const isAlive = (pid: number): boolean => fields(pid).length > 0;
const sessionOf = (pid: number): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => fields(each)[3] === `${pid}`);

/** All that carry the lab's mark. */
const marked = (of = lab): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return isAlive(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`PODNET_LAB=${of}`);
      } catch {
        return false;
      }
    });

const freePort = (): Promise<number> =>
  new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => done(port));
    });
  });
const until = async (what: string, holds: () => boolean): Promise<void> => {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 200) throw new Error(`not in time: ${what}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
};

test("it gets its words and its environment as they are, and nothing else", async () => {
  const out = join(host.folder, "out");
  const words = ["", "a b", "it's", "$(id)", "two\nlines", "-x", "✓"];
  const args = process_({
    command: perl(
      'open F, ">", shift; print F join("\\0", @ARGV, "--", map { "$_=$ENV{$_}" } sort keys %ENV); close F; sleep',
      out,
      ...words,
    ),
    env: { "-u": "odd", NAME: "two\nlines", QUOTE: "it's $(id)" },
  });
  await reconciler.create(kind, args);
  await until("its words", () => existsSync(out) && readFileSync(out, "utf8").includes("QUOTE"));
  const [arguments_, environment] = readFileSync(out, "utf8").split("\0--\0");
  expect(arguments_?.split("\0")).toEqual(words);
  expect(environment?.split("\0")).toEqual([
    ...["-u=odd", "NAME=two\nlines", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    ...[
      `PODNET_LAB=${lab}`,
      "PODNET_PROCESS=,p",
      expect.stringMatching(/^PODNET_SPEC=[0-9a-f]{20}$/) as string,
      "QUOTE=it's $(id)",
    ],
  ]);
  // A session of its own, without a terminal.
  expect(fields(pidOf(args))[3]).toBe(`${pidOf(args)}`);
});

test("a second run does nothing; a killed one is seen, and started again, once", async () => {
  const args = process_({ command: perl("sleep") });
  const { state } = await reconciler.create(kind, args);
  expect(state).toEqual(args);
  const pid = pidOf(args);
  await reconciler.create(kind, args);
  await reconciler.update(kind, args, args);
  expect(pidOf(args)).toBe(pid);
  process.kill(pid, "SIGKILL");
  await until("its end", () => !isAlive(pid));
  expect(await reconciler.read(kind, args)).toBeUndefined();
  await reconciler.create(kind, args);
  expect(await reconciler.read(kind, args)).toEqual(args);
  expect(pidOf(args)).not.toBe(pid);
});

test("with other words it is another process: the old one ends first", async () => {
  const old = process_({ command: perl("sleep", "old") });
  await reconciler.create(kind, old);
  const pid = pidOf(old);
  await reconciler.create(kind, process_({ command: perl("sleep", "new") }));
  expect(isAlive(pid)).toBe(false);
});

test("deleted, it goes with all that it started, however it takes a signal", async () => {
  const stubborn = "$SIG{TERM} = 'IGNORE'; fork; sleep 1 while 1";
  const args = process_({ command: perl(stubborn) });
  await reconciler.create(kind, args);
  const pid = pidOf(args);
  await until("its child", () => sessionOf(pid).length === 2);
  expect(await reconciler.delete(kind, args)).toEqual([]);
  expect(sessionOf(pid)).toEqual([]);
  expect(await reconciler.delete(kind, args)).toEqual([]);
});

test("what it started is ended before it starts again, though it has died itself", async () => {
  const args = process_({ command: perl("fork; sleep") });
  await reconciler.create(kind, args);
  const pid = pidOf(args);
  await until("its child", () => sessionOf(pid).length === 2);
  process.kill(pid, "SIGKILL");
  await until("its end", () => !isAlive(pid));
  await reconciler.create(kind, args);
  expect(sessionOf(pid)).toEqual([]);
});

test("one that writes over its environment, as nginx does, is known all the same", async () => {
  // A long name goes over the arguments into the environment (proc(5), /proc/pid/cmdline).
  const args = process_({ command: perl('$0 = "x" x 2000; sleep') });
  await reconciler.create(kind, args);
  const pid = pidOf(args);
  await until("its new name", () => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("xxxx"));
  expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("PODNET_PROCESS");
  expect(await reconciler.read(kind, args)).toEqual(args);
  await reconciler.create(kind, args);
  expect(pidOf(args)).toBe(pid);
  await reconciler.delete(kind, args);
  expect(isAlive(pid)).toBe(false);
});

test("a process id that somebody else has by now is left alone", async () => {
  const args = process_({ command: perl("sleep") });
  await reconciler.create(kind, args);
  const path = join(host.folder, `${recordPath(lab, kind, args)}.pid`);
  const pid = pidOf(args);
  writeFileSync(path, `${process.pid}\n1\n`);
  expect(await reconciler.read(kind, args)).toBeUndefined();
  await reconciler.delete(kind, args);
  expect(isAlive(process.pid)).toBe(true);
  // Behind the last record goes all that has the lab's marks.
  await until("its end", () => !isAlive(pid));
});

describe("one whose id is lost, or not whole,", () => {
  const args = process_({ command: perl("sleep") });
  const pidFile = (): string => join(host.folder, `${recordPath(lab, kind, args)}.pid`);
  const damage: [string, () => void][] = [
    ["lost", () => rmSync(pidFile())],
    ["empty", () => writeFileSync(pidFile(), "")],
    ["without its second line", () => writeFileSync(pidFile(), `${pidOf(args)}\n`)],
    ["something else", () => writeFileSync(pidFile(), "garbage\n\0\n")],
  ];

  test.each(damage)("%s: is found by its marks, and written down again", async (_what, damageIt) => {
    await reconciler.create(kind, args);
    const [pid, whole] = [pidOf(args), readFileSync(pidFile(), "utf8")];
    damageIt();
    expect(await reconciler.read(kind, args)).toEqual(args);
    expect(readFileSync(pidFile(), "utf8")).toBe(whole);
    damageIt();
    await reconciler.create(kind, args);
    expect(pidOf(args)).toBe(pid);
    expect(marked()).toEqual([pid]);
  });

  test.each(damage)("%s: ends when it is not the wanted one any more", async (_what, damageIt) => {
    await reconciler.create(kind, args);
    damageIt();
    const other = process_({ command: perl("sleep", "other") });
    await reconciler.create(kind, other);
    expect(marked()).toEqual([pidOf(other)]);
  });

  test.each(damage)("%s: ends when it is deleted", async (_what, damageIt) => {
    await reconciler.create(kind, args);
    damageIt();
    await reconciler.delete(kind, args);
    expect(marked()).toEqual([]);
  });

  test("is not looked for where nothing was ever started", async () => {
    await reconciler.create(kind, args);
    const looks = /^# (Ends what a lab left running|Forgets)/;
    expect(host.log.filter(({ argv }) => looks.test(argv[2] ?? ""))).toEqual([]);
  });
});

describe("what it started and what left its session", () => {
  const leaves = "use POSIX; if (!fork) { POSIX::setsid(); fork and exit; sleep } sleep";
  const args = process_({ command: perl(leaves) });
  beforeEach(async () => {
    await reconciler.create(kind, args);
    await until("both", () => marked().length === 2 && sessionOf(pidOf(args)).length === 1);
  });

  test("ends with it", async () => {
    await reconciler.delete(kind, args);
    expect(marked()).toEqual([]);
  });

  test("ends when it becomes another", async () => {
    const other = process_({ command: perl("sleep") });
    await reconciler.create(kind, other);
    expect(marked()).toEqual([pidOf(other)]);
  });

  test("ends at the lab's end, though nothing is written down of it any more", async () => {
    for (const file of ["", ".pid", ".log"]) rmSync(join(host.folder, `${recordPath(lab, kind, args)}${file}`));
    await sweep(host, lab);
    expect(marked()).toEqual([]);
  });

  test("but none of a lab or a process whose name only begins so", async () => {
    const [second, other] = [
      process_({ name: "p2", command: perl("sleep") }),
      new Reconciler(`${lab}-2`, "x", () => host),
    ];
    await reconciler.create(kind, second);
    await other.create(kind, args);
    await until("what it starts", () => marked(`${lab}-2`).length === 2);
    await reconciler.delete(kind, args);
    expect([isAlive(pidOf(second)), marked(`${lab}-2`).length]).toEqual([true, 2]);
    await reconciler.delete(kind, second);
    expect(marked(`${lab}-2`).length).toBe(2);
    await other.delete(kind, args);
    expect(marked(`${lab}-2`)).toEqual([]);
  });
});

test("made means that it listens", async () => {
  const port = await freePort();
  const slow = `select undef, undef, undef, 0.3; ${server}`;
  const args = process_({ command: perl(slow, `${port}`), listens: [{ protocol: "TCP", port }] });
  const { warnings } = await reconciler.create(kind, args);
  expect(warnings).toEqual([]);
  expect(readFileSync("/proc/net/tcp", "utf8")).toMatch(
    new RegExp(`:${port.toString(16).toUpperCase().padStart(4, "0")} \\S+ 0A`),
  );
});

test("a child may be the one that listens", async () => {
  const port = await freePort();
  const args = process_({
    command: ["sh", "-c", 'perl -e "$0" "$1" & wait', server, `${port}`],
    listens: [{ protocol: "TCP", port }],
  });
  expect((await reconciler.create(kind, args)).warnings).toEqual([]);
});

test("somebody else who listens on its port does not count", async () => {
  const port = await freePort();
  const others = createServer().listen(port, "127.0.0.1");
  const args = process_({ command: perl("sleep"), listens: [{ protocol: "TCP", port }] });
  const { warnings } = await reconciler.create(kind, args);
  expect(warnings).toEqual([`local,,p: it runs, but does not listen on TCP:${port} after 1 seconds`]);
  await new Promise((done) => others.close(done));
});

test("new ports of a running process are waited for, and it is not started again", async () => {
  const args = process_({ command: perl("sleep") });
  await reconciler.create(kind, args);
  const pid = pidOf(args);
  const more = process_({ command: perl("sleep"), listens: [{ protocol: "UDP", port: 1 }] });
  const { state, warnings } = await reconciler.update(kind, more, args);
  expect(state).toEqual(more);
  expect(warnings).toEqual(["local,,p: it runs, but does not listen on UDP:1 after 1 seconds"]);
  expect(pidOf(more)).toBe(pid);
});

describe("a port of one whose place it takes", () => {
  const udp = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => shift, Proto => "udp") or die "$!\n"; sleep`;

  test.each([
    ["TCP", server],
    ["UDP", udp],
    ["TCP", `fork and do { sleep; exit }; ${server}`],
  ])("goes to it: %s", async (protocol, program) => {
    const port = await freePort();
    const [other, silent] = [await freePort(), perl("sleep")];
    const serve = (name: string, number: number): Args =>
      process_({ name, command: perl(program, `${number}`), listens: [{ protocol, port: number }] });
    const first = serve("p", port);
    await reconciler.create(kind, first);
    // Whoever holds another port stays, and so does who holds none.
    const bystanders = [serve("second", other), process_({ name: "third", command: silent })];
    for (const each of bystanders) await reconciler.create(kind, each);
    const next = serve("next", port);
    await reconciler.create(kind, next);
    expect(await reconciler.read(kind, first)).toBeUndefined();
    for (const each of [...bystanders, next]) expect(await reconciler.read(kind, each)).toEqual(each);
    for (const each of [first, next, ...bystanders]) await reconciler.delete(kind, each);
  });
});

test("a port of one that stays is not taken, unless that one becomes another", async () => {
  const [port, other] = [await freePort(), await freePort()];
  const serve = (name: string, number: number): Args =>
    process_({ name, command: perl(server, `${number}`), listens: [{ protocol: "TCP", port: number }] });
  const [first, second] = [serve("p", port), serve("second", port)];
  const declared: Args[] = [first, second];
  const knowing = new Reconciler(
    lab,
    "ann@laptop:/home/ann/podnet",
    () => host,
    0,
    () => declared,
  );
  await knowing.create(kind, first);
  await expect(knowing.create(kind, second)).rejects.toThrow("Address already in use");
  expect(await knowing.read(kind, first)).toEqual(first);
  declared[0] = serve("p", other);
  await knowing.create(kind, second);
  expect(await knowing.read(kind, first)).toBeUndefined();
});

describe("what cannot run says so, and leaves nothing behind", () => {
  const fails = async (values: object): Promise<string> => {
    const args = process_(values);
    const error: unknown = await reconciler.create(kind, args).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(HostError);
    expect(await reconciler.read(kind, args)).toBeUndefined();
    expect(host.tree("run")).toEqual([]);
    return (error as Error).message;
  };

  test("a program that is not there", async () => {
    expect(await fails({ command: ["/no/such/program", "x"] })).toMatch(
      /Process p: it ended at once: \/no\/such\/program: No such file or directory/,
    );
  });

  test("a program that ends", async () => {
    expect(
      await fails({
        command: perl('print STDERR "out of luck\\n"; select undef, undef, undef, 0.2; exit 1'),
        listens: [{ protocol: "TCP", port: 1 }],
      }),
    ).toMatch(/it ended at once: out of luck/);
    expect(await fails({ command: ["true"], listens: [{ protocol: "TCP", port: 1 }] })).toMatch(
      /it ended at once without a word/,
    );
  });

  test("a port that another has", async () => {
    const port = await freePort();
    const other = createServer().listen(port, "127.0.0.1");
    const listens = [{ protocol: "TCP", port }];
    expect(await fails({ command: perl(server, `${port}`), listens })).toMatch(
      /it ended at once: Address already in use/,
    );
    expect(other.listening).toBe(true);
    await new Promise((closed) => other.close(closed));
  });

  test("a file without its right to run", async () => {
    expect(await fails({ command: ["/etc/passwd"] })).toMatch(/\/etc\/passwd.*: Permission denied/);
  });
});
