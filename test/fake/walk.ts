// A pseudorandom walk through the life of a lab: make, change, damage, fail, lose, look again, delete, delete twice.
import { type Command, HostError, NotOurs } from "../../components/host";
import { type Args, resourceId } from "../../components/linux/kind";
import { ownerMark, recordPath } from "../../components/linux/owned";
import { sweep } from "../../components/linux/sweep";
import { diff } from "../../provider/diff";
import type { Values } from "../../provider/values";
import { Engine, checked } from "./engine";
import { type Fault, Faulty, changes, isBookkeeping, ways } from "./faults";
import type { FakeHost } from "./host";
import { type Item, itemsOf, typed } from "./objects";
import { random } from "./random";

const lab = "lab";

/** What others have on the host, and find there again whatever the lab did. */
const others = (host: FakeHost): Promise<unknown> => {
  host.kernel.processes.set(1, { pid: 1, born: 1, space: host.kernel.host, command: ["server", "22"], marks: [] });
  return host.run(
    [
      "ip netns add other.node",
      "ip -n other.node link add dev cbr0 type bridge",
      "ip link add dev eth9 type dummy",
      "ip link set dev eth9 up",
      "ip addr add 10.200.0.1/24 brd + dev eth9",
      "ip route add default via 10.200.0.254 dev eth9",
      "ip route add 10.65.0.0/24 via 10.200.0.254 metric 700",
      "iptables -w -t nat -A POSTROUTING -s 10.200.0.0/24 -j MASQUERADE",
      "iptables -w -t filter -A FORWARD -j DROP",
      "sysctl -q -w net.ipv4.ip_forward=1",
    ].map((line) => typed(line)),
  );
};

const peaceful = ["up", "up", "up", "refresh", "delete", "converge", "meet"] as const;
const rough = ["up", "damage", "fail", "fail", "fail", "lose"] as const;

/** What has to happen to each kind, or else it was not tried. */
export const trials = ["created", "changed", "damaged", ...ways, "forgotten by a crash", "deleted twice"] as const;
type Trial = (typeof trials)[number];

export interface Walked {
  readonly steps: number;
  /** How often each thing happened: a walk that never fails or damages anything proves little. */
  readonly counts: Readonly<Record<string, number>>;
}

/** @throws an error that names what is wrong, when a promise was broken */
export async function walk(host: FakeHost, seed: number, length: number): Promise<Walked> {
  const { below, chance, pick } = random(seed);
  const counts: Record<string, number> = {};
  const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);
  const countOf = ({ kind }: Item, what: Trial): void => count(`${kind.token} ${what}`);
  if (chance(0.8)) await others(host);
  const before = host.kernel.dump();
  const faulty = new Faulty(host);
  const engine = new Engine(lab, faulty);
  const items = itemsOf(lab);
  /** What the program asks for, by item. */
  const wanted = new Map<string, Args>();
  // A failure, or a state that was lost, may leave what only a sweep finds.
  let isFlawless = true;

  const actions = chance(0.3) ? peaceful : [...peaceful, ...rough];
  for (let step = 0; step < length; step++) {
    const item = pick(items);
    const action = pick(actions);
    count(action);
    if (action === "up") await attempt(() => up(item));
    else if (action === "damage") await damage(item);
    else if (action === "fail") await fail(item);
    else if (action === "lose") await lose(item);
    else if (action === "refresh") await engine.refresh(item.name, item.kind);
    else if (action === "delete") await attempt(() => remove(item));
    else if (action === "meet") await meet(item);
    else if (action === "converge" && chance(0.3)) await converge();
  }
  await converge();
  await destroy();
  if (host.faults[0]) throw host.faults[0];
  return { steps: length, counts };

  function formOf(item: Item): Args {
    return checked(item.kind, pick(item.forms));
  }

  async function upNeeds({ needs }: Item): Promise<void> {
    for (const need of items.filter(({ name }) => needs.includes(name)))
      if (!engine.state.has(need.name)) await up(need);
  }

  async function up(item: Item): Promise<void> {
    await upNeeds(item);
    const args = formOf(item);
    wanted.set(item.name, args);
    const old = engine.state.get(item.name);
    await upAs(item, args);
    if (
      !old ||
      item.forms.length === 1 ||
      diff(item.kind, old as unknown as Values, args as unknown as Values).length > 0
    )
      countOf(item, old ? "changed" : "created");
  }

  async function upAs(item: Item, args: Args): Promise<void> {
    // What goes with a namespace is known to be gone with it.
    const isNew = item.kind.token.endsWith("NetworkNamespace") && !engine.state.has(item.name);
    faulty.onChange = (command) => expectWrittenDown(item, args, command);
    await engine.up(item.name, item.kind, args).finally(() => (faulty.onChange = () => undefined));
    if (isNew) count("namespaces");
  }

  /** Written down before it is made; what is in its way in the lab's own namespaces goes before that. */
  function expectWrittenDown(item: Item, args: Args, command: Command): void {
    const isInside = item.kind.within(args).every((netns) => netns !== undefined);
    const isInTheWay = isInside && command.argv.includes("del");
    if (isBookkeeping(command) || isInTheWay || item.kind.transient) return;
    const old = engine.state.get(item.name);
    const records = [args, ...(old ? [old] : [])].map((each) => recordPath(lab, item.kind, each));
    if (!records.some((path) => host.kernel.files.has(path)))
      throw new Error(`${item.name} is not written down before: ${command.argv.join(" ")}`);
  }

  /** A failure that a user would understand is fine; after it everything must be repairable. */
  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      count(error.name);
      isFlawless = false;
    }
  }

  /** What is no longer written down is nobody's to damage: it would be somebody else's. */
  function isOurs(item: Item): boolean {
    const state = engine.state.get(item.name);
    if (!state) return false;
    const isInside = item.kind.within(state).every((netns) => netns !== undefined);
    return isInside || host.kernel.files.has(recordPath(lab, item.kind, state));
  }

  async function damage(item: Item): Promise<void> {
    if (!engine.state.has(item.name)) await attempt(() => up(item));
    if (!isOurs(item)) return;
    countOf(item, "damaged");
    for (const command of pick(item.damage)) {
      if (command.argv[0] === "kill") kill(item);
      else await host.ask([command]);
    }
  }

  function kill(item: Item): void {
    const name = `PODNET_PROCESS=${item.kind.id(checked(item.kind, item.forms[0] ?? {}))}`;
    for (const process of host.kernel.processes.values())
      if (process.marks.includes(name)) host.kernel.processes.delete(process.pid);
  }

  async function fail(item: Item): Promise<void> {
    // Many objects take no more than one command.
    const fault: Fault = { at: chance(0.6) ? 0 : below(6), how: pick(ways) };
    await attempt(() => upNeeds(item));
    // Some have something to do only where something is wrong.
    if (chance(0.6) && engine.state.has(item.name)) {
      await damage(item);
      await engine.refresh(item.name, item.kind);
    }
    isFlawless = false;
    faulty.start(fault);
    await attempt(() => (chance(0.7) ? up(item) : remove(item)));
    if (faulty.hasStruck) countOf(item, fault.how);
    faulty.start();
  }

  /** As when the engine was killed before it wrote its state. */
  async function lose(item: Item): Promise<void> {
    if (!engine.state.has(item.name)) await attempt(() => up(item));
    countOf(item, "forgotten by a crash");
    engine.state.delete(item.name);
    isFlawless = false;
  }

  /** Somebody else has the name already: that is an error which names it, and nothing of it is touched. */
  async function meet(item: Item): Promise<void> {
    if (!item.foreign || engine.state.has(item.name)) return;
    const args = checked(item.kind, item.forms[0] ?? {});
    if (item.kind.within(args).some((netns) => netns !== undefined && host.kernel.space(netns) === undefined)) return;
    if (host.kernel.files.has(recordPath(lab, item.kind, args))) return;
    // The first namespace of all would leave a mount behind, which is not the lab's.
    if (item.kind.token.endsWith("NetworkNamespace") && !host.kernel.netnsIsMounted) return;
    const clean = host.kernel.dump();
    const made = await host.ask(item.foreign);
    if (made.some(({ code }) => code !== 0)) return undo();
    const theirs = host.kernel.dump();
    const error: unknown = await engine.up(item.name, item.kind, args).catch((error: unknown) => error);
    if (!(error instanceof NotOurs)) throw new Error(`${item.name}: expected NotOurs, got ${String(error)}`);
    const name = item.kind.id(args).replace(/^,/, "");
    if (!error.message.includes(name)) throw new Error(`it does not name ${name}: ${error.message}`);
    expectSame(theirs, host.kernel.dump(), `${item.name} was touched though it is foreign`);
    await expectStays(item, args);
    expectSame(theirs, host.kernel.dump(), `${item.name} was deleted though it is foreign`);
    await undo();
    expectSame(clean, host.kernel.dump(), "undone");
    count("foreign");

    async function undo(): Promise<void> {
      for (const command of [...(item.foreign ?? [])].reverse()) await host.ask([opposite(command)]);
    }
  }

  /** A warning says so where the lab has other records; without any, nobody knows whose it is, and that is an error. */
  async function expectStays(item: Item, args: Args): Promise<void> {
    const isKnown = host.kernel.files.has(ownerMark(lab));
    const answer: unknown = await engine.reconciler.delete(item.kind, args).catch((error: unknown) => error);
    const said = isKnown ? (answer as string[])[0] : answer instanceof HostError ? answer.message : undefined;
    if (!/it stays/.test(said ?? "")) throw new Error(`${item.name}: expected that it stays, got ${String(answer)}`);
    count(isKnown ? "stays" : "nobody's");
  }

  async function remove(item: Item): Promise<void> {
    for (const other of items)
      if (other.needs.includes(item.name) && engine.state.has(other.name) && other.goesWith !== item.name)
        await remove(other);
    wanted.delete(item.name);
    const state = engine.state.get(item.name);
    await engine.delete(item.name, item.kind);
    for (const other of [...items].filter(({ goesWith }) => goesWith === item.name)) {
      engine.state.delete(other.name);
      wanted.delete(other.name);
    }
    if (state) await expectDeleteIsQuiet(item, state);
  }

  async function expectDeleteIsQuiet(item: Item, state: Args): Promise<void> {
    countOf(item, "deleted twice");
    const after = host.kernel.dump();
    const warnings = await engine.reconciler.delete(item.kind, state);
    // A rule may have a twin by now, which is as good as itself.
    if (item.kind.permanent || item.kind.token.endsWith("IptablesRule")) return;
    expectSame(after, host.kernel.dump(), `${item.name} was deleted twice`);
    if (warnings.length > 0) throw new Error(`${item.name}: ${warnings.join("\n")}`);
  }

  /** `pulumi up --refresh`: whatever happened, it is as asked behind it, and a second run does nothing. */
  async function converge(): Promise<void> {
    faulty.start();
    for (const item of items) {
      const args = wanted.get(item.name);
      const missing = item.needs.some((need) => !wanted.has(need));
      if (args && missing) wanted.delete(item.name);
    }
    for (const item of items) await engine.refresh(item.name, item.kind);
    for (const item of [...items].reverse())
      if (!wanted.has(item.name) && engine.state.has(item.name))
        await attempt(() => engine.delete(item.name, item.kind));
    for (const item of items) {
      const args = wanted.get(item.name);
      // What an object took along when it was made again is found by looking again, as the next run would.
      if (args && item.needs.length > 0) await engine.refresh(item.name, item.kind);
      if (args) await upAs(item, args);
    }
    await repairAfterwards();
    for (const item of items) await expectSettled(item);
    count("converged");
  }

  /** An object that had to be made again takes along what hung on it, which only another look shows. */
  async function repairAfterwards(): Promise<void> {
    for (const item of items) {
      await engine.refresh(item.name, item.kind);
      const args = wanted.get(item.name);
      if (args) await upAs(item, args);
    }
  }

  async function expectSettled(item: Item): Promise<void> {
    const args = wanted.get(item.name);
    if (!args) return;
    const state = await engine.reconciler.read(item.kind, engine.state.get(item.name) ?? args);
    const left = state ? diff(item.kind, state as unknown as Values, args as unknown as Values) : ["it is not there"];
    if (left.length > 0) throw new Error(`${resourceId(item.kind, args)} is not as asked: ${JSON.stringify(left)}`);
    faulty.start();
    if (chance(0.5)) await engine.reconciler.update(item.kind, args, engine.state.get(item.name) ?? args);
    // Without its state podnet cannot know how iptables-save writes what it wrote itself.
    else if (!item.kind.computed) await engine.reconciler.create(item.kind, args);
    const again = faulty.done.filter((command) => changes(command) && !isBookkeeping(command) && !item.kind.computed);
    if (again.length > 0) throw new Error(`a second run does: ${again.map(({ argv }) => argv.join(" ")).join("; ")}`);
  }

  async function destroy(): Promise<void> {
    for (const item of [...items].reverse()) await (isFlawless ? remove(item) : attempt(() => remove(item)));
    if (isFlawless) {
      expectSame(before, host.kernel.dump(), "something is left behind");
      count("flawless");
    }
    const { left } = await sweep(host, lab);
    if (left.length > 0) throw new Error(`not swept: ${left.join("; ")}`);
    expectSame(before, host.kernel.dump(), "something is left behind after a sweep");
  }
}

/** What undoes a command by hand. */
function opposite({ argv }: Command): Command {
  const words = argv.join(" ");
  if (words.startsWith("iptables"))
    return { argv: argv.map((word) => (word === "-A" ? "-D" : word === "-N" ? "-X" : word)) };
  const dev = argv.indexOf("dev");
  if (words.includes("link add")) return typed(`ip link del dev ${argv[dev + 1]}`);
  if (words.includes("route add")) return typed(`ip route del ${argv.at(-1)} metric 0 table main`);
  return typed(`ip netns del ${argv.at(-1)}`);
}

function expectSame(wanted: string, found: string, what: string): void {
  if (wanted === found) return;
  const [a, b] = [wanted.split("\n"), found.split("\n")];
  const lines = [
    ...a.filter((line) => !b.includes(line)).map((l) => `- ${l}`),
    ...b.filter((line) => !a.includes(line)).map((l) => `+ ${l}`),
  ];
  throw new Error(`${what}:\n${lines.join("\n")}`);
}
