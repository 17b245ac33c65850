/** What a kill, a crash or a full disk leaves of a state, and what becomes of it. */
import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { mend, removeStackFiles, tornFiles, whyNoRoom } from "../../../scripts/lib/stateFiles";

let state: string;
beforeEach(() => (state = mkdtempSync(join(tmpdir(), "podnet-state-"))));
afterEach(() => rmSync(state, { recursive: true, force: true }));

const files = () => ({ state, project: "podnet", stack: "lab" });
const whole = (serial: number): string => JSON.stringify({ version: 3, checkpoint: { serial } });
const paths = {
  state: "stacks/podnet/lab.json",
  bak: "stacks/podnet/lab.json.bak",
  history: "history/podnet/lab/lab-1.checkpoint.json",
  told: "history/podnet/lab/lab-1.history.json",
  backup: "backups/podnet/lab/lab.1.json",
};

let clock = 1000;
function put(path: string, text: string): void {
  const file = join(state, ".pulumi", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  utimesSync(file, ++clock, clock);
}
const read = (path: string): string => readFileSync(join(state, ".pulumi", path), "utf8");

test("a whole state is left alone", () => {
  put(paths.state, whole(2));
  put(`${paths.state}.attrs`, "{}\n");
  put(paths.bak, whole(1));
  put("meta.yaml", "version: 1\n");
  expect(tornFiles(files())).toEqual([]);
  expect(mend(files())).toEqual([]);
  expect(read(paths.state)).toBe(whole(2));
});

test("no state at all is no torn one", () => {
  put(paths.bak, whole(1));
  expect(tornFiles(files())).toEqual([]);
});

test.each(["", whole(9).slice(0, 20), "null", "[]", "{}"])("in the place of %j comes the last whole copy", (text) => {
  put(paths.history, whole(1));
  put(paths.bak, whole(2));
  put(paths.backup, whole(3).slice(0, -1));
  put(paths.told, '{"kind":"update"}');
  put(paths.state, text);
  expect(mend(files())).toEqual([
    expect.stringMatching(/"lab" was not whole .*: the last whole copy is in its place, of 19/),
  ]);
  expect(read(paths.state)).toBe(whole(2));
  expect(mend(files())).toEqual([]);
});

test("whichever copy is the last", () => {
  put(paths.bak, whole(1));
  put(paths.backup, whole(2));
  put(paths.history, whole(3));
  put(paths.state, "");
  mend(files());
  expect(read(paths.state)).toBe(whole(3));
});

test("without a whole copy the stack is gone", () => {
  put(paths.bak, "");
  put(paths.state, "");
  put(`${paths.state}.attrs`, "");
  expect(mend(files())).toEqual([expect.stringContaining("there is no copy: it is taken as empty")]);
  expect(existsSync(join(state, ".pulumi", paths.state))).toBe(false);
});

test.each([`${paths.state}.attrs`, `${paths.told}.attrs`, `${paths.backup}.attrs`, "meta.yaml.attrs", "meta.yaml"])(
  "%s, when empty, goes, and the state stays",
  (path) => {
    for (const each of Object.values(paths)) put(each, whole(1));
    put("meta.yaml", "version: 1\n");
    put(path, "");
    expect(tornFiles(files())).toEqual([join(state, ".pulumi", path)]);
    expect(mend(files())).toEqual([]);
    expect(tornFiles(files())).toEqual([]);
    expect(existsSync(join(state, ".pulumi", path))).toBe(false);
    expect(read(paths.state)).toBe(whole(1));
  },
);

test("what belongs to a removed stack goes, and nothing of another", () => {
  const others = [
    "stacks/podnet/lab2.json",
    "stacks/podnet/lab-b.json.bak",
    "history/podnet/lab2/x.json",
    "stacks/other/lab.json",
  ];
  for (const path of [
    ...others,
    paths.bak,
    `${paths.state}.attrs`,
    `${paths.state}.18f.tmp`,
    paths.history,
    paths.backup,
  ])
    put(path, "{}");
  mkdirSync(join(state, ".pulumi/locks/organization/podnet/lab"), { recursive: true });
  removeStackFiles(files());
  const left = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(left.map(({ parentPath, name }) => join(parentPath, name).slice(state.length + 9)).sort()).toEqual(
    others.sort(),
  );
  expect(existsSync(join(state, ".pulumi/locks/organization/podnet/lab"))).toBe(false);
});

test("there is room, or the folder is not there", () => {
  expect(whyNoRoom(files())).toBeUndefined();
  expect(whyNoRoom({ ...files(), state: join(state, "no") })).toMatch(/there is no folder .* mkdir -p/);
});

test("a file system that does not say how much room it has is not full", () => {
  const unknown = fs.statfsSync("/proc");
  expect(unknown.blocks).toBe(0);
  const statfs = jest.spyOn(fs, "statfsSync").mockReturnValue(unknown);
  expect(whyNoRoom(files())).toBeUndefined();
  statfs.mockReturnValue({ ...unknown, blocks: 1 });
  expect(whyNoRoom(files())).toMatch(/the disk that holds the state is full/);
  statfs.mockRestore();
});
