/** One lab on a machine of its own, interrupted again and again. */
import { basename } from "node:path";
import { previewOf } from "../support/operation";
import type { Random } from "../../fake/random";
import { type Pod, answers, podsOf } from "./look";
import { type Objects, atFirst, changed, yamlOf } from "./objects";
import type { Interruption, Operation, Point } from "./plan";
import { type HostType, Site } from "./site";

/** With what a person works. */
export type Tool = "scripts" | "pulumi";

export interface Struck {
  readonly point: Point;
  readonly tool: Tool;
  /** Whether the state was locked afterwards. */
  readonly locked: boolean;
}

type Addresses = Readonly<Record<string, string>>;

/** What an uninterrupted operation took, and printed. */
interface Course {
  readonly seconds: number;
  readonly lines: number;
}

/** What is known before anything is interrupted. */
export interface Rehearsal {
  readonly courses: Readonly<Record<Operation, Course>>;
  /** Of the lab as it is at first. */
  readonly addresses: Addresses;
}

export class Chain {
  readonly struck: Struck[] = [];
  /** Points that need not be tried again. */
  readonly tried = new Set<Point>();
  /** What the lab's files say. */
  private objects = atFirst;
  private isUp = false;
  /** As the last preview said. */
  private addresses: Addresses;
  /** What happened, for the message of a failed test. */
  private readonly story: string[] = Object.assign([] as string[], {
    push: (...a: string[]): number => {
      require("node:fs").appendFileSync(
        "/tmp/kk/story",
        a.map((x) => `${new Date().toISOString().slice(14, 23)} ${this.site.shop.name} ${x}\n`).join(""),
      );
      return Array.prototype.push.apply(this.story, a);
    },
  }); // TEMPORARY

  private constructor(
    private readonly site: Site,
    private readonly tool: Tool,
    private readonly random: Random,
    private readonly rehearsal: Rehearsal,
  ) {
    this.addresses = rehearsal.addresses;
  }

  static async open(type: HostType, tool: Tool, random: Random, rehearsal: Rehearsal): Promise<Chain> {
    return new Chain(await Site.open(type), tool, random, rehearsal);
  }

  /** Nothing is interrupted here. */
  static async rehearse(random: Random): Promise<Rehearsal> {
    const none = { seconds: 0, lines: 0 };
    const chain = await Chain.open("local", "scripts", random, {
      courses: { up: none, change: none, destroy: none },
      addresses: {},
    });
    try {
      chain.write(atFirst);
      const addresses = (chain.addresses = await chain.preview());
      const up = await chain.complete("up");
      await chain.change();
      const change = await chain.complete("up");
      const destroy = await chain.complete("destroy");
      return { courses: { up, change, destroy }, addresses };
    } finally {
      await chain.close();
    }
  }

  close = (): Promise<void> => this.site.shop.close();

  /** Interrupts at all of these points, and at nothing else. */
  async run(points: readonly Point[]): Promise<void> {
    const { shop } = this.site;
    try {
      if (this.tool === "pulumi") await this.makeStack();
      this.forget();
      const left = { up: [] as Point[], change: [] as Point[], destroy: [] as Point[] };
      for (const point of points) left[point.operation].push(point);
      while (Object.values(left).some((those) => those.length > 0)) {
        const possible = this.isUp ? (["change", "destroy"] as const) : (["up"] as const);
        const some = possible.filter((operation) => left[operation].length > 0);
        const point = some.length > 0 ? left[this.random.pick<Operation>(some)].pop() : undefined;
        if (!point) await this.complete(this.isUp ? "destroy" : "up");
        else {
          this.tried.add(point);
          await this.interrupt(point);
        }
      }
      if (this.isUp) await this.complete("destroy");
    } catch (error) {
      const { message, stack = message } = error as Error;
      this.story.push(`FAULT ${stack.slice(0, 3000)}`); // TEMPORARY
      throw new Error(`lab ${shop.name}, by ${this.tool}:\n  ${this.story.join("\n  ")}\n${stack}`, { cause: error });
    }
  }

  private async interrupt(point: Point): Promise<void> {
    const { operation } = point;
    const before = this.isUp ? await podsOf(this.site.shop) : {};
    if (operation === "change") await this.change();
    if (!(await this.attempt(point))) {
      // It was over too early, and did what it had to do.
      if (operation === "up") await this.complete("destroy");
      if (operation === "destroy") {
        this.forget();
        await this.complete("up");
      }
      return this.interrupt({ ...point, fraction: point.fraction * 0.6 });
    }
    // Mostly what would come next anyhow, and now and then the other. But what was being made when the provider was killed is in no state,
    // so stock Pulumi cannot destroy it: it is written down on the host, for an up, and for the scripts' destroy.
    const isTurned = this.random.chance(operation === "destroy" ? 0.3 : this.tool === "scripts" ? 0.2 : 0);
    if ((operation === "destroy") !== isTurned) return void (await this.complete("destroy"));
    if (operation === "destroy") await this.expectReserved(before);
    await this.complete("up");
    if (operation === "change") this.expectKept(before, await podsOf(this.site.shop));
  }

  /** Pods that stay where they are keep their addresses; for others there is a preview. */
  private async change(): Promise<void> {
    const { pods: before } = this.objects;
    this.write(changed(this.objects, this.random));
    const pods = Object.entries(this.objects.pods);
    const stays = pods.every(([name, node]) => before[name] === node);
    const had = this.addresses;
    this.addresses = stays ? Object.fromEntries(pods.map(([name]) => [name, had[name] ?? ""])) : await this.preview();
  }

  /** @returns whether there was something to interrupt */
  private async attempt(point: Point): Promise<boolean> {
    const { operation, what, by, fraction } = point;
    this.story.push(`${operation} of ${JSON.stringify(this.objects)}; ${what} by ${by} at ${fraction}`);
    const { seconds, lines } = this.rehearsal.courses[operation];
    const running = await this.start(operation, what);
    if (by === "output") await running.printed(fraction * lines);
    const whom = await this.site.strike(by === "output" ? { ...point, fraction: 0 } : point, seconds);
    const { code, text } = await running.ended;
    this.story.push(`  struck: ${whom ?? "nothing"}; ended with ${code}: ${text.trim().slice(-300)}`);
    if (what.endsWith("state")) await this.site.mendState();
    // Whoever had nothing more to write does not mind.
    const isHit = whom !== undefined && !(what.endsWith("state") && code === 0);
    if (isHit) this.struck.push({ point, tool: this.tool, locked: await this.site.isLocked() });
    return isHit;
  }

  /** The next operation does all that is to be done. */
  private async complete(command: "up" | "destroy"): Promise<Course> {
    this.story.push(`${command} of ${JSON.stringify(this.objects)}`);
    const begin = Date.now();
    const text = await this.succeed(command);
    const seconds = (Date.now() - begin) / 1000;
    this.isUp = command === "up";
    if (this.isUp) await this.expectUp();
    else {
      expect(await this.site.left({ stackStays: this.tool === "pulumi" })).toEqual([]);
      this.forget();
    }
    // What comes after Pulumi's summary comes at once.
    return { seconds, lines: text.split(/^Resources:$/m)[0]?.split("\n").length ?? 0 };
  }

  /** Without a lab there is nothing that its pods' addresses follow from. */
  private forget(): void {
    this.isUp = false;
    this.write(atFirst);
    this.addresses = this.rehearsal.addresses;
  }

  /** Every pod has its address and its processes, once, and answers. */
  private async expectUp(): Promise<void> {
    const pods = await podsOf(this.site.shop);
    const found = Object.entries(pods).map(([name, { address, mtu, pids }]) => {
      const processes = Object.entries(pids).map(([mark, those]) => `${mark}: ${those.length}`);
      return [name, { address, mtu, processes: processes.sort() }];
    });
    const { mtu } = this.objects;
    const names = Object.keys(this.objects.pods).sort();
    const wanted = names.map((name) => {
      const processes = [`default/${name}/web: 1`, `default/${name}: 1`].sort();
      return [name, { address: this.addresses[name], mtu, processes }];
    });
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
    const addresses = names.map((name) => pods[name]?.address ?? "");
    for (const from of names) {
      const heard = await answers(this.site.shop, from, addresses);
      if (heard.join() !== names.join())
        this.story.push(
          await this.site.shop.machine.sh(
            `for n in $(ls /run/netns); do echo "== $n"; for w in addr route neigh; do ip -n $n $w; done; ip netns exec $n bridge link; ip netns exec $n bridge fdb; ip netns exec $n iptables-save; ip netns exec $n ss -ltnp; done; ps -ef`,
          ),
        ); // TEMPORARY
      expect({ from, heard }).toEqual({ from, heard: names });
    }
  }

  /** What is still reserved after an interrupted destroy is reserved for who had it. */
  private async expectReserved(before: Readonly<Record<string, Pod>>): Promise<void> {
    const { machine, name: lab } = this.site.shop;
    const files = await machine.sh(`find /run/podnet/${lab} -path '*/kubenet/*' -name '10.*' 2>/dev/null || :`);
    const reserved = files.split("\n").map((file) => basename(file));
    this.addresses = await this.preview();
    for (const [name, { address }] of Object.entries(before))
      if (reserved.includes(address)) expect({ name, address: this.addresses[name] }).toEqual({ name, address });
  }

  /** Pods that the change does not concern live on. */
  private expectKept(before: Readonly<Record<string, Pod>>, after: Readonly<Record<string, Pod>>): void {
    for (const [name, { address, pids }] of Object.entries(before))
      if (after[name]?.address === address) expect({ name, pids: after[name].pids }).toEqual({ name, pids });
  }

  private write(objects: Objects): void {
    this.objects = objects;
    this.site.shop.write(yamlOf(this.site.shop.name, objects, this.site.hosts));
  }

  /** Which address each pod is to have. */
  private async preview(): Promise<Addresses> {
    const { shop } = this.site;
    const words = ["--json", "--show-sames"];
    const text = await (this.tool === "scripts"
      ? shop.succeed("preview", "--lab", shop.lab, ...words)
      : shop.succeed("pulumi", "preview", ...shop.inLab, ...words));
    const prefix = `${shop.name}.default.`;
    return Object.fromEntries(
      previewOf(text).steps.flatMap(({ op, type, inputs }) => {
        const { netns, name, addresses } = inputs as { netns?: string; name?: string; addresses?: string[] };
        if (type !== "Veth" || name !== "eth0" || !netns?.startsWith(prefix) || op.startsWith("delete")) return [];
        return [[netns.slice(prefix.length), addresses?.[0]?.replace(/\/.*/, "") ?? ""]];
      }),
    );
  }

  private async makeStack(): Promise<void> {
    const { shop } = this.site;
    await shop.succeed("pulumi", "stack", "init", shop.name, "--no-select", "--secrets-provider", "passphrase");
    await shop.succeed("pulumi", "config", "set", "podnet:lab", shop.lab, ...shop.inLab);
  }

  /** To its end, as after an interruption. */
  private async succeed(command: "up" | "destroy"): Promise<string> {
    const { shop } = this.site;
    // What the scripts do by themselves.
    if (this.tool === "pulumi") await shop.podnet("pulumi", ["cancel", "--yes", ...shop.inLab]);
    return shop.succeed(...this.words(command, command === "up" ? ["--refresh"] : []));
  }

  private words(command: "up" | "destroy", more: readonly string[] = []): [string, ...string[]] {
    const { lab, name, inLab } = this.site.shop;
    if (this.tool === "pulumi") return ["pulumi", command, "--yes", "--skip-preview", ...inLab, ...more];
    return command === "up" ? ["up", "--lab", lab] : ["destroy", name];
  }

  private async start(operation: Operation, what: Interruption): Promise<Running> {
    const { shop } = this.site;
    const [command, ...args] = this.words(operation === "destroy" ? "destroy" : "up");
    if (what.startsWith("Ctrl-C")) {
      const line = [process.execPath, "scripts/podnet.mjs", command, ...args].join(" ");
      return { ended: shop.terminal(line).then((text) => ({ code: "unknown", text })), printed: async () => undefined };
    }
    if (what.endsWith("state")) {
      const ended = shop.podnet(command, args).then(({ code, stdout, stderr }) => ({ code, text: stdout + stderr }));
      return { ended, printed: async () => undefined };
    }
    const running = await shop.start(command, ...args);
    let isOver = false;
    const ended = running.ended.then((text) => ((isOver = true), { code: "unknown", text }));
    const printed = async (lines: number): Promise<void> => {
      while (!isOver && running.output().split("\n").length < lines) await new Promise((wake) => setTimeout(wake, 5));
    };
    return { ended, printed };
  }
}

interface Running {
  readonly ended: Promise<{ readonly code: number | string; readonly text: string }>;
  /** Waits until it has printed so many lines, or has ended. */
  readonly printed: (lines: number) => Promise<void>;
}
