// Whatever is changed by hand: refresh shows exactly that, up repairs exactly that, and then there is nothing left to do.
// Each kind has a table of what may happen to it and to each of its properties (test/real/drift). All objects are made at
// once, and drift at once.
import type { TSchema } from "@sinclair/typebox";
import { kinds } from "../../components/linux/registry";
import { type Facts, difference, factsOf, regardless } from "./drift/facts";
import { gone } from "./drift/row";
import { type NamedRow, placesOf, rows, tables } from "./drift/tables";
import { Machine } from "./support/machine";
import type { Operation, Preview } from "./support/operation";
import { Program } from "./support/program";

jest.setTimeout(300_000);

describe("the tables", () => {
  /** Paths of the properties of a schema; a list, and an object without names of its own, is one. */
  const propertiesOf = (schema: TSchema, path = ""): string[] =>
    Object.entries((schema["properties"] ?? {}) as Record<string, TSchema>).flatMap(([name, property]) =>
      property["properties"] ? propertiesOf(property, `${path}${name}.`) : [`${path}${name}`],
    );
  const schemas = new Map(kinds.map(({ token, args }) => [token.split(":")[2] ?? "", args]));

  test("are of all kinds", () => {
    expect(tables.map(({ kind }) => kind)).toEqual([...schemas.keys()]);
  });

  test.each(tables)("of $kind have rows, or a reason, for each property", ({ kind, properties }) => {
    expect(Object.keys(properties).sort()).toEqual(propertiesOf(schemas.get(kind) as TSchema).sort());
  });

  test.each(tables)("of $kind have a row for each of those that shows it", ({ kind, properties }) => {
    const isOf = (property: string) => (path: string) =>
      path === gone || path === property || path.startsWith(`${property}.`) || path.startsWith(`${property}[`);
    const isShown = (property: string): boolean =>
      rows.some(
        ({ shows: { it = "" }, ...row }) =>
          row.kind === kind && row.of === property && it.split(" ").some(isOf(property)),
      );
    const changeable = Object.keys(properties).filter((property) => typeof properties[property] !== "string");
    expect(changeable.filter((property) => !isShown(property))).toEqual([]);
  });
});

describe("on a real kernel", () => {
  let machine: Machine;
  let program: Program;
  let refresh: Operation;
  let up: Operation;
  let preview: Preview;
  let before: ReadonlyMap<string, Facts>;
  let after: ReadonlyMap<string, Facts>;

  const folder = (): string => `/run/${program.name}`;
  const facts = (): Promise<ReadonlyMap<string, Facts>> => {
    const namespaces = rows.map((row) => placesOf(program.name, row)).flatMap(({ N, O }) => [N, O]);
    return factsOf(machine, namespaces, folder());
  };

  beforeAll(async () => {
    machine = await Machine.start();
    program = await Program.create(machine, require.resolve("./drift/program"));
    expect(await program.up()).toMatchObject({ errors: [], warnings: [] });
    before = await facts();
    for (const row of rows) {
      const places = Object.entries(placesOf(program.name, row)).map(([name, place]) => `${name}=${place}`);
      await machine.exec(["env", ...places, "sh", "-ec", row.row.script]);
    }
    refresh = await program.refresh();
    // Each row's failure is its own.
    up = await program.up("--continue-on-error");
    after = await facts();
    preview = await program.preview("--refresh");
  });

  afterAll(async () => {
    await machine?.stop();
    program?.remove();
  });

  /** What an operation did to a row's objects, as "update it mtu" or "delete it". */
  const changesOf = ({ changes }: Operation | Preview, { name: row }: NamedRow): string[] =>
    changes
      .filter(({ name }) => name.startsWith(`${row}/`))
      .map(({ op, name, differs }) => [`${op} ${name.split("/")[1]}`, ...differs].join(" "))
      .sort();

  const expected = ({ shows }: NamedRow, whatIsGone: string): string[] =>
    Object.entries(shows)
      .map(([name, shown]) => (shown === gone ? `${whatIsGone} ${name}` : `update ${name} ${shown}`))
      .sort();

  /** Of a row's namespaces and files. */
  function factsOfRow(all: ReadonlyMap<string, Facts>, named: NamedRow): Facts {
    const { N, O, F } = placesOf(program.name, named);
    const files = (all.get(folder()) ?? []).filter((line) => line.includes(`${F}/`));
    const lines = [...(all.get(N) ?? []), ...(all.get(O) ?? []), ...files];
    const { anew, leaves } = named.row;
    const own = lines.filter((line) => !leaves?.test(line));
    return anew === undefined ? own : regardless(own);
  }

  describe.each(tables.map(({ kind }) => kind))("%s", (kind) => {
    const cases = rows.filter((row) => row.kind === kind).map((row) => [row.of, row.row.drift, row] as const);

    test.each(cases)("%s: %s", (_of, _drift, row) => {
      expect(changesOf(refresh, row)).toEqual(expected(row, "delete"));
      expect(changesOf(up, row)).toEqual(expected(row, "create"));
      expect(changesOf(preview, row)).toEqual([]);
      expect(difference(factsOfRow(before, row), factsOfRow(after, row))).toEqual([]);
    });
  });

  test("nothing fails, and nobody is warned", () => {
    const said = [refresh, up].flatMap(({ errors, warnings }) => [...errors, ...warnings]);
    expect(said).toEqual([]);
  });

  test("no other object is touched", () => {
    const known = new Set(rows.map(({ name }) => name));
    const touched = [refresh, up, preview].flatMap(({ changes }) => changes.map(({ name }) => name));
    expect(touched.filter((name) => !known.has(name.split("/")[0] ?? ""))).toEqual([]);
  });
});
