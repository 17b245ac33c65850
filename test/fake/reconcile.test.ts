// What the walk meets by chance, once each and by name: whose is it, what comes back, what is undone.
import { type Command, CommandFailed, HostError, NotOurs } from "../../components/host";
import type { Args } from "../../components/linux/kind";
import { type OwnedRecord, recordPath, writeDown } from "../../components/linux/owned";
import { Reconciler } from "../../components/linux/reconcile";
import { kindOf } from "../../components/linux/registry";
import { sweep, sweepLeftovers } from "../../components/linux/sweep";
import { checked } from "./engine";
import { Faulty, isNote } from "./faults";
import { FakeHost } from "./host";
import { typed } from "./objects";

const lab = "lab";
const owner = "ann@laptop:/home/ann/podnet";
let fake: FakeHost;
let host: Faulty;
let reconciler: Reconciler;
beforeEach(() => {
  fake = new FakeHost();
  host = new Faulty(fake);
  reconciler = new Reconciler(lab, owner, () => host);
});

const kind = (name: string) => kindOf(`podnet:linux:${name}`);
const args = (name: string, values: object): Args => checked(kind(name), { host: "fake", ...values });
const record = (args: Args): OwnedRecord => ({ token: "", args: args as OwnedRecord["args"], undo: [] });
const hands = async (...lines: string[]): Promise<void> => void (await fake.run(lines.map((line) => typed(line))));
const rulesOf = (chain: string, table = "nat"): string[] => fake.kernel.host.tables.get(table)?.chains.get(chain) ?? [];
const recordsOfLab = (): string[] => [...fake.kernel.files.keys()].filter((path) => path.startsWith("/run/podnet/"));

describe("a setting that was there before", () => {
  const setting = "net.ipv4.ip_forward";
  const want = (value: string): Args => args("Sysctl", { name: setting, value });
  const now = (): string | undefined => fake.kernel.host.sysctls.get("net/ipv4/ip_forward");

  test("comes back, after changes too", async () => {
    await hands(`sysctl -q -w ${setting}=7`);
    await reconciler.create(kind("Sysctl"), want("1"));
    await reconciler.update(kind("Sysctl"), want("2"), want("1"));
    await hands(`sysctl -q -w ${setting}=5`);
    await reconciler.update(kind("Sysctl"), want("3"), want("2"));
    expect(now()).toBe("3");
    expect(await reconciler.delete(kind("Sysctl"), want("3"))).toEqual([]);
    expect([now(), recordsOfLab()]).toEqual(["7", []]);
  });

  test.each(["lost before", "lost behind"] as const)(
    "comes back when the connection was %s the change",
    async (how) => {
      host.start({ at: 1, how });
      await expect(reconciler.create(kind("Sysctl"), want("1"))).rejects.toThrow("lost");
      host.start();
      await reconciler.create(kind("Sysctl"), want("1"));
      await reconciler.delete(kind("Sysctl"), want("1"));
      expect([now(), recordsOfLab()]).toEqual(["0", []]);
    },
  );

  test("comes back by a sweep", async () => {
    await reconciler.create(kind("Sysctl"), want("1"));
    expect(await sweep(fake, lab)).toEqual({ removed: [`Sysctl ${setting}`, `the lab of ${owner}`], left: [] });
    expect([now(), recordsOfLab()]).toEqual(["0", []]);
  });

  test("is not written down for good when it could not be changed", async () => {
    await expect(reconciler.create(kind("Sysctl"), want("nonsense"))).rejects.toThrow(/Invalid argument/);
    expect([now(), recordsOfLab()]).toEqual(["0", []]);
  });

  test("that is none is an error, and leaves nothing", async () => {
    const none = args("Sysctl", { name: "net.ipv4.nosuch", value: "1" });
    await expect(reconciler.create(kind("Sysctl"), none)).rejects.toThrow(/cannot stat .*: No such file/);
    expect(recordsOfLab()).toEqual([]);
  });

  test("that cannot be put back stays written down", async () => {
    await reconciler.create(kind("Sysctl"), want("1"));
    const refusing = new Reconciler(lab, owner, () => ({
      name: "fake",
      ask: (commands: readonly Command[]) => fake.ask(commands),
      run: async (commands: readonly Command[]) => {
        for (const command of commands) throw new CommandFailed("fake", command, 1, "Read-only file system");
        return [];
      },
    }));
    await expect(refusing.delete(kind("Sysctl"), want("1"))).rejects.toThrow(/Read-only file system/);
    expect(recordsOfLab()).not.toEqual([]);
  });
});

describe("another's route to the same place, of another metric", () => {
  const want = args("Route", { destination: "10.9.0.0/24", via: "10.1.1.1", dev: "eth9" });
  const others = () => fake.kernel.host.routes.filter(({ metric }) => metric === 700);
  beforeEach(() =>
    hands(
      ...["ip link add dev eth9 type dummy", "ip link set dev eth9 up", "ip addr add 10.200.0.1/24 brd + dev eth9"],
      "ip route add 10.9.0.0/24 via 10.200.0.254 metric 700",
    ),
  );

  test("outlives an attempt that fails", async () => {
    await expect(reconciler.create(kind("Route"), want)).rejects.toThrow(/invalid gateway/);
    expect([others().length, recordsOfLab()]).toEqual([1, []]);
  });

  test("outlives a delete of ours that is gone", async () => {
    const ours = args("Route", { destination: "10.9.0.0/24", type: "blackhole" });
    await reconciler.create(kind("Route"), ours);
    await hands("ip route del blackhole 10.9.0.0/24");
    expect(await reconciler.delete(kind("Route"), ours)).toEqual([]);
    expect([others().length, recordsOfLab()]).toEqual([1, []]);
  });
});

describe("whose it is", () => {
  const bridge = args("Bridge", { name: "br0" });

  test("of somebody else: an error that names it, and it stays as it was", async () => {
    await hands("ip link add dev br0 type bridge", "ip link set dev br0 mtu 1400");
    await reconciler.create(kind("Bridge"), args("Bridge", { name: "ours" }));
    const before = fake.kernel.dump();
    for (const attempt of [
      () => reconciler.create(kind("Bridge"), bridge),
      () => reconciler.update(kind("Bridge"), bridge, bridge),
    ])
      await expect(attempt()).rejects.toThrow(NotOurs);
    await expect(reconciler.create(kind("Bridge"), bridge)).rejects.toThrow(
      'host "fake": Bridge br0 is there already, and lab "lab" did not make it; remove it or rename it, or choose another name for the lab',
    );
    expect(await reconciler.read(kind("Bridge"), bridge)).toBeUndefined();
    expect(await reconciler.delete(kind("Bridge"), bridge)).toEqual([expect.stringMatching(/Bridge br0 .* it stays$/)]);
    expect(fake.kernel.dump()).toBe(before);
  });

  test("of somebody else, and of another kind: that is said too", async () => {
    await hands("ip link add dev br0 type dummy");
    await expect(reconciler.create(kind("Bridge"), bridge)).rejects.toThrow(
      /\(br0 exists, but its kind is dummy, not bridge\)/,
    );
  });

  test("in the lab's own namespace: taken over, and made right", async () => {
    await reconciler.create(kind("NetworkNamespace"), args("NetworkNamespace", { name: "lab.a" }));
    await hands("ip -n lab.a link add dev br0 type dummy");
    const inside = args("Bridge", { netns: "lab.a", name: "br0" });
    const { state } = await reconciler.create(kind("Bridge"), inside);
    expect(state).toEqual(inside);
    expect(recordsOfLab().filter((path) => path.includes("Bridge"))).toHaveLength(1);
  });

  test("in another's namespace: theirs", async () => {
    await hands("ip netns add other.a", "ip -n other.a link add dev br0 type bridge");
    await expect(reconciler.create(kind("Bridge"), args("Bridge", { netns: "other.a", name: "br0" }))).rejects.toThrow(
      NotOurs,
    );
  });

  test("written down: adopted, whatever the state says", async () => {
    await reconciler.create(kind("Bridge"), bridge);
    await hands("ip link set dev br0 mtu 1400");
    const { state } = await reconciler.create(kind("Bridge"), bridge);
    expect(state).toEqual(bridge);
  });

  test("a question that was not answered says nothing", async () => {
    await hands("ip netns add lab.a");
    const deaf = new Reconciler(lab, owner, () => ({
      name: "fake",
      ask: async (commands: readonly Command[]) =>
        commands.map(() => ({ code: 2, stdout: "", stderr: "sh: 1: Cannot fork\n" })),
      run: (commands: readonly Command[]) => fake.run(commands),
    }));
    const inside = args("Bridge", { netns: "lab.a", name: "br0" });
    for (const attempt of [
      () => deaf.create(kind("Bridge"), inside),
      () => deaf.read(kind("Bridge"), inside),
      () => deaf.import(kind("Bridge"), inside),
    ])
      await expect(attempt()).rejects.toThrow(/Cannot fork/);
  });

  test("imported: the lab's own from then on", async () => {
    await hands("ip link add dev br0 type bridge");
    expect(await reconciler.import(kind("Bridge"), bridge)).toMatchObject({
      name: "br0",
      mac: expect.any(String) as string,
    });
    expect(await reconciler.delete(kind("Bridge"), bridge)).toEqual([]);
    expect(fake.kernel.host.links.map(({ name }) => name)).toEqual(["lo"]);
    expect(recordsOfLab()).toEqual([]);
  });

  test("a setting that was imported comes back as it was then", async () => {
    const setting = args("Sysctl", { name: "net.ipv4.ip_forward", value: "" });
    expect(await reconciler.import(kind("Sysctl"), setting)).toMatchObject({ value: "0" });
    await reconciler.update(kind("Sysctl"), { ...setting, value: "1" } as Args, setting);
    await reconciler.delete(kind("Sysctl"), setting);
    expect(fake.kernel.host.sysctls.get("net/ipv4/ip_forward")).toBe("0");
  });

  test("what is of another kind cannot be imported, and what is not there is not found", async () => {
    expect(await reconciler.import(kind("Bridge"), bridge)).toBeUndefined();
    await hands("ip link add dev br0 type dummy");
    await expect(reconciler.import(kind("Bridge"), bridge)).rejects.toThrow(HostError);
    await expect(reconciler.import(kind("Bridge"), bridge)).rejects.toThrow(
      "fake,,br0 cannot be imported: br0 exists, but its kind is dummy, not bridge",
    );
  });
});

describe("another project's lab of the same name", () => {
  const bridge = args("Bridge", { name: "br0" });
  const mark = `/run/podnet/${lab}/.owned/owner`;
  const others = "bob@laptop:/home/bob/podnet";
  const theirs = (): Reconciler => new Reconciler(lab, others, () => host);
  const refusal =
    `host "fake": the lab "${lab}" there is another's. It was made by ${owner}, and this is ${others}, with a state of its own. ` +
    `If nobody wants that lab any more, remove it: npm run sweep -- ${lab}. Otherwise give this one another name`;

  test("is marked from the first record to the last", async () => {
    const second = args("Bridge", { name: "br1" });
    for (const each of [bridge, second]) await reconciler.create(kind("Bridge"), each);
    expect(fake.kernel.files.get(mark)?.content).toBe(`${owner}\n`);
    await reconciler.delete(kind("Bridge"), bridge);
    expect(fake.kernel.files.has(mark)).toBe(true);
    await reconciler.delete(kind("Bridge"), second);
    expect(recordsOfLab()).toEqual([]);
  });

  test("is neither made, changed, imported nor deleted, and of its objects nothing is known", async () => {
    await reconciler.create(kind("Bridge"), bridge);
    await hands("ip link add dev br1 type bridge");
    const free = args("Bridge", { name: "br2" });
    const before = fake.kernel.dump();
    for (const attempt of [
      () => theirs().create(kind("Bridge"), bridge),
      () => theirs().create(kind("Bridge"), free),
      () => theirs().update(kind("Bridge"), args("Bridge", { name: "br0", mtu: 1400 }), bridge),
      () => theirs().import(kind("Bridge"), args("Bridge", { name: "br1" })),
      () => theirs().delete(kind("Bridge"), bridge),
      () => theirs().delete(kind("Bridge"), free),
    ])
      await expect(attempt()).rejects.toThrow(new NotOurs(refusal));
    expect(await theirs().read(kind("Bridge"), bridge)).toBeUndefined();
    expect(fake.kernel.dump()).toBe(before);
  });

  test("of two that start at once, one makes it", async () => {
    const second = args("Bridge", { name: "br1" });
    host.onChange = (command) => {
      if (!isNote(command)) return;
      host.onChange = () => undefined;
      // The first to look is the second to write.
      void fake.run([writeDown({ lab, owner }, kind("Bridge"), bridge, record(bridge), true)]);
    };
    await expect(theirs().create(kind("Bridge"), second)).rejects.toThrow(refusal);
    expect(fake.kernel.host.links.map(({ name }) => name)).toEqual(["lo"]);
    expect(fake.kernel.files.get(mark)?.content).toBe(`${owner}\n`);
  });

  test("that has lost its mark gets one", async () => {
    await reconciler.create(kind("Bridge"), bridge);
    fake.kernel.files.delete(mark);
    expect(await reconciler.read(kind("Bridge"), bridge)).toEqual(bridge);
    expect(fake.kernel.files.get(mark)?.content).toBe(`${owner}\n`);
    fake.kernel.files.delete(mark);
    await reconciler.update(kind("Bridge"), bridge, bridge);
    expect(fake.kernel.files.get(mark)?.content).toBe(`${owner}\n`);
    fake.kernel.files.delete(mark);
    expect(await reconciler.delete(kind("Bridge"), bridge)).toEqual([]);
    expect(recordsOfLab()).toEqual([]);
  });

  test("has no leftovers of ours, and a sweep says whose it was", async () => {
    await reconciler.create(kind("Bridge"), bridge);
    expect(await sweepLeftovers(fake, lab, () => false, others)).toEqual({ removed: [], left: [] });
    await expect(sweep(fake, lab, false, others)).rejects.toThrow(refusal);
    const removed = ["Bridge br0", `the lab of ${owner}`];
    expect(await sweep(fake, lab, true)).toEqual({ removed, left: [] });
    expect(fake.kernel.host.links).toHaveLength(2);
    expect(await sweep(fake, lab)).toEqual({ removed, left: [] });
    expect(fake.kernel.host.links).toHaveLength(1);
  });
});

describe("records that are lost", () => {
  const space = args("NetworkNamespace", { name: "lab.a" });
  const loseAll = (): void =>
    fake.kernel.files.forEach((_, path) => {
      if (path.startsWith("/run/podnet")) fake.kernel.files.delete(path);
    });

  test("what is there stays, and the delete fails with what to do", async () => {
    await reconciler.create(kind("NetworkNamespace"), space);
    loseAll();
    const later = new Reconciler(lab, owner, () => host);
    await expect(later.delete(kind("NetworkNamespace"), space)).rejects.toThrow(
      'host "fake": NetworkNamespace lab.a is there, but nothing in /run/podnet/lab/.owned says any more that lab "lab" made it, so it stays. ' +
        "If you know that it is the lab's, remove it, then try again:\n  ip netns del lab.a",
    );
    expect(fake.kernel.space("lab.a")).toBeDefined();
    await hands("ip netns del lab.a");
    expect(await later.delete(kind("NetworkNamespace"), space)).toEqual([]);
  });

  test("of one that is somebody else's by now, it stays with a warning, also when the lab's last record went before", async () => {
    const bridge = args("Bridge", { name: "br0" });
    await reconciler.create(kind("NetworkNamespace"), space);
    await hands("ip link add dev br0 type bridge");
    await reconciler.delete(kind("NetworkNamespace"), space);
    expect(recordsOfLab()).toEqual([]);
    expect(await reconciler.delete(kind("Bridge"), bridge)).toEqual([expect.stringMatching(/it stays$/)]);
  });
});

describe("two operations on one lab at once", () => {
  const space = args("NetworkNamespace", { name: "lab.a" });
  const path = recordPath(lab, kind("NetworkNamespace"), space);

  /** Does the first operation's part in the moment before the second's command of that kind. */
  const before = (isMoment: (command: Command) => boolean, first: () => void): void => {
    host.onChange = (command) => {
      if (!isMoment(command)) return;
      host.onChange = () => undefined;
      first();
    };
  };
  const note = (): void => {
    void fake.run([writeDown({ lab, owner }, kind("NetworkNamespace"), space, record(space), true)]);
  };
  const isAdd = ({ argv }: Command): boolean => argv.join(" ") === "ip netns add lab.a";
  const expectOwned = (): void => {
    expect(fake.kernel.space("lab.a")).toBeDefined();
    expect(fake.kernel.files.has(path)).toBe(true);
  };

  test("the one that writes it down second makes nothing, and forgets nothing", async () => {
    before(isNote, () => {
      note();
      void hands("ip netns add lab.a");
    });
    await expect(reconciler.create(kind("NetworkNamespace"), space)).rejects.toThrow(
      'host "fake": another operation on lab "lab" makes NetworkNamespace lab.a at this moment; wait for its end, and run podnet again',
    );
    expectOwned();
  });

  test("what was written down before, and another makes first, stays written down", async () => {
    note();
    before(isAdd, () => void hands("ip netns add lab.a"));
    await expect(reconciler.create(kind("NetworkNamespace"), space)).rejects.toThrow(/File exists/);
    expectOwned();
  });
});

describe("an object whose id is made of what changes", () => {
  const rule = (text: string): Args => args("IptablesRule", { table: "nat", chain: "POSTROUTING", rule: text });
  const chains = (names: Record<string, string[]>): Args => args("IptablesChains", { table: "nat", chains: names });

  test("a rule leaves neither its former words nor its former record", async () => {
    const [old, next] = [rule("-s 10.1.0.0/24 -j ACCEPT"), rule("-s 10.2.0.0/24 -j ACCEPT")];
    await hands("iptables -w -t nat -A POSTROUTING -j RETURN");
    await reconciler.create(kind("IptablesRule"), old);
    await hands("iptables -w -t nat -A POSTROUTING -j RETURN");
    await reconciler.update(kind("IptablesRule"), next, old);
    expect(rulesOf("POSTROUTING")).toEqual(["-j RETURN", "-s 10.2.0.0/24 -j ACCEPT", "-j RETURN"]);
    expect(recordsOfLab().filter((path) => path.includes("Rule"))).toEqual([
      recordPath(lab, kind("IptablesRule"), next),
    ]);
    await reconciler.delete(kind("IptablesRule"), next);
    expect([rulesOf("POSTROUTING"), recordsOfLab()]).toEqual([["-j RETURN", "-j RETURN"], []]);
  });

  test("nor do chains", async () => {
    const [old, next] = [chains({ A: ["-j B"], B: [] }), chains({ B: ["-j C"], C: ["-j RETURN"] })];
    const { state } = await reconciler.create(kind("IptablesChains"), old);
    await reconciler.update(kind("IptablesChains"), next, state);
    expect(["A", "B", "C"].map((chain) => rulesOf(chain))).toEqual([[], ["-j C"], ["-j RETURN"]]);
    expect(fake.kernel.host.tables.get("nat")?.chains.has("A")).toBe(false);
    await reconciler.delete(kind("IptablesChains"), next);
    expect([...(fake.kernel.host.tables.get("nat")?.chains.keys() ?? [])]).toEqual([
      "PREROUTING",
      "INPUT",
      "OUTPUT",
      "POSTROUTING",
    ]);
    expect(recordsOfLab()).toEqual([]);
  });

  test("a chain that somebody jumps to is not deleted, and the error says why", async () => {
    const own = chains({ A: [] });
    await reconciler.create(kind("IptablesChains"), own);
    await hands("iptables -w -t nat -A POSTROUTING -j A");
    await expect(reconciler.delete(kind("IptablesChains"), own)).rejects.toThrow(/Device or resource busy/);
    expect(recordsOfLab()).not.toEqual([]);
  });
});

describe("what the kernel does not take as it was said", () => {
  test("is a warning that names it", async () => {
    const deaf = new Reconciler(lab, owner, () => ({
      name: "fake",
      ask: (commands: readonly Command[]) => fake.ask(commands),
      run: (commands: readonly Command[]) => fake.run(commands.filter(({ argv }) => !argv.includes("mtu"))),
    }));
    const { warnings, state } = await deaf.create(kind("Bridge"), args("Bridge", { name: "br0", mtu: 1400 }));
    expect(warnings).toEqual(["fake,,br0: mtu is 1500 and did not become 1400"]);
    expect(state).toMatchObject({ mtu: 1500 });
  });
});

describe("half an object", () => {
  test("goes, and the failure is told", async () => {
    const before = fake.kernel.dump();
    await reconciler.create(kind("NetworkNamespace"), args("NetworkNamespace", { name: "lab.a" }));
    const cable = { netns: "lab.a", name: "eth0", peer: { name: "port", master: "nosuch" } };
    await expect(reconciler.create(kind("Veth"), args("Veth", cable))).rejects.toThrow(/Device does not exist/);
    expect(fake.kernel.host.links.map(({ name }) => name)).toEqual(["lo"]);
    await reconciler.delete(kind("NetworkNamespace"), args("NetworkNamespace", { name: "lab.a" }));
    expect(fake.kernel.dump()).toBe(before);
  });

  test("but nothing that somebody else made at the same moment", async () => {
    const bridge = args("Bridge", { name: "br0" });
    host.onChange = ({ argv }) => {
      if (argv.includes("add")) fake.kernel.addLink(fake.kernel.host, "br0", "bridge");
    };
    await expect(reconciler.create(kind("Bridge"), bridge)).rejects.toThrow(/File exists/);
    expect(fake.kernel.host.links.map(({ name }) => name)).toEqual(["lo", "br0"]);
    expect(recordsOfLab()).toEqual([]);
  });

  test("with a lost connection stays written down, and the next run completes it", async () => {
    const bridge = args("Bridge", { name: "br0", mtu: 1400 });
    host.start({ at: 1, how: "lost behind" });
    await expect(reconciler.create(kind("Bridge"), bridge)).rejects.toThrow("lost");
    host.start();
    expect((await reconciler.create(kind("Bridge"), bridge)).state).toEqual(bridge);
  });
});

test("a namespace that is the host's own loses its name only", async () => {
  await reconciler.create(kind("NetworkNamespace"), args("NetworkNamespace", { name: "lab.a" }));
  fake.kernel.files.set("/run/netns/lab.a", { type: "namespace", mode: "0444", content: "", space: fake.kernel.host });
  fake.kernel.start(fake.kernel.host, ["init"], []);
  await reconciler.delete(kind("NetworkNamespace"), args("NetworkNamespace", { name: "lab.a" }));
  expect(fake.kernel.processes.size).toBe(1);
});

test("a process in a namespace that was made anew is gone, and ends when it starts again", async () => {
  const [space, web] = [
    args("NetworkNamespace", { name: "lab.a" }),
    args("Process", { netns: "lab.a", name: "web", command: ["server", "80"] }),
  ];
  await reconciler.create(kind("NetworkNamespace"), space);
  await reconciler.create(kind("Process"), web);
  await hands("ip netns del lab.a", "ip netns add lab.a");
  expect(await reconciler.read(kind("Process"), web)).toBeUndefined();
  await reconciler.create(kind("Process"), web);
  expect([...fake.kernel.processes.values()].map(({ space: of }) => of === fake.kernel.space("lab.a"))).toEqual([true]);
});

describe("what a process started goes with it, wherever it went", () => {
  const space = args("NetworkNamespace", { name: "lab.a" });
  const web = args("Process", { netns: "lab.a", name: "web", command: ["server", "80"] });
  beforeEach(async () => {
    await reconciler.create(kind("NetworkNamespace"), space);
    await reconciler.create(kind("Process"), web);
    const [marks = []] = [...fake.kernel.processes.values()].map(({ marks }) => marks);
    fake.kernel.start(fake.kernel.newSpace(), ["escaped"], marks);
  });
  const left = (): string[] => [...fake.kernel.processes.values()].map(({ command }) => command.join(" "));

  test("by its own removal", async () => {
    await reconciler.delete(kind("Process"), web);
    expect(left()).toEqual([]);
  });

  test("by that of its namespace", async () => {
    await reconciler.delete(kind("NetworkNamespace"), space);
    expect(left()).toEqual([]);
  });

  test("and by that of a namespace whose name was deleted by hand", async () => {
    await hands("ip netns del lab.a");
    await reconciler.delete(kind("NetworkNamespace"), space);
    expect([left(), recordsOfLab()]).toEqual([[], []]);
  });

  test("at the lab's end, whatever its record said", async () => {
    fake.kernel.start(fake.kernel.newSpace(), ["of the lab"], ["PODNET_LAB=lab", "PODNET_PROCESS=lab.none,web"]);
    fake.kernel.start(fake.kernel.host, ["of another"], ["PODNET_LAB=other", "PODNET_PROCESS=lab.a,web"]);
    await sweep(fake, lab);
    expect(left()).toEqual(["of another"]);
  });
});

describe("groups of rules that come at the same time", () => {
  const group = (name: string, chain: string): Args =>
    args("IptablesRules", {
      netns: "lab.a",
      name,
      tables: {
        nat: {
          chains: { [`OWN-${name}`]: ["-j ACCEPT"] },
          rules: { OUTPUT: [`-m comment --comment ${name} -j OWN-${name}`] },
        },
        filter: { rules: { [chain]: [`-m comment --comment ${name} -j DROP`] } },
      },
    });
  const times = (program: string, commands: readonly Command[]): number =>
    commands.filter(({ argv }) => argv.includes(program)).length;
  const table = (name: string): ReadonlyMap<string, readonly string[]> =>
    fake.kernel.space("lab.a")?.tables.get(name)?.chains ?? new Map<string, string[]>();

  beforeEach(() => reconciler.create(kind("NetworkNamespace"), args("NetworkNamespace", { name: "lab.a" })));

  test("are loaded together, and looked at once", async () => {
    const names = ["a", "b", "c", "d"];
    const groups = names.map((name) => group(name, "INPUT"));
    const ask = jest.spyOn(host, "ask");
    const made = await Promise.all(groups.map((each) => reconciler.create(kind("IptablesRules"), each)));
    expect(made.map(({ state }) => state)).toEqual(groups);
    expect(times("iptables-restore", host.done)).toBe(1);
    expect(times("iptables-save", ask.mock.calls.flat(2))).toBe(1);
    expect([table("nat").get("OUTPUT")?.length, table("filter").get("INPUT")?.length]).toEqual([4, 4]);
  });

  test("and one that is refused is the only one, and leaves nothing", async () => {
    const groups = [group("a", "INPUT"), group("b", "NOWHERE"), group("c", "INPUT")];
    const made = await Promise.allSettled(groups.map((each) => reconciler.create(kind("IptablesRules"), each)));
    expect(made.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((made[1] as PromiseRejectedResult).reason).toMatchObject({
      message: expect.stringContaining("NOWHERE") as string,
    });
    expect(table("nat").has("OWN-b")).toBe(false);
    // Nothing of the first attempt stands there twice.
    expect([table("nat").get("OUTPUT")?.toSorted(), table("filter").get("INPUT")?.toSorted()]).toEqual([
      ["a", "c"].map((name) => `-m comment --comment ${name} -j OWN-${name}`),
      ["a", "c"].map((name) => `-m comment --comment ${name} -j DROP`),
    ]);
  });
});

describe.each(["IptablesRules", "NftablesRules"])("a change of %s that was killed", (name) => {
  const group = (chain: string): Args =>
    args(name, {
      netns: "lab.a",
      name: "web",
      ...(name === "IptablesRules"
        ? { tables: { nat: { chains: { [chain]: ["-j ACCEPT"] } } } }
        : { table: "own", comment: "web's", chains: { base: ["counter"], [chain]: ["accept"] } }),
    });
  const dump = (): string =>
    fake.kernel
      .dump()
      .split("\n")
      .filter((line) => line.startsWith("/run/netns/lab.a "))
      .join("\n");

  beforeEach(async () => {
    await reconciler.create(kind("NetworkNamespace"), args("NetworkNamespace", { name: "lab.a" }));
    await reconciler.create(kind(name), group("alpha"));
    // The note, then the rules.
    host.start({ at: 1, how: "lost behind" });
    await expect(reconciler.update(kind(name), group("beta"), group("alpha"))).rejects.toThrow("lost");
    host.start();
    expect(dump()).toContain("beta");
  });

  test("leaves nothing when it is something else by now", async () => {
    await reconciler.update(kind(name), group("gamma"), group("alpha"));
    expect(dump()).toContain("gamma");
    expect(dump()).not.toMatch(/alpha|beta/);
  });

  test("and the next one too", async () => {
    host.start({ at: 0, how: "lost behind" });
    await expect(reconciler.update(kind(name), group("gamma"), group("alpha"))).rejects.toThrow("lost");
    host.start();
    await reconciler.update(kind(name), group("delta"), group("alpha"));
    expect(dump()).not.toMatch(/alpha|beta|gamma/);
  });

  test("leaves nothing when it is wanted no more", async () => {
    await reconciler.delete(kind(name), group("alpha"));
    expect(dump()).not.toMatch(/alpha|beta/);
  });

  test("is known by what is written down alone", async () => {
    expect(await sweepLeftovers(host, lab, (record) => record.includes("NetworkNamespace"), owner)).toMatchObject({
      left: [],
    });
    expect(dump()).not.toMatch(/alpha|beta/);
  });
});
