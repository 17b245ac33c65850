// What is not the lab's own is never touched, labs do not see each other, and whenever anything is killed, nothing is lost:
// the next up completes, the next destroy removes.
import { setTimeout as sleep } from "node:timers/promises";
import { Lab, type LabObjects, demo } from "./support/lab";
import { Machine, type Snapshot, changesBetween } from "./support/machine";
import { clientIp } from "./support/traffic";

jest.setTimeout(300_000);

let machine: Machine;
let before: Snapshot;
const labs: Lab[] = [];

const newLab = async (objects: LabObjects = small()): Promise<Lab> => {
  const lab = await Lab.create(machine, objects);
  labs.push(lab);
  return lab;
};

const small = (): LabObjects => ({ nodes: { node1: {} }, pods: { pod1: { node: "node1" } } });

beforeAll(async () => {
  machine = await Machine.start();
  before = await machine.snapshot();
});

afterAll(async () => {
  await machine?.stop();
  for (const lab of labs) lab.remove();
});

const leftovers = async (): Promise<string[]> => changesBetween(before, await machine.snapshot());

/** A dead Pulumi leaves its lock; the scripts lift it, and by hand it is `pulumi cancel`. */
async function lift(lab: Lab): Promise<void> {
  await lab.pulumi(["cancel", "--yes"]);
}

describe("what is not the lab's own", () => {
  it("stays when a namespace has the name of a pod's, and is named", async () => {
    const lab = await newLab();
    const foreign = lab.netns("pod1");
    await machine.sh(
      `ip netns add ${foreign}; ip -n ${foreign} link add mine type bridge; ip netns exec ${foreign} setsid -f sleep 1000 >/dev/null 2>&1`,
    );
    const look = (): Promise<string> =>
      machine.sh(
        `stat -c %i /run/netns/${foreign}; ip -n ${foreign} -o link | cut -d" " -f2; ip netns pids ${foreign}`,
      );
    const was = await look();
    const up = await lab.up();
    expect(up.code).not.toBe(0);
    expect(up.errors.filter((error) => error.includes(foreign)).join("\n")).toMatch(
      /NetworkNamespace .* is there already, and lab ".*" did not make it/,
    );
    expect(await look()).toBe(was);
    expect((await lab.destroy()).errors).toEqual([]);
    expect(await look()).toBe(was);
    await machine.sh(
      `kill $(ip netns pids ${foreign}); ip netns del ${foreign}; umount -n /run/netns; rmdir /run/netns`,
    );
    expect(await leftovers()).toEqual([]);
  });

  it("stays when a file has the place of a reservation, and is named", async () => {
    const lab = await newLab();
    const folder = `${lab.run}/node1/cni/networks/kubenet`;
    const file = `${folder}/last_reserved_ip.0`;
    await machine.sh(`mkdir -p ${folder}; printf 10.244.0.200 >${file}; chmod 640 ${file}`);
    const look = (): Promise<string> => machine.sh(`stat -c "%i %a" ${file}; cat ${file}`);
    const was = await look();
    const up = await lab.up();
    expect(up.errors.join("\n")).toContain(`File ${file} is there already`);
    expect(await look()).toBe(was);
    expect((await lab.destroy()).errors).toEqual([]);
    expect(await look()).toBe(was);
    await machine.sh(`rm -r /run/podnet`);
    expect(await leftovers()).toEqual([]);
  });
});

describe("two labs side by side", () => {
  it.each([
    { order: "first up, first gone", first: 0 },
    { order: "first up, last gone", first: 1 },
  ])("do not see each other: $order", async ({ first }) => {
    const pair = [await newLab(), await newLab()] as const;
    const ups = await Promise.all(pair.map((lab) => lab.up()));
    expect(ups.flatMap(({ errors }) => errors)).toEqual([]);
    for (const lab of pair) expect(await clientIp(lab, "node1", "10.244.0.2")).toBe("10.244.0.1");
    const [gone, stays] = first === 0 ? pair : [pair[1], pair[0]];
    expect((await gone.destroy()).errors).toEqual([]);
    expect((await machine.snapshot())["netns"]?.filter((name) => name.startsWith(gone.name))).toEqual([]);
    expect(await clientIp(stays, "node1", "10.244.0.2")).toBe("10.244.0.1");
    expect((await stays.preview("--refresh")).changes).toEqual([]);
    expect((await stays.destroy()).errors).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  it("can go at the same time", async () => {
    const pair = [await newLab(), await newLab()];
    for (const operate of ["up", "destroy"] as const)
      expect((await Promise.all(pair.map((lab) => lab[operate]()))).flatMap(({ errors }) => errors)).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });
});

describe("a stale record", () => {
  it("of a lab whose objects are all gone does no harm", async () => {
    const lab = await newLab();
    expect((await lab.up()).errors).toEqual([]);
    // As after somebody cleared everything but podnet's notes.
    await machine.sh(
      `for n in $(ip netns list | cut -d" " -f1); do ip netns pids $n | xargs -r kill -9; ip netns del $n; done`,
    );
    const up = await lab.up("--refresh");
    expect(up.errors).toEqual([]);
    expect(await clientIp(lab, "node1", "10.244.0.2")).toBe("10.244.0.1");
    expect((await lab.destroy()).errors).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  it("of another lab of the same name without a state is taken over", async () => {
    const first = await newLab();
    expect((await first.up()).errors).toEqual([]);
    const pid = await first.pid("pod1");
    const second = await Lab.create(machine, small(), first.name);
    labs.push(second);
    const up = await second.up();
    expect(up.errors).toEqual([]);
    expect(await second.pid("pod1")).toBe(pid);
    expect((await second.destroy()).errors).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  it("says nothing against a destroy after everything is gone", async () => {
    const lab = await newLab();
    expect((await lab.up()).errors).toEqual([]);
    await machine.sh(
      `for n in $(ip netns list | cut -d" " -f1); do ip netns pids $n | xargs -r kill -9; ip netns del $n; done; umount -n /run/netns; rm -r /run/netns /run/podnet`,
    );
    expect((await lab.destroy()).errors).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });
});

describe("killed", () => {
  // A machine each, so that one failure does not look like many.
  beforeEach(async () => {
    await machine.stop();
    machine = await Machine.start();
    before = await machine.snapshot();
  });

  /** Finds a process of this operation; of Pulumi's several there is one of each. */
  const victims = {
    "the plugin": "pulumi-resource-podnet",
    sshd: "^sshd",
  } as const;

  /** @returns whether it was there to be killed */
  async function killDuring(
    lab: Lab,
    operation: "up" | "destroy",
    victim: keyof typeof victims,
    delay: number,
  ): Promise<boolean> {
    const running = await lab.startPulumi([operation, "--yes", "--skip-preview"]);
    await sleep(delay);
    const kill = `pid=$(ps -eo pid=,args= | awk -v what="$1" '{ pid = $1; sub(/^ *[0-9]+ +/, "") } $0 ~ what && !/awk/ { print pid; exit }'); [ -n "$pid" ] && kill -9 "$pid"`;
    const { code } = await machine.run(["sh", "-c", kill, "sh", victims[victim]]);
    await running.ended;
    // podnet's plugin and its sshd end when they notice that their parent is gone; Pulumi's own language host and program
    // never do.
    const orphans = `ps -eo pid=,args= | awk '/pulumi-language-nodejs|cmd.run.index.js/ && !/awk/ { print $1 }' | xargs -r kill -9`;
    const settle = `for i in $(seq 100); do ps -eo args= | grep -v grep | grep -q -e pulumi-resource -e ^sshd || exit 0; sleep 0.1; done; ps -eo pid,args >&2; exit 1`;
    await machine.sh(orphans);
    await machine.sh(settle);
    return code === 0;
  }

  /** Points spread over what an operation takes, at random within their stretch, so that every run tries others. */
  const points = (operation: "up" | "destroy", from: number, to: number) => {
    // Not pulumi itself: killed while it writes its checkpoint, the file backend leaves an empty one.
    const some: (keyof typeof victims)[] = operation === "up" ? ["the plugin", "sshd"] : ["the plugin"];
    const stretch = (to - from) / some.length;
    return some.map((victim, i) => ({ operation, victim, delay: Math.round(from + stretch * (i + Math.random())) }));
  };

  it.each([...points("up", 1200, 4200), ...points("destroy", 500, 1700)])(
    "$victim after $delay ms of $operation: up completes, destroy leaves nothing",
    async ({ operation, victim, delay }) => {
      const lab = await newLab(demo());
      if (operation === "destroy") expect((await lab.up()).errors).toEqual([]);
      await killDuring(lab, operation, victim, delay);
      await lift(lab);
      const up = await lab.up("--refresh");
      expect(up.errors).toEqual([]);
      // An address that was noted as the last one given, but not yet reserved, is passed over.
      const { pods } = await lab.outputs();
      const [from, to] = [pods["default/pod1"]?.ip ?? "", pods["default/pod3"]?.ip ?? ""];
      expect(await clientIp(lab, "pod1", to)).toBe(from);
      expect((await lab.preview("--refresh")).changes).toEqual([]);
      expect((await lab.destroy()).errors).toEqual([]);
      expect(await leftovers()).toEqual([]);
    },
  );
});
