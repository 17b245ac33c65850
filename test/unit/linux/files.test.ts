// Files and records by the real scripts, on a real file system: what the fake host of ring 3 only claims.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { NotOurs, type Output, type Runner } from "../../../components/host";
import type { Args } from "../../../components/linux/kind";
import { functions } from "../../../components/linux/functions";
import { type OwnedRecord, recordPath, writeDown, writtenMeanwhile } from "../../../components/linux/owned";
import { Reconciler } from "../../../components/linux/reconcile";
import { kindOf } from "../../../components/linux/registry";
import { LocalRunner } from "./local-runner";

const file = kindOf("podnet:linux:File");
const args = (path: string, content = "text\n", mode = "0644"): Args =>
  ({ host: "local", path, content, mode }) as Args;

let host: LocalRunner;
let reconciler: Reconciler;
beforeEach(() => {
  host = new LocalRunner();
  reconciler = new Reconciler("lab", "ann@laptop:/home/ann/podnet", () => host);
});
afterEach(() => host.close());
const at = (path: string): string => join(host.folder, path);

test("a file comes with its folders and its mode, and goes with them", async () => {
  const want = args("/srv/one/two/file", "text\n", "0640");
  const { state, warnings } = await reconciler.create(file, want);
  expect([state, warnings]).toEqual([want, []]);
  expect(readFileSync(at("/srv/one/two/file"), "utf8")).toBe("text\n");
  expect(statSync(at("/srv/one/two/file")).mode & 0o7777).toBe(0o640);
  expect(host.tree("srv")).toEqual(["one", "one/two", "one/two/file"]);
  expect(await reconciler.delete(file, want)).toEqual([]);
  expect([host.tree("srv"), host.tree("run")]).toEqual([[], []]);
  expect(await reconciler.delete(file, want)).toEqual([]);
});

test("it is written down before it is made", async () => {
  await reconciler.create(file, args("/srv/one/file"));
  const words = host.log.map(({ argv }) => argv.join(" "));
  const note = words.findIndex((line) => line.startsWith("perl -e # Writes down one object"));
  expect(note).toBeGreaterThanOrEqual(0);
  expect(note).toBeLessThan(words.findIndex((line) => line.includes("# Makes the folders")));
  expect(note).toBeLessThan(words.findIndex((line) => line.includes("# Writes a file in one step")));
});

test("folders that were there stay, and so does what somebody put into ours", async () => {
  mkdirSync(at("/srv/theirs"));
  await reconciler.create(file, args("/srv/theirs/ours/file"));
  writeFileSync(at("/srv/theirs/ours/by-hand"), "");
  await reconciler.delete(file, args("/srv/theirs/ours/file"));
  expect(host.tree("srv")).toEqual(["theirs", "theirs/ours", "theirs/ours/by-hand"]);
  rmSync(at("/srv/theirs/ours/by-hand"));
  // The note on the folder is still there, and the next file in it takes it along.
  await reconciler.create(file, args("/srv/theirs/ours/file"));
  await reconciler.delete(file, args("/srv/theirs/ours/file"));
  expect([host.tree("srv"), host.tree("run")]).toEqual([["theirs"], []]);
});

test("the last of several files takes their folder along", async () => {
  const all = ["a", "b", "c"].map((name) => args(`/srv/one/${name}`));
  await Promise.all(all.map((each) => reconciler.create(file, each)));
  for (const each of all) await reconciler.delete(file, each);
  expect([host.tree("srv"), host.tree("run")]).toEqual([[], []]);
});

test("any text arrives byte for byte", async () => {
  const text = fc.string({ unit: "grapheme" }).filter((content) => !content.includes("\0"));
  const special = fc.constantFrom(
    "",
    "\n",
    "no newline",
    "\r\n",
    "EOF\n",
    "a\nEOF\nEOFF\n",
    "'\"$(id)`\\",
    "✓ 😀",
    " ",
    "\t\n\n\n",
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, special), async (content) => {
      const want = args("/srv/file", content);
      const { state } = await reconciler.create(file, want);
      expect(state).toEqual(want);
      expect(readFileSync(at("/srv/file"), "utf8")).toBe(content);
    }),
    { numRuns: 60 },
  );
});

test("1 MB, whose record is longer than a command can be", async () => {
  const want = args("/srv/file", "0123456789abcdef".repeat(65_536));
  await reconciler.create(file, want);
  expect(statSync(at("/srv/file")).size).toBe(1_048_576);
  expect(await reconciler.read(file, want)).toEqual(want);
  await reconciler.delete(file, want);
  expect([host.tree("srv"), host.tree("run")]).toEqual([[], []]);
});

describe("what people do to it is seen, and mended", () => {
  const want = args("/srv/one/file");
  beforeEach(() => reconciler.create(file, want));

  const damage: [string, () => void, object | undefined][] = [
    ["another content", () => writeFileSync(at("/srv/one/file"), "other"), { content: "other" }],
    ["no last newline", () => writeFileSync(at("/srv/one/file"), "text"), { content: "text" }],
    ["another mode", () => chmodSync(at("/srv/one/file"), 0o4755), { mode: "4755" }],
    ["deleted", () => rmSync(at("/srv/one/file")), undefined],
    ["deleted with its folder", () => rmSync(at("/srv/one"), { recursive: true }), undefined],
    [
      "a link in its place",
      () => (rmSync(at("/srv/one/file")), symlinkSync("/etc/passwd", at("/srv/one/file"))),
      undefined,
    ],
    [
      "a dangling link in its place",
      () => (rmSync(at("/srv/one/file")), symlinkSync("/nowhere", at("/srv/one/file"))),
      undefined,
    ],
    ["an empty folder in its place", () => (rmSync(at("/srv/one/file")), mkdirSync(at("/srv/one/file"))), undefined],
  ];
  test.each(damage)("%s", async (_what, doIt, seen) => {
    doIt();
    expect(await reconciler.read(file, want)).toEqual(seen && { ...want, ...seen });
    const { state } = seen
      ? await reconciler.update(file, want, { ...want, ...seen })
      : await reconciler.create(file, want);
    expect(state).toEqual(want);
    expect(statSync(at("/srv/one/file")).isFile()).toBe(true);
    expect(readFileSync("/etc/passwd", "utf8")).toMatch(/^root:/m);
    await reconciler.delete(file, want);
    expect([host.tree("srv"), host.tree("run")]).toEqual([[], []]);
  });

  test("a folder with something in it stays, and the error names it", async () => {
    rmSync(at("/srv/one/file"));
    mkdirSync(at("/srv/one/file/theirs"), { recursive: true });
    await expect(reconciler.create(file, want)).rejects.toThrow(/\/srv\/one\/file': Directory not empty/);
    await expect(reconciler.delete(file, want)).rejects.toThrow(/Directory not empty/);
    expect(existsSync(at("/srv/one/file/theirs"))).toBe(true);
  });
});

test("what is there and is not the lab's is named, and stays", async () => {
  writeFileSync(at("/srv/theirs"), "theirs");
  const want = args("/srv/theirs");
  await expect(reconciler.create(file, want)).rejects.toThrow(NotOurs);
  await expect(reconciler.create(file, want)).rejects.toThrow(
    'host "local": File /srv/theirs is there already, and lab "lab" did not make it',
  );
  expect(host.tree("run")).toEqual([]);
  // Nor does the state forget it, be it in one: the lab's notes may all be lost.
  for (const doIt of [() => reconciler.read(file, want), () => reconciler.delete(file, want)])
    await expect(doIt()).rejects.toThrow(
      /File \/srv\/theirs is there, but nothing in .* says any more .* then try again:\n {2}rm -df \S+ \/srv\/theirs$/,
    );
  await reconciler.create(file, args("/srv/ours"));
  expect(await reconciler.delete(file, want)).toEqual([expect.stringMatching(/it stays$/)]);
  expect(readFileSync(at("/srv/theirs"), "utf8")).toBe("theirs");
  await reconciler.delete(file, args("/srv/ours"));
  expect(host.tree("run")).toEqual([]);
});

describe("the lab's files", () => {
  const getFiles = functions["podnet:linux:getFiles"];
  const whose = { lab: "lab", owner: "ann@laptop:/home/ann/podnet" };
  const read = async (): Promise<unknown> => {
    const hex = (text: string): string => Buffer.from(text).toString("hex");
    const atRoot = (output: Output): Output => ({ ...output, stdout: output.stdout.replaceAll(hex(host.folder), "") });
    const runner: Runner = {
      name: "local",
      ask: async (commands) => (await host.ask(commands)).map(atRoot),
      run: async (commands) => (await host.run(commands)).map(atRoot),
    };
    const answer = await getFiles?.(runner, { folder: "/run/podnet/lab" }, whose);
    return answer?.["files"];
  };

  test("are read whatever they hold", async () => {
    const folder = "/run/podnet/lab/node1/networks";
    await reconciler.create(file, args(`${folder}/10.0.0.2`, "one\r\neth0"));
    mkdirSync(at(`${folder}/empty folder`));
    writeFileSync(at(`${folder}/10.0.0.3`), "a\0b\0/run/podnet/lab/node1/networks/10.0.0.9\0x\n\nc d");
    writeFileSync(at(`${folder}/two\nlines ✓`), "");
    writeFileSync(at(`${folder}/.hidden`), "x");
    // What was written down comes before what somebody made of it.
    writeFileSync(at(`${folder}/10.0.0.2`), "by hand\0");
    expect(await read()).toEqual({
      [`${folder}/10.0.0.2`]: "one\r\neth0",
      [`${folder}/10.0.0.3`]: "a\0b\0/run/podnet/lab/node1/networks/10.0.0.9\0x\n\nc d",
      [`${folder}/two\nlines ✓`]: "",
    });
  });

  test("are none where there is no lab", async () => {
    expect(await read()).toEqual({});
    expect(host.tree("run")).toEqual([]);
  });
});

describe("whose the lab is", () => {
  const mark = "/run/podnet/lab/.owned/owner";
  const want = args("/srv/file");
  const theirs = (): Reconciler => new Reconciler("lab", " bob@laptop:/home/bob's \\podnet", () => host);

  test("is there to be read from the first record to the last", async () => {
    await reconciler.create(file, want);
    expect(readFileSync(at(mark), "utf8")).toBe("ann@laptop:/home/ann/podnet\n");
    expect(host.tree("run").filter((path) => path.endsWith(".new"))).toEqual([]);
    await reconciler.create(file, args("/srv/second"));
    await reconciler.delete(file, want);
    expect(existsSync(at(mark))).toBe(true);
    await reconciler.delete(file, args("/srv/second"));
    expect(host.tree("run")).toEqual([]);
  });

  test("may hold any character of a folder's name", async () => {
    const one = theirs();
    await one.create(file, want);
    expect(readFileSync(at(mark), "utf8")).toBe(" bob@laptop:/home/bob's \\podnet\n");
    expect(await one.read(file, want)).toEqual(want);
    expect(await one.delete(file, want)).toEqual([]);
    expect(host.tree("run")).toEqual([]);
  });

  test("keeps others from it, and costs them no second look", async () => {
    await reconciler.create(file, want);
    const before = host.log.length;
    await expect(theirs().create(file, args("/srv/second"))).rejects.toThrow(
      /the lab "lab" there is another's\. It was made by ann@laptop:\/home\/ann\/podnet, and this is {2}bob@laptop/,
    );
    expect(host.log.slice(before).map(({ argv }) => argv[0])).toEqual(["perl", "perl"]);
    expect(host.tree("srv")).toEqual(["file"]);
  });

  test("is settled when two come at once, and each makes all of its files or none", async () => {
    const paths = ["a", "b", "c", "d"].map((name) => `/srv/${name}`);
    const all = paths.map((path, i) => (i % 2 === 0 ? reconciler : theirs()).create(file, args(path)));
    const results = await Promise.allSettled(all);
    const made = results.map(({ status }) => status === "fulfilled");
    expect([
      [true, false, true, false],
      [false, true, false, true],
    ]).toContainEqual(made);
    expect(host.tree("srv")).toEqual(["a", "b", "c", "d"].filter((_, i) => made[i]));
  });

  test("a record that came meanwhile is another operation's", async () => {
    await reconciler.create(file, want);
    const path = at(recordPath("lab", file, want));
    const note = writeDown(
      { lab: "lab", owner: "ann@laptop:/home/ann/podnet" },
      file,
      want,
      { token: "other", args: {} as OwnedRecord["args"], undo: [] },
      true,
    );
    const was = readFileSync(path, "utf8");
    expect((await host.ask([note]))[0]?.code).toBe(writtenMeanwhile);
    expect(readFileSync(path, "utf8")).toBe(was);
    expect(host.tree("run").filter((each) => each.endsWith(".new"))).toEqual([]);
  });
});

test("what cannot be made leaves nothing behind", async () => {
  writeFileSync(at("/srv/theirs"), "");
  await expect(reconciler.create(file, args("/srv/theirs/file"))).rejects.toThrow(/File exists/);
  expect([host.tree("srv"), host.tree("run")]).toEqual([["theirs"], []]);
});

test("a record that was cut short by hand is no record of anything", async () => {
  const want = args("/srv/file");
  await reconciler.create(file, want);
  writeFileSync(at(recordPath("lab", file, want)), '{"token":');
  await expect(reconciler.read(file, want)).rejects.toThrow(/record/);
});
