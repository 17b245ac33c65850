/** One lab on a machine of its own, interrupted again and again. */
import type { Random } from "../../fake/random";
import type { Lane } from "./lanes";
import { type Addresses, type Pod, addressesIn, answers, podsOf, reservedIn } from "./look";
import { type Objects, addressesAtFirst, atFirst, changed, yamlOf } from "./objects";
import { type Operation, type Point, isOfState } from "./plan";
import { type Blow, Site } from "./site";
import { type Command, Tool } from "./tool";

export interface Struck {
  readonly point: Point;
  /** Whether the state was locked afterwards. */
  readonly isLocked: boolean;
}

/** What an uninterrupted operation took, and printed. */
interface Course {
  readonly seconds: number;
  readonly lines: number;
}

export type Courses = Readonly<Record<Operation, Course>>;

const commandOf = (operation: Operation): Command => (operation === "destroy" ? "destroy" : "up");

export class Chain {
  readonly struck: Struck[] = [];
  /** Points that need not be tried again. */
  readonly tried = new Set<Point>();
  /** What the lab's files say. */
  private objects = atFirst;
  private isUp = false;
  private addresses = addressesAtFirst;
  /** The seconds of the last that was not interrupted. */
  private readonly took: Record<Command, number> = { up: 0, destroy: 0 };
  /** What happened, for the message of a failed test. */
  private readonly story: string[] = [];

  private constructor(
    private readonly site: Site,
    private readonly tool: Tool,
    private readonly random: Random,
    private readonly courses: Courses,
  ) {
    this.write(atFirst);
  }

  static async open({ host, tool }: Pick<Lane, "host" | "tool">, random: Random, courses: Courses): Promise<Chain> {
    const site = await Site.open(host);
    return new Chain(site, await Tool.of(tool, site.shop), random, courses);
  }

  /** Nothing is interrupted here. */
  static async rehearse(random: Random): Promise<Courses> {
    const none = { seconds: 0, lines: 0 };
    const unknown = { up: none, change: none, destroy: none };
    const chain = await Chain.open({ host: "local", tool: "scripts" }, random, unknown);
    try {
      const up = await chain.complete("up");
      await chain.change();
      return { up, change: await chain.complete("up"), destroy: await chain.complete("destroy") };
    } finally {
      await chain.close();
    }
  }

  close = (): Promise<void> => this.site.shop.close();

  /** Interrupts at all of these points, and at nothing else. */
  async run(points: readonly Point[]): Promise<void> {
    try {
      const left = { up: [] as Point[], change: [] as Point[], destroy: [] as Point[] };
      for (const point of points) left[point.operation].push(point);
      while (Object.values(left).some((those) => those.length > 0)) {
        const possible: Operation[] = this.isUp ? ["change", "destroy"] : ["up"];
        const some = possible.filter((operation) => left[operation].length > 0);
        const point = some.length > 0 ? left[this.random.pick(some)].pop() : undefined;
        if (!point) await this.complete(this.isUp ? "destroy" : "up");
        else {
          this.tried.add(point);
          await this.interrupt(point);
        }
      }
      if (this.isUp) await this.complete("destroy");
    } catch (error) {
      const { message, stack = message } = error as Error;
      const where = `lab ${this.site.shop.name}, by ${this.tool.name}`;
      throw new Error(`${where}: ${stack}\nWhat happened:\n  ${this.story.join("\n  ")}`, { cause: error });
    }
  }

  /** @param life how many seconds the victim is there, as far as that is known */
  private async interrupt(point: Point, life = 0): Promise<void> {
    const { operation } = point;
    const before = this.isUp ? await podsOf(this.site.shop) : {};
    if (operation === "change") await this.change();
    const missed = await this.attempt(point, life);
    if (missed) {
      // It was over too early, and did what it had to do.
      await this.arrive(commandOf(operation));
      if (operation !== "change") await this.complete(operation === "up" ? "destroy" : "up");
      return this.interrupt({ ...point, fraction: point.fraction * 0.6 }, missed.life);
    }
    // Mostly what would come next anyhow, and now and then the other. But what was being made when the provider was killed is in no
    // state, so stock Pulumi cannot destroy it: it is written down on the host, for an up, and for the scripts' destroy.
    const isTurned = (operation === "destroy" || this.tool.name === "scripts") && this.random.chance(0.2);
    if ((operation === "destroy") !== isTurned) return void (await this.complete("destroy"));
    if (operation === "destroy") await this.expectReserved(before);
    await this.complete("up");
    if (operation === "change") this.expectKept(before, await podsOf(this.site.shop));
    // With one tool is enough for what takes long: the scripts run the same Pulumi.
    if (this.tool.name === "pulumi") expect((await this.tool.preview("--refresh")).changes).toEqual([]);
  }

  /** Pods that stay where they are keep their addresses; for others there is a preview. */
  private async change(): Promise<void> {
    const { pods: before } = this.objects;
    this.write(changed(this.objects, this.random));
    const pods = Object.entries(this.objects.pods);
    const stays = pods.every(([name, node]) => before[name] === node);
    const had = this.addresses;
    this.addresses = stays ? Object.fromEntries(pods.map(([name]) => [name, had[name] ?? ""])) : await this.previewed();
  }

  /** @returns what is known afterwards when there was nothing to interrupt */
  private async attempt(point: Point, life: number): Promise<Blow | undefined> {
    const { operation, what, by, fraction } = point;
    const command = commandOf(operation);
    this.story.push(`${operation} of ${JSON.stringify(this.objects)}; ${what} by ${by} at ${fraction}`);
    const { seconds, lines } = this.courses[operation];
    const started = await this.tool.start(command, what);
    if (by === "output") await started.printed(fraction * lines);
    // Beside other labs it takes longer.
    const expected = Math.max(seconds, this.took[command]);
    const blow = await this.site.strike(by === "output" ? { ...point, fraction: 0 } : point, expected, life);
    const { code, text } = await started.ended;
    this.story.push(`  struck: ${blow.whom ?? "nothing"}; it ended: ${text.trim().slice(-300)}`);
    if (isOfState(what)) await this.site.mendState();
    // Whoever has nothing more to write does not mind.
    if (blow.whom === undefined || code === 0) return blow;
    this.struck.push({ point, isLocked: await this.site.isLocked() });
    return undefined;
  }

  /** Does all that is to be done. */
  private async complete(command: Command): Promise<Course> {
    this.story.push(`${command} of ${JSON.stringify(this.objects)}`);
    const begin = Date.now();
    const text = await this.tool.succeed(command);
    const seconds = (this.took[command] = (Date.now() - begin) / 1000);
    await this.arrive(command);
    // What comes after Pulumi's summary comes at once.
    return { seconds, lines: text.split(/^Resources:$/m)[0]?.split("\n").length ?? 0 };
  }

  /** The lab is what an operation should have made of it. */
  private async arrive(command: Command): Promise<void> {
    this.isUp = command === "up";
    if (this.isUp) return this.expectUp();
    expect(await this.site.left({ stackStays: this.tool.name === "pulumi" })).toEqual([]);
    // Without a lab there is nothing that its pods' addresses follow from.
    this.write(atFirst);
    this.addresses = addressesAtFirst;
  }

  /** Every pod has its address and its processes, once, and answers. */
  private async expectUp(): Promise<void> {
    const { shop } = this.site;
    const { mtu } = this.objects;
    const pods = await podsOf(shop);
    const found = Object.entries(pods).map(([name, pod]) => {
      const processes = Object.entries(pod.pids).map(([mark, those]) => `${mark}: ${those.length}`);
      return [name, { address: pod.address, mtu: pod.mtu, processes: processes.sort() }];
    });
    const names = Object.keys(this.objects.pods).sort();
    const wanted = names.map((name) => {
      const processes = [`default/${name}/web: 1`, `default/${name}: 1`].sort();
      return [name, { address: this.addresses[name], mtu, processes }];
    });
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
    const addresses = names.map((name) => pods[name]?.address ?? "");
    for (const from of names)
      expect({ from, heard: await answers(shop, from, addresses) }).toEqual({ from, heard: names });
  }

  /** What is still reserved after an interrupted destroy is reserved for who had it. */
  private async expectReserved(before: Readonly<Record<string, Pod>>): Promise<void> {
    const reserved = await reservedIn(this.site.shop);
    this.addresses = await this.previewed();
    for (const [name, { address }] of Object.entries(before))
      if (reserved.includes(address)) expect({ name, address: this.addresses[name] }).toEqual({ name, address });
  }

  /** Pods that the change does not concern live on. */
  private expectKept(before: Readonly<Record<string, Pod>>, after: Readonly<Record<string, Pod>>): void {
    for (const [name, { address, pids }] of Object.entries(before))
      if (after[name]?.address === address) expect({ name, pids: after[name].pids }).toEqual({ name, pids });
  }

  private readonly previewed = async (): Promise<Addresses> =>
    addressesIn(await this.tool.preview(), this.site.shop.name);

  private write(objects: Objects): void {
    this.objects = objects;
    this.site.shop.write(yamlOf(this.site.shop.name, objects, this.site.hosts));
  }
}
