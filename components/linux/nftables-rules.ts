// Objects of an nftables table that belong together: chains, sets and maps of their own, and elements in sets and maps of
// others. The kernel takes them in one step (nft(8)).
import { isDeepStrictEqual } from "node:util";
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound, within } from "../host";
import { type Context, type Kind, WrongKind, parts } from "./kind";
import { type NftElement, type NftObject, type NftTable, forInput, isHeader, readElement, readTable } from "./nftables";
import { type Fault, host, netns, withDefault } from "./schema";
import { inOurWords } from "./words";

const line = Type.String({
  pattern: "^[^\\n\\r\\0{};]+([{;][^\\n\\r\\0]*)?$",
  errorMessage: "write one line as nft -s list table prints it",
});
const word = Type.String({
  pattern: "^[a-zA-Z_./][a-zA-Z0-9_./\\\\-]{0,254}$",
  errorMessage: "nft's names have 1-255 letters, digits and characters of _./-",
});
const byName = (description: string) => Type.Optional(Type.Record(Type.String(), Type.Array(line), { description }));

const args = Type.Object({
  host,
  netns,
  family: withDefault(
    Type.Union([Type.Literal("ip"), Type.Literal("ip6"), Type.Literal("inet")], {
      description: "Family of the table: ip, ip6, inet.",
    }),
    "ip",
  ),
  table: { ...word, description: "Table." },
  name: Type.String({
    pattern: '^[^\\s",]+$',
    errorMessage: "a group has a name without white space, comma and quote",
    description: "Name of the group. Elements with it for a comment are known as the group's.",
  }),
  comment: Type.Optional(
    Type.String({
      pattern: '^[^"\\n\\r\\0]+$',
      description:
        "Comment of the table. The group that says it makes the table, and takes all that is in it along when it goes.",
    }),
  ),
  sets: byName("Sets: what their blocks hold, but for elements."),
  maps: byName("Maps, as sets."),
  chains: byName("Chains: hook and comment if they have them, then all their rules in order."),
  elements: byName(
    "Elements by set or map: of its own all that are in it, of others' those of the group. What is found of the group there and not asked for goes.",
  ),
  entries: withDefault(
    Type.Array(word, {
      description:
        "Chains that the group may have. An element that leads to one is known as the group's, and so is the chain.",
    }),
    [],
  ),
});

type Lines = Record<string, string[]>;

interface Rules extends Static<typeof args> {
  /** The objects as the kernel gave them back when they had just been set, where these are other words. */
  readonly saved?: Objects;
}

interface Objects {
  readonly sets?: Lines;
  readonly maps?: Lines;
  readonly chains?: Lines;
}

function validate({ sets = {}, maps = {}, chains = {}, elements = {} }: Rules): Fault[] {
  const isName = new RegExp(word.pattern ?? "");
  return Object.entries({ sets, maps, chains, elements }).flatMap(([kind, objects]) =>
    Object.keys(objects)
      .filter((name) => !isName.test(name))
      .map((name) => ({ property: `${kind}.${name}`, reason: String(word["errorMessage"]) })),
  );
}

function transaction({ netns }: Rules, lines: readonly string[]): Command[] {
  if (lines.length === 0) return [];
  return [{ argv: within(netns, ["nft", "-f", "-"]), stdin: lines.map((line) => `${line}\n`).join("") }];
}

function commands(want: Rules, found: Rules | undefined, { earlier = [] }: Context<Rules>): Command[] {
  const at = `${want.family} ${want.table}`;
  const { sets = {}, maps = {}, chains = {}, elements = {} } = want;
  const dropped = without(
    [...earlier, ...(found ? [found] : [])].flatMap((each) => names(each.chains)),
    chains,
  );
  const [newSets, newMaps] = [differing(sets, found?.sets), differing(maps, found?.maps)];
  const earlierSets = Object.fromEntries(earlier.flatMap((each) => Object.entries(each.sets ?? {})));
  const droppedSets = without(names(earlierSets), sets);
  const redefined = [...newSets, ...newMaps];
  const others = dropped.length + redefined.length + droppedSets.length;
  // Rules may name any of the sets, so all are written anew with them: a packet sees the old ones or the new ones.
  const rewritten = others > 0 || differing(chains, found?.chains).length > 0 ? Object.entries(chains) : [];
  // A hook or a comment cannot be changed, so such a chain goes first, and before that all that leads to it.
  const remade = rewritten.map(([name]) => name).filter(isAnother);
  const stays = ([set, element]: Placed): boolean =>
    elements[set]?.includes(element) === true &&
    found?.elements?.[set]?.includes(element) === true &&
    !redefined.includes(set) &&
    !remade.includes(readElement(element).target ?? "");
  const gone = placed(found?.elements).filter((each) => !stays(each));
  const added = placed(elements).filter((each) => !stays(each));
  const define = (kind: string, name: string, lines: readonly string[] = []): string =>
    `add ${kind} ${at} ${name}${lines.length === 0 ? "" : ` { ${lines.map((line) => line.replace(/;?$/, ";")).join(" ")} }`}`;
  const redefine = (kind: "set" | "map", name: string): string[] => [
    ...(found?.[`${kind}s`]?.[name] ? [`delete ${kind} ${at} ${name}`] : []),
    define(kind, name, want[`${kind}s`]?.[name]),
  ];
  const makeChain = (name: string): string => define("chain", name, headerOf(chains[name]));
  const lines = [
    ...rewritten.flatMap(([name]) => [
      ...(remade.includes(name) ? [] : [makeChain(name)]),
      `flush chain ${at} ${name}`,
    ]),
    ...dropped.flatMap((name) => [define("chain", name), `flush chain ${at} ${name}`]),
    ...gone.map(([set, element]) => `delete element ${at} ${set} { ${readElement(element).key} }`),
    ...remade.flatMap((name) => [`delete chain ${at} ${name}`, makeChain(name)]),
    ...newSets.flatMap((name) => redefine("set", name)),
    ...newMaps.flatMap((name) => redefine("map", name)),
    ...rewritten.flatMap(([name, lines]) => rulesOf(lines).map((rule) => `add rule ${at} ${name} ${forInput(rule)}`)),
    ...added.map(([set, element]) => `add element ${at} ${set} { ${element} }`),
    ...dropped.map((name) => `delete chain ${at} ${name}`),
    ...droppedSets.flatMap((name) => [define("set", name, earlierSets[name]), `delete set ${at} ${name}`]),
  ];
  const table = want.comment === undefined ? [] : [`add table ${at} { comment "${want.comment}"; }`];
  return transaction(want, lines.length === 0 && found ? [] : [...table, ...lines]);

  function isAnother(name: string): boolean {
    const there = found?.chains?.[name];
    return there !== undefined && !isDeepStrictEqual(headerOf(there), headerOf(chains[name]));
  }
}

const names = (objects: Lines = {}): string[] => Object.keys(objects);

const without = (all: readonly string[], wanted: Lines): string[] =>
  [...new Set(all)].filter((name) => !(name in wanted));

const headerOf = (lines: readonly string[] = []): string[] => lines.filter(isHeader);

const rulesOf = (lines: readonly string[]): string[] => lines.filter((line) => !isHeader(line));

const differing = (want: Lines, found: Lines = {}): string[] =>
  names(want).filter((name) => !isDeepStrictEqual(found[name], want[name]));

type Placed = [set: string, element: string];

const placed = (all: Lines = {}): Placed[] =>
  Object.entries(all).flatMap(([set, elements]) => elements.map((element): Placed => [set, element]));

/** What has a key of the group's, but is another's by now, stays. */
function removal(want: Rules, found: Rules | undefined): Command[] {
  if (!found) return [];
  const elements = placed(found.elements).filter(
    ([set, element]) => want.elements?.[set]?.includes(element) || isOfGroup(want, readElement(element)),
  );
  const at = `${found.family} ${found.table}`;
  if (found.comment !== undefined) return transaction(found, [`delete table ${at}`]);
  return transaction(found, [
    ...names(found.chains).map((name) => `flush chain ${at} ${name}`),
    ...elements.map(([set, element]) => `delete element ${at} ${set} { ${readElement(element).key} }`),
    ...names(found.chains).map((name) => `delete chain ${at} ${name}`),
    ...names(found.sets).map((name) => `delete set ${at} ${name}`),
    ...names(found.maps).map((name) => `delete map ${at} ${name}`),
  ]);
}

function probe({ netns, family, table }: Rules): Command[] {
  return [{ argv: within(netns, ["nft", "-s", "list", "table", family, table]) }];
}

function parse([output]: readonly Output[], want: Rules): Rules | undefined {
  if (!output || saysNotFound(output)) return undefined;
  const there = readTable(output.stdout);
  if (want.comment !== undefined && want.comment !== there.comment)
    throw new WrongKind(
      `the table has ${there.comment === undefined ? "no comment" : `the comment "${there.comment}"`}`,
    );
  const found = {
    ...pick("sets", there, want),
    ...pick("maps", there, want),
    ...pick("chains", there, want),
    ...elementsIn(
      there,
      (want.sets ?? want.maps ?? want.chains ?? want.elements) ? want : { ...want, elements: named(there, want) },
    ),
  };
  const objects = [found.sets, found.maps, found.chains].flatMap(names);
  const isThere = objects.length > 0 || placed(found.elements).length > 0;
  return isThere ? { ...want, ...found } : undefined;
}

/** Where a group has elements of which only its name is known, as of one that is imported. */
function named(there: NftTable, want: Rules): Lines {
  const its = [...there.sets, ...there.maps].filter(([, { elements }]) =>
    elements.some((element) => isOfGroup(want, element)),
  );
  return Object.fromEntries(its.map(([name]) => [name, []]));
}

function pick(kind: keyof Objects, there: NftTable, want: Rules): Objects {
  const asked = want[kind];
  if (!asked) return {};
  const saved = want.saved?.[kind] ?? asked;
  const own = kind === "chains" ? [...new Set([...names(asked), ...want.entries])] : names(asked);
  // A set and a map cannot have one name, so the other one is what has to go.
  const find = (name: string): NftObject | undefined =>
    kind === "chains" ? there.chains.get(name) : (there.sets.get(name) ?? there.maps.get(name));
  const found = own.flatMap((name) => {
    const lines = find(name)?.lines;
    return lines ? [[name, inOurWords(lines, asked[name] ?? [], saved[name] ?? [])]] : [];
  });
  return { [kind]: Object.fromEntries(found) as Lines };
}

/** In the order in which they are asked for: a set has none. */
function elementsIn(there: NftTable, want: Rules): { readonly elements?: Lines } {
  const { elements, sets = {}, maps = {} } = want;
  if (!elements) return {};
  const keys = new Set(
    Object.values(elements)
      .flat()
      .map((element) => readElement(element).key),
  );
  const found = (set: string): string[] => {
    const all = (there.sets.get(set) ?? there.maps.get(set))?.elements ?? [];
    const isOwn = set in sets || set in maps;
    const its = all
      .filter((element) => isOwn || keys.has(element.key) || isOfGroup(want, element))
      .map(({ text }) => text);
    const asked = (elements[set] ?? []).filter((element) => its.includes(element));
    return [...asked, ...its.filter((element) => !asked.includes(element)).sort()];
  };
  return { elements: Object.fromEntries(names(elements).map((set) => [set, found(set)])) };
}

/** Whether it is the group's by its comment, or by where it leads. */
function isOfGroup({ name, chains = {}, entries }: Rules, { comment, target = "" }: NftElement): boolean {
  return comment === name || target in chains || entries.includes(target);
}

/** The kernel's words are kept only where they are other words: a cluster has thousands of groups. */
function applied(want: Rules, { sets, maps, chains }: Rules): Rules {
  const { saved: _, ...asked } = want;
  const isSame = isDeepStrictEqual([sets, maps, chains], [asked.sets, asked.maps, asked.chains]);
  return isSame ? asked : { ...asked, saved: { sets, maps, chains } };
}

export const nftablesRulesKind: Kind<typeof args, Rules> = {
  token: "podnet:linux:NftablesRules",
  description:
    "A group of an nftables table's objects: chains, sets and maps of its own, and elements in those of others, set in one step (nft(8)).",
  args,
  identity: ["host", "netns", "family", "table", "name", "comment", "entries"],
  validate,
  id: ({ netns = "", family, table, name }) => `${netns},${family},${table},${name}`,
  fromId: (id) => {
    const [netns, family, table, name] = parts(id, 4);
    return { ...(netns ? { netns } : {}), family, table, name };
  },
  within: ({ netns }) => [netns],
  commands,
  removal,
  probe,
  shared: true,
  remembers: true,
  merge: (texts) => texts.join(""),
  parse,
  applied,
  computed: ["saved"],
};
