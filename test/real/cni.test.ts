// What podnet leaves on a node and in its pods is what the CNI plugins leave there when kubenet calls them (test/record).
import { createHash } from "node:crypto";
import kubenet from "../record/cni/kubenet.json";
import kubenet1400 from "../record/cni/kubenet-mtu-1400.json";
import smallSubnet from "../record/cni/small-subnet.json";
import { differences, observeNamespace, observeReservations } from "../record/observe";
import { Lab, type LabObjects } from "./support/lab";
import { Machine } from "./support/machine";

jest.setTimeout(180_000);

interface Step {
  step: string;
  node?: unknown;
  pod?: unknown;
  reservations?: unknown;
}

const recorded = (record: { steps: unknown }, name: string): Step => {
  const found = (record.steps as Step[]).find(({ step }) => step === name);
  if (!found) throw new Error(`the record has no step "${name}"`);
  return found;
};

let machine: Machine;
const labs: Lab[] = [];

beforeAll(async () => {
  machine = await Machine.start();
});

afterAll(async () => {
  await machine?.stop();
  for (const lab of labs) lab.remove();
});

/** One node whose pods come and go. */
class Node {
  private pods: string[] = [];

  private constructor(
    private readonly lab: Lab,
    private readonly objects: Omit<LabObjects, "pods">,
  ) {}

  static async create(podCIDR: string, spec: Record<string, unknown> = {}): Promise<Node> {
    // What kube-proxy sets on a node is no plugin's.
    const proxy = { iptables: { localhostNodePorts: false } };
    const objects = { spec: { ...spec, proxy }, nodes: { node1: { podCIDR, internalIP: "192.168.0.11" } } };
    const lab = await Lab.create(machine, { ...objects, pods: {} });
    labs.push(lab);
    return new Node(lab, objects);
  }

  /** @returns what Pulumi complains of */
  async change(change: { add?: string[]; remove?: string[] }): Promise<readonly string[]> {
    const before = this.pods;
    this.pods = [...before.filter((pod) => !change.remove?.includes(pod)), ...(change.add ?? [])];
    this.lab.write({
      ...this.objects,
      pods: Object.fromEntries(this.pods.map((pod) => [pod, { containers: [sleeper] }])),
    });
    const { errors } = await this.lab.up();
    if (errors.length > 0) this.pods = before;
    return errors;
  }

  node = async (): Promise<unknown> => {
    const peers = Object.fromEntries(this.pods.map((pod) => [pod, this.lab.netns(pod)]));
    return observeNamespace(this.lab.netns("node1"), { exec: this.run, peers });
  };

  pod = async (pod: string): Promise<unknown> => observeNamespace(this.lab.netns(pod), { exec: this.run });

  reservations = async (): Promise<unknown> => {
    const all = Array.from({ length: 9 }, (_, i) => `pod${i + 1}`);
    const id = (pod: string): string => createHash("sha256").update(`${this.lab.name}/default/${pod}`).digest("hex");
    const ids = Object.fromEntries(all.map((pod) => [pod, id(pod)]));
    return observeReservations(`${this.lab.run}/node1/cni/networks/kubenet`, ids, this.run);
  };

  destroy = async (): Promise<void> => expect((await this.lab.destroy()).errors).toEqual([]);

  private readonly run = (argv: readonly string[]): Promise<string> => machine.exec(argv);
}

/** Nothing that shows from outside. */
const sleeper = { name: "sleep", command: ["sleep", "infinity"] };

async function expectAsRecorded(node: Node, step: Step, pod?: string): Promise<void> {
  const [reservations, onNode, inPod] = await Promise.all([
    node.reservations(),
    step.node && node.node(),
    step.pod && pod && node.pod(pod),
  ]);
  expect(differences(step.reservations, reservations)).toEqual([]);
  if (onNode) expect(differences(step.node, onNode)).toEqual([]);
  if (inPod) expect(differences(step.pod, inPod)).toEqual([]);
}

describe("a kubenet node", () => {
  let node: Node;
  beforeAll(async () => {
    node = await Node.create("10.244.0.0/24");
  });

  it.each(["pod1", "pod2", "pod3"])("is as the plugins leave it when %s has come", async (pod) => {
    expect(await node.change({ add: [pod] })).toEqual([]);
    await expectAsRecorded(node, recorded(kubenet, `ADD ${pod}`), pod);
  });

  it("is as the plugins leave it when pod2 has gone", async () => {
    expect(await node.change({ remove: ["pod2"] })).toEqual([]);
    await expectAsRecorded(node, recorded(kubenet, "DEL pod2"));
  });

  it("gives the next pod the next address, not the free one", async () => {
    expect(await node.change({ add: ["pod4"] })).toEqual([]);
    await expectAsRecorded(node, recorded(kubenet, "ADD pod4"), "pod4");
    await node.destroy();
  });
});

describe("a kubenet node on a network with an MTU of 1400", () => {
  it("is as the plugins leave it", async () => {
    const node = await Node.create("10.244.0.0/24", { mtu: 1400 });
    for (const pod of ["pod1", "pod2"]) {
      expect(await node.change({ add: [pod] })).toEqual([]);
      await expectAsRecorded(node, recorded(kubenet1400, `ADD ${pod}`), pod);
    }
    await node.destroy();
  });
});

describe("a podCIDR of five addresses", () => {
  let node: Node;
  beforeAll(async () => {
    node = await Node.create("10.244.0.0/29");
  });

  const expectStep = (step: string): Promise<void> => expectAsRecorded(node, recorded(smallSubnet, step));
  const full = [expect.stringMatching(/6 pods, .* podCIDRs have addresses for 5/)];

  it("takes five pods", async () => {
    expect(await node.change({ add: ["pod1", "pod2", "pod3", "pod4", "pod5"] })).toEqual([]);
    await expectStep("ADD pod5");
  });

  it("refuses a sixth, and stays as it is", async () => {
    expect(await node.change({ add: ["pod6"] })).toEqual(full);
    expect(differences(recorded(smallSubnet, "ADD pod6").reservations, await node.reservations())).toEqual([]);
  });

  it.each(["pod2", "pod4"])("lets %s go", async (pod) => {
    expect(await node.change({ remove: [pod] })).toEqual([]);
    await expectStep(`DEL ${pod}`);
  });

  it.each(["pod7", "pod8"])("begins again from the front for %s", async (pod) => {
    expect(await node.change({ add: [pod] })).toEqual([]);
    await expectStep(`ADD ${pod}`);
  });

  it("is full again", async () => {
    expect(await node.change({ add: ["pod9"] })).toEqual(full);
    expect(differences(recorded(smallSubnet, "ADD pod9").reservations, await node.reservations())).toEqual([]);
    await node.destroy();
  });
});
