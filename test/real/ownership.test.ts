// What is not the lab's own is never touched, labs do not see each other, and records that are lost or stale do no harm.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { projectRoot, pulumiEnvironment } from "../../scripts/lib/environment";
import { Lab, type LabObjects } from "./support/lab";
import { Machine, type Snapshot, changesBetween } from "./support/machine";
import { type Operation, operationOf } from "./support/operation";
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

interface Resource {
  readonly type: string;
  readonly inputs?: { readonly owner?: string; readonly name?: string };
}

/** All of the state's, where `state` shows one of each name. */
async function resourcesOf(lab: Lab): Promise<Resource[]> {
  const { stdout } = await lab.pulumi(["stack", "export"]);
  return (JSON.parse(stdout) as { deployment: { resources: Resource[] } }).deployment.resources;
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

describe("another project's lab of the same name", () => {
  /** Another clone of podnet, with a state of its own. */
  async function clone(of: Lab): Promise<(...words: string[]) => Promise<Operation>> {
    const folder = join(of.folder, "clone");
    mkdirSync(join(folder, "state"), { recursive: true });
    for (const part of ["components", "provider", "index.ts", "Pulumi.yaml", "package.json", "tsconfig.json"])
      cpSync(join(projectRoot, part), join(folder, part), { recursive: true });
    symlinkSync(join(projectRoot, "node_modules"), join(folder, "node_modules"));
    const env = {
      ...process.env,
      ...pulumiEnvironment(folder, { ...process.env, PULUMI_BACKEND_URL: `file://${folder}/state` }),
      PULUMI_CONFIG_PASSPHRASE: "",
    };
    const pulumi = async (...words: string[]): Promise<Operation> =>
      operationOf(await machine.run(["pulumi", ...words, "--stack", of.name], { env, cwd: folder, limit: 180 }));
    await pulumi("stack", "init", "--no-select", "--secrets-provider", "passphrase");
    await pulumi("config", "set", "podnet:lab", join(of.folder, "lab"));
    return pulumi;
  }
  const flags = ["--yes", "--skip-preview", "--json"];

  const ownerInState = async (lab: Lab): Promise<string | undefined> =>
    (await resourcesOf(lab)).find(({ type }) => type === "pulumi:providers:podnet")?.inputs?.owner;

  it("is left alone, and named", async () => {
    const lab = await newLab();
    expect((await lab.up()).errors).toEqual([]);
    const pid = await lab.pid("pod1");
    const owner = `${userInfo().username}@${hostname()}:${projectRoot}`;
    expect(await machine.sh(`cat ${lab.run}/.owned/owner`)).toBe(`${owner}\n`);
    expect(await ownerInState(lab)).toBe(owner);

    const other = await clone(lab);
    const { code, errors } = await other("up", ...flags);
    expect(code).not.toBe(0);
    expect(errors.join("\n")).toContain(
      `host "local": the lab "${lab.name}" there is another's. It was made by ${owner}, and this is ` +
        `${userInfo().username}@${hostname()}:${join(lab.folder, "clone")}, with a state of its own.`,
    );
    expect((await other("destroy", ...flags)).code).toBe(0);
    expect(await lab.pid("pod1")).toBe(pid);
    expect(await clientIp(lab, "node1", "10.244.0.2")).toBe("10.244.0.1");
    expect((await lab.preview("--refresh")).changes).toEqual([]);

    // As after that lab was swept and another took its place: nothing of this one is there any more.
    await machine.sh(`echo ann@laptop:/podnet >${lab.run}/.owned/owner`);
    const refused = await lab.destroy();
    expect(refused.code).not.toBe(0);
    expect(refused.errors.join("\n")).toContain("It was made by ann@laptop:/podnet");
    expect(await lab.pid("pod1")).toBe(pid);
    await machine.sh(`echo '${owner}' >${lab.run}/.owned/owner`);
    expect((await lab.destroy()).errors).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  it("is told from a lab that is older than marks, which gets one", async () => {
    const lab = await newLab();
    expect((await lab.up()).errors).toEqual([]);
    const { stdout } = await lab.pulumi(["stack", "export"]);
    const state = join(lab.folder, "old.json");
    writeFileSync(state, stdout.replaceAll(/"owner": "[^"]*",?/g, "").replaceAll(/,(\s*\})/g, "$1"));
    expect((await lab.pulumi(["stack", "import", "--file", state])).code).toBe(0);
    await machine.sh(`rm ${lab.run}/.owned/owner`);
    expect(await ownerInState(lab)).toBeUndefined();
    expect((await lab.preview()).changes).toEqual([]);
    expect((await lab.up()).changes).toEqual([]);
    expect(await ownerInState(lab)).toBeDefined();
    lab.write({ ...small(), pods: { pod1: { node: "node1" }, pod2: { node: "node1" } } });
    expect((await lab.up()).errors).toEqual([]);
    expect(await machine.sh(`cat ${lab.run}/.owned/owner`)).toContain(projectRoot);
    expect((await lab.destroy()).errors).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });
});

describe("records that are lost", () => {
  it("make a destroy fail, which says what to do, and then it succeeds", async () => {
    const lab = await newLab();
    expect((await lab.up()).errors).toEqual([]);
    await machine.sh(`rm -r ${lab.run}`);
    const there = ["pod1", "node1", "router", "switch", "client"].map((who) => lab.netns(who)).sort();
    let destroyed = await lab.destroy();
    const rest = (await resourcesOf(lab)).filter(({ type }) => type === "podnet:linux:NetworkNamespace");
    expect(rest.map(({ inputs }) => inputs?.name).sort()).toEqual(there);
    const removed: string[] = [];
    // What others need is told of when it is its turn.
    for (; destroyed.code !== 0 && removed.length < there.length; destroyed = await lab.destroy()) {
      const said = destroyed.errors.join("\n");
      expect(said).toContain(
        `nothing in ${lab.run}/.owned says any more that lab "${lab.name}" made it, so it stays. If you know that it is the lab's, remove it, then try again:`,
      );
      for (const [, name = ""] of said.matchAll(/^ +ip netns del (\S+)$/gm)) {
        await machine.sh(`ip netns pids ${name} | xargs -r kill -9; ip netns del ${name}`);
        removed.push(name);
      }
    }
    expect(destroyed.code).toBe(0);
    expect(removed.sort()).toEqual(there);
    await machine.sh("umount -n /run/netns; rmdir /run/netns");
    expect(await leftovers()).toEqual([]);
  });
});

describe("processes", () => {
  it("go with their container, their pod and their lab, wherever they went", async () => {
    const leaves = ["sh", "-c", "setsid -f sleep 2001; unshare -n setsid -f sleep 2002; exec sleep 2003"];
    const stays = ["sleep", "2004"];
    const withPod2 = (command: string[]): LabObjects => ({
      nodes: { node1: {} },
      pods: {
        pod1: { node: "node1", containers: [{ name: "app", command: leaves }] },
        pod2: { node: "node1", containers: [{ name: "app", command }] },
      },
    });
    const lab = await newLab(withPod2(leaves));
    expect((await lab.up()).errors).toEqual([]);
    const running = async (pod: string): Promise<string[]> => {
      const find = `for p in $(grep -lzxF -e "$1" /proc/[0-9]*/environ 2>/dev/null); do tr '\\0' ' ' <"\${p%/environ}/cmdline"; echo; done`;
      const mark = `PODNET_PROCESS=${lab.netns(pod)},default/${pod}/app`;
      return (await machine.exec(["sh", "-c", find, "sh", mark]))
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean)
        .sort();
    };
    const all = ["sleep 2001", "sleep 2002", "sleep 2003"];
    expect(await running("pod2")).toEqual(all);
    lab.write(withPod2(stays));
    expect((await lab.up()).errors).toEqual([]);
    expect([await running("pod1"), await running("pod2")]).toEqual([all, ["sleep 2004"]]);
    lab.write(withPod2(leaves));
    expect((await lab.up()).errors).toEqual([]);
    lab.write({
      ...withPod2(leaves),
      pods: { pod1: { node: "node1", containers: [{ name: "app", command: leaves }] } },
    });
    expect((await lab.up()).errors).toEqual([]);
    expect([await running("pod1"), await running("pod2")]).toEqual([all, []]);
    expect((await lab.destroy()).errors).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  it("whose ids are lost are adopted, and go with the lab", async () => {
    const lab = await newLab();
    expect((await lab.up()).errors).toEqual([]);
    const pid = await lab.pid("pod1/web");
    await machine.sh(`for file in ${lab.run}/.owned/netns-*/*.pid; do echo garbage >$file; done`);
    expect((await lab.up("--refresh")).changes).toEqual([]);
    expect(await lab.pid("pod1/web")).toBe(pid);
    expect(await machine.sh(`cat ${lab.run}/.owned/netns-*/*.pid`)).toContain(`${pid}\n`);
    await machine.sh(`rm ${lab.run}/.owned/netns-*/*.pid`);
    expect((await lab.destroy()).errors).toEqual([]);
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

  it("of this project's lab whose state is lost is taken over", async () => {
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
