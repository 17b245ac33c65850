// Ring 1: every verb of every kind, as tables. The last tests count: a kind or a property without a row fails.
import { line } from "../../../components/host";
import { type Args, type Context, type Kind, hostOfId, resourceId } from "../../../components/linux/kind";
import { at } from "../../../components/linux/properties";
import { kindOf, kinds } from "../../../components/linux/registry";
import { faultsOf, fill } from "../../../components/linux/schema";
import { cases as bridge } from "./kinds/bridge.cases";
import type { Cases, Values } from "./kinds/cases";
import { cases as conntrack } from "./kinds/conntrack.cases";
import { cases as file } from "./kinds/file.cases";
import { cases as iptablesChains } from "./kinds/iptables-chains.cases";
import { cases as iptablesRule } from "./kinds/iptables-rule.cases";
import { cases as iptablesRules } from "./kinds/iptables-rules.cases";
import { cases as neighbour } from "./kinds/neighbour.cases";
import { cases as netns } from "./kinds/netns.cases";
import { cases as nfacct } from "./kinds/nfacct.cases";
import { cases as nftablesRules } from "./kinds/nftables-rules.cases";
import { cases as process } from "./kinds/process.cases";
import { cases as route } from "./kinds/route.cases";
import { cases as sysctl } from "./kinds/sysctl.cases";
import { cases as veth } from "./kinds/veth.cases";

const all: readonly Cases[] = [
  file,
  netns,
  sysctl,
  bridge,
  veth,
  neighbour,
  route,
  nfacct,
  iptablesChains,
  iptablesRule,
  iptablesRules,
  nftablesRules,
  conntrack,
  process,
];
type Details = Partial<Context<Args>>;
const context: Context<Args> = { lab: "lab" };

const argsOf = ({ token, args }: Cases, different: Values = {}): Args =>
  fill(kindOf(token).args, withoutUndefined({ ...args, ...different })) as unknown as Args;

/** A property that is undefined was not given. */
const withoutUndefined = (values: Values): Values => JSON.parse(JSON.stringify(values)) as Values;

const faults = (kind: Kind, args: Args) => {
  const found = faultsOf(kind.args, args);
  return found.length > 0 ? found : (kind.validate?.(args) ?? []);
};

/** Hashes in records' names say nothing to a reader. */
const readable = (text: string): string =>
  text
    .replaceAll(/\.owned\/netns-[0-9a-f]{20}/g, ".owned/<netns>")
    .replaceAll(/(Process|Folder)-[0-9a-f]{20}/g, "$1-<hash>")
    .replaceAll(/PODNET_SPEC=(SPEC|[0-9a-f]{20})/g, "PODNET_SPEC=<hash>")
    .replaceAll(/HOST(?=\.(pid|log))/g, "/run/podnet/lab/.owned/host/Process-<hash>");
const lines = (commands: readonly string[]): string[] => commands.map(readable);

describe.each(all.map((cases) => [cases.token.split(":")[2] ?? "", cases] as const))("%s", (_, cases) => {
  const kind = kindOf(cases.token);
  const render = (args: Args, found: Args | undefined, more: Details = {}): string[] =>
    lines(kind.commands(args, found, { ...context, ...more }).map(line));

  test.each(cases.refused)("refuses %j", (different, property, reason) => {
    const [fault] = faults(kind, argsOf(cases, different));
    expect(fault).toEqual({ property, reason: expect.stringMatching(reason) as string });
  });

  test.each([{}, ...(cases.accepted ?? [])])("accepts %j", (different) => {
    expect(faults(kind, argsOf(cases, different))).toEqual([]);
  });

  test.each(cases.create)("is made with %j", (different, commands) => {
    expect(render(argsOf(cases, different), undefined)).toEqual(lines(commands));
  });

  test.each([{}, ...(cases.accepted ?? []), ...cases.create.map(([different]) => different)])(
    "as asked with %j needs nothing",
    (different) => {
      const args = argsOf(cases, different);
      expect(render(args, args)).toEqual([]);
    },
  );

  const changes = Object.entries(cases.change).flatMap(([property, rows]) =>
    rows.map(([found, wanted, commands, more]) => ({ property, found, wanted, commands, more: more as Details })),
  );
  for (const { property, found, wanted, commands, more } of changes)
    test(`${property}: ${JSON.stringify(found)} becomes ${JSON.stringify(wanted)}`, () => {
      expect(render(argsOf(cases, wanted), argsOf(cases, found), more)).toEqual(lines(commands));
    });

  const removals = cases.remove.map(([found, commands, more]) => ({ found, commands, more: more as Details }));
  test.each(removals)("found $found, is removed", ({ found, commands, more }) => {
    const args = argsOf(cases, found);
    expect(lines(kind.removal(args, args, { ...context, ...more }).map(line))).toEqual(lines(commands));
  });

  test("with nothing there, only what is podnet's own is removed", () => {
    const args = argsOf(cases);
    expect(lines(kind.removal(args, undefined, context).map(line))).toEqual(lines(cases.removeNothing));
  });

  test.each(cases.found)("found: %s", (_what, wanted, outputs, state) => {
    const args = { ...argsOf(cases, wanted), ...(wanted["saved"] ? { saved: wanted["saved"] } : {}) };
    const parse = (): Args | undefined => kind.parse(outputs, args);
    if (state instanceof RegExp) expect(parse).toThrow(state);
    else if (state === undefined) expect(parse()).toBeUndefined();
    else expect(parse()).toEqual(matching({ ...args, ...state }));
  });

  test.each(cases.ids)("%j has the id %s, which finds it again", (different, id) => {
    const args = argsOf(cases, different);
    expect(resourceId(kind, args)).toBe(id);
    const [host, rest] = hostOfId(id);
    const again = fill(kind.args, { host, ...kind.fromId(rest) }) as unknown as Args;
    // The files of a process are known by its name alone.
    expect(kind.id(again)).toBe(kind.id(args));
    expect(kind.within(again)).toEqual(kind.within(args));
    if (!("conf" in args)) expect(kind.probe(again, context)).toEqual(kind.probe(args, context));
    for (const property of kind.identity.filter((path) => !["command", "env"].includes(path)))
      expect([property, at(again, property)]).toEqual([property, at(args, property)]);
  });

  test("has a row for each verb", () => {
    const states = cases.found.map(([, , , state]) => state);
    const count = {
      refused: cases.refused.length,
      create: cases.create.length,
      remove: cases.remove.length,
      there: states.filter((state) => state !== undefined && !(state instanceof RegExp)).length,
      gone: states.filter((state) => state === undefined).length,
      ids: cases.ids.length,
    };
    expect(Object.entries(count).filter(([, rows]) => rows === 0)).toEqual([]);
  });

  test("has a row for each property that can change", () => {
    const properties = Object.entries(kind.args.properties as Record<string, { properties?: object }>).flatMap(
      ([name, schema]) =>
        name === "peer" ? Object.keys(schema.properties ?? {}).map((below) => `peer.${below}`) : [name],
    );
    const changeable = properties.filter((path) => !kind.identity.includes(path));
    expect(Object.keys(cases.change).sort()).toEqual(changeable.sort());
  });

  test("its derived and identifying properties are its own", () => {
    for (const path of [...(kind.derived ?? []), ...kind.identity])
      expect(
        path.split(".").reduce<unknown>((schema, key) => at(schema, `properties.${key}`), kind.args),
      ).toBeDefined();
  });
});

/** A regular expression stands for any text that it matches. */
function matching(value: unknown): unknown {
  if (value instanceof RegExp) return expect.stringMatching(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, matching(item)]));
}

test("every kind of the registry has its tables", () => {
  expect(all.map(({ token }) => token)).toEqual(kinds.map(({ token }) => token));
});

test("ids without a host, and tokens of nothing, are sentences", () => {
  expect(() => hostOfId("nonsense")).toThrow(/is no id; write <host>,/);
  expect(() => kindOf("podnet:linux:Nonsense")).toThrow(/is no kind that podnet knows: podnet:linux:File,/);
});
