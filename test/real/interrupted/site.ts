/** A machine on which operations get interrupted: what they would break of the real one is its own. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot, pulumiHome } from "../../../scripts/lib/environment";
import { Workshop } from "../commands/workshop";
import { type Snapshot, changesBetween } from "../support/machine";
import type { Point } from "./plan";

const folder = "/run/podnet-test";
const port = 38422;
const roomy = 65_536; // kB
const looksForLeftovers = 6;
const pauseBetweenLooks = 500; // ms
const strike = readFileSync(join(__dirname, "strike.pl"), "utf8");

/** Root has a home without start-up files, which may take locks (pyenv's do) that a killed shell would leave; and what Pulumi notes
 * of its projects is the machine's own. */
const setUp = `
  mkdir -p ${folder}/etc ${folder}/etc.work ${folder}/home /run/sshd
  mount -n -t overlay -o lowerdir=/etc,upperdir=${folder}/etc,workdir=${folder}/etc.work overlay /etc
  sed -i 's,^\\(root:.*\\):[^:]*:[^:]*$,\\1:${folder}/home:/bin/sh,' /etc/passwd
  sed -i 's,^root:[^:]*:,root:*:,' /etc/shadow
  mkdir -p ${pulumiHome()}/workspaces
  mount -n -t tmpfs tmpfs ${pulumiHome()}/workspaces
`;

const listen = `
  for key in host_key key; do ssh-keygen -q -t ed25519 -N '' -f ${folder}/$key; done
  echo "[127.0.0.1]:${port} $(cut -d' ' -f1,2 ${folder}/host_key.pub)" >${folder}/known_hosts
  /usr/sbin/sshd -f /dev/null -p ${port} -o ListenAddress=127.0.0.1 -o HostKey=${folder}/host_key -o PidFile=none \
    -o AuthorizedKeysFile=${folder}/key.pub -o StrictModes=no -o UsePAM=no
`;

const far = {
  ...{ type: "ssh", address: "127.0.0.1", port },
  ...{ privateKeyPath: `${folder}/key`, knownHostsPath: `${folder}/known_hosts` },
};

export type HostType = "local" | "ssh";

export interface Blow {
  /** What was struck. */
  readonly whom?: string;
  /** Otherwise: for how many seconds there was something to strike. */
  readonly life?: number;
}

export class Site {
  private constructor(
    readonly shop: Workshop,
    /** As in a Lab's spec. */
    readonly hosts: object,
    private readonly untouched: Snapshot,
  ) {}

  static async open(type: HostType): Promise<Site> {
    const shop = await Workshop.open();
    await shop.limitState(roomy);
    await shop.machine.sh(`${setUp}${type === "ssh" ? listen : ""}`);
    return new Site(shop, type === "ssh" ? { far } : { local: { type } }, await shop.machine.snapshot());
  }

  /** Strikes the operation that runs, or is about to.
   * @param seconds that it is expected to take
   * @param life how many of them the victim is there, 0 when unknown */
  async strike({ what, fraction, pick }: Point, seconds: number, life: number): Promise<Blow> {
    const words = [what, seconds, life, fraction, pick, this.state, port].map(String);
    const { code, stdout, stderr } = await this.shop.machine.run(["perl", "-e", strike, ...words]);
    if (code > 1 || stderr !== "") throw new Error(`strike ${words.join(" ")}: ${stderr}`);
    return code === 0 ? { whom: stdout.trim() } : { life: Number(stdout) };
  }

  /** There is room for the state again, and it can be written. */
  async mendState(): Promise<void> {
    for (const options of ["bind,rw", `size=${roomy}k`])
      await this.shop.machine.exec(["mount", "-n", "-o", `remount,${options}`, this.state]);
  }

  /** Whether there is a lock of the state. */
  async isLocked(): Promise<boolean> {
    const folders = `${this.state}/.pulumi/locks/organization/podnet/${this.shop.name}`;
    return (await this.shop.machine.sh(`find ${folders} -name '*.json' 2>/dev/null || :`)) !== "";
  }

  /** What is not as it was before the first `up`, and does not go within seconds: who was killed a moment ago may still be ending. */
  async left({ stackStays = false } = {}): Promise<string[]> {
    for (let looks = 1; ; looks++) {
      const all = await this.leftNow(stackStays);
      if (all.length === 0 || looks === looksForLeftovers) return all;
      await sleep(pauseBetweenLooks);
    }
  }

  private async leftNow(stackStays: boolean): Promise<string[]> {
    const { machine, name, temporary } = this.shop;
    const changes = changesBetween(this.untouched, await machine.snapshot());
    const ofRuns = readdirSync(temporary).filter((file) => /^(podnet-run|pulumi-node)/.test(file));
    const folders = ofRuns.map((file) => join(temporary, file));
    if (stackStays) return [...changes, ...folders];
    const state = (await machine.sh(`find ${this.state} -path '*${name}*'`)).split("\n").filter(Boolean);
    const config = join(projectRoot, `Pulumi.${name}.yaml`);
    return [...changes, ...folders, ...state, ...(existsSync(config) ? [config] : [])];
  }

  private get state(): string {
    return join(this.shop.stateFile(), "..");
  }
}
