// docs/import.md: for each kind, an object made by hand becomes the lab's, a refresh finds nothing, and destroy removes it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kinds } from "../../components/linux/registry";
import { projectRoot, pulumiEnvironment } from "../../scripts/lib/environment";
import { Lab, web } from "./support/lab";
import { Machine, type Snapshot } from "./support/machine";

jest.setTimeout(180_000);

interface Row {
  readonly kind: string;
  /** Empty where the lab itself made the object. */
  readonly command: string;
  readonly id: string;
}

const page = readFileSync(join(projectRoot, "docs", "import.md"), "utf8");
const rows: readonly Row[] = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")))
  .map(([, kind = "", command = "", id = ""]) => ({ kind, command, id }));

/** As the page tells to find it. */
const provider = /"demo=(urn:[^"]+)"/.exec(page)?.[1] ?? "";

let machine: Machine;
let lab: Lab;
let before: Snapshot;

beforeAll(async () => {
  machine = await Machine.start();
  before = await machine.snapshot();
  lab = await Lab.create(machine, { nodes: { node1: {} }, pods: { pod1: { containers: [web()] } } }, "demo");
  expect((await lab.up()).errors).toEqual([]);
});

afterAll(async () => {
  await machine?.stop();
  lab?.remove();
});

const importObject = (kind: string, name: string, id: string) =>
  lab.pulumi([
    ...["import", `podnet:linux:${kind}`, name, id, "--provider", `demo=${provider}`],
    ...["--protect=false", "--generate-code=false", "--yes"],
  ]);

test("the page has a row for each kind, and the provider's URN", async () => {
  expect([...new Set(rows.map(({ kind }) => `podnet:linux:${kind}`))].sort()).toEqual(
    kinds.map(({ token }) => token).sort(),
  );
  const { stdout } = await lab.pulumi(["stack", "export"]);
  expect(stdout).toContain(`"urn": "${provider}"`);
});

test("the schema that an import reads is valid", async () => {
  const plugin = join(projectRoot, "provider", "pulumi-resource-podnet");
  const file = join(lab.folder, "schema.json");
  const get = 'pulumi package get-schema "$1" >"$2" && pulumi schema check "$2"';
  await machine.exec(["sh", "-c", get, "sh", plugin, file], {
    env: { ...process.env, ...pulumiEnvironment() },
    cwd: lab.folder,
  });
  const schema = JSON.parse(readFileSync(file, "utf8")) as { resources: Record<string, unknown> };
  expect(Object.keys(schema.resources).sort()).toEqual(kinds.map(({ token }) => token).sort());
});

test.each(rows.map((row, i) => [`${row.kind} ${row.id}`, row, `byhand${i}`] as const))(
  "%s",
  async (_, { kind, command, id }, name) => {
    if (command === "") await forgetInState(id);
    else await machine.sh(command);
    const { code, stdout, stderr } = await importObject(kind, name, id);
    expect({ code, said: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, said: "" });
    const resource = (await lab.state())[name];
    expect(resource?.type).toBe(`podnet:linux:${kind}`);
    expect(resource?.outputs["commands"]).not.toEqual([]);
  },
);

/** As if the state had never known the object. */
async function forgetInState(id: string): Promise<void> {
  const found = Object.values(await lab.state()).find((resource) => (resource as { id?: string }).id === id);
  if (!found) throw new Error(`the lab made no ${id}`);
  const { code, stderr } = await lab.pulumi(["state", "delete", found.urn, "--yes"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

test("an id of the wrong form, of an unknown host or of nothing says so, and changes nothing", async () => {
  const said = async (kind: string, id: string): Promise<string> => {
    const { code, stdout, stderr } = await importObject(kind, "wrong", id);
    expect(code).not.toBe(0);
    return stdout + stderr;
  };
  expect(await said("Bridge", "br7")).toMatch(/"br7" is no id/);
  expect(await said("Bridge", "local,br7")).toMatch(/"local,br7" is no id of a Bridge/);
  expect(await said("Veth", "local,byhand,left")).toMatch(/is no id of a Veth/);
  expect(await said("Bridge", "elsewhere,byhand,br7")).toMatch(
    /host "elsewhere" is not in the provider's configuration/,
  );
  expect(await said("Bridge", "local,byhand,nothing")).toMatch(/does not exist/);
  expect((await lab.state())["wrong"]).toBeUndefined();
});

test("a refresh finds nothing to do", async () => {
  expect(await lab.refresh()).toMatchObject({ changes: [], errors: [] });
});

test("destroy removes them all", async () => {
  expect(await lab.destroy()).toMatchObject({ code: 0, errors: [] });
  expect(await machine.snapshot()).toEqual(before);
});
