/**
 * The machine that a test's labs run on. By default one of the test's own: a process, mount, network and host name
 * namespace with its own /proc, /sys and /run. So `snapshot` sees all of the machine and nothing else, however busy
 * the real one is; and when the first process of it ends, for whatever reason, the kernel removes the rest.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Seconds until it is killed. */
  readonly limit?: number;
}

/** A program that goes on beside the test. */
export interface Running {
  /** As the machine's processes are numbered. */
  readonly pid: number;
  /** What it has printed so far. */
  output(): string;
  /** Sends a signal and waits until it ends. */
  stop(signal?: string): Promise<string>;
  /** Waits until it ends by itself. */
  readonly ended: Promise<string>;
}

/** What a machine has, by topic; each topic a list of lines. */
export type Snapshot = Readonly<Record<string, readonly string[]>>;

/**
 * The machine's first process: buries all orphans, and ends when the test does, because then its standard input ends.
 * What the real machine has mounted below /run would shine through, so it goes first.
 */
const boot = String.raw`
  read pid rest </proc/self/stat
  for at in $(awk '$5 ~ "^/run/" { print $5 }' /proc/self/mountinfo | sort -r); do umount -l "$at"; done
  mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t tmpfs -o mode=755 tmpfs /run || exit 1
  rmdir /run/mount 2>/dev/null
  ip link set lo up
  echo "$pid"
  exec perl -e '$SIG{CHLD} = "IGNORE"; $0 = "init"; 1 while sysread STDIN, my $text, 1'
`;

export class Machine {
  private constructor(
    private readonly enter: readonly string[],
    private readonly first: ChildProcess | undefined,
  ) {}

  /** A machine of the test's own. */
  static async start(): Promise<Machine> {
    const words = ["--mount", "--net", "--pid", "--uts", "--fork", "--kill-child=KILL", "sh", "-c", boot];
    const first = spawn("unshare", words, { stdio: ["pipe", "pipe", "inherit"] });
    const [pid] = (await Promise.race([once(createInterface(first.stdout), "line"), once(first, "exit")])) as [unknown];
    if (typeof pid !== "string") throw new Error("cannot make a machine: unshare(1) failed; the real ring needs root");
    return new Machine(["nsenter", "-t", pid, "-m", "-n", "-p", "-u", "--"], first);
  }

  /** The machine that the test itself runs on. */
  static real(): Machine {
    return new Machine([], undefined);
  }

  async stop(): Promise<void> {
    if (!this.first || this.first.exitCode !== null || this.first.signalCode !== null) return;
    const ended = once(this.first, "exit");
    this.first.stdin?.end();
    await ended;
  }

  /** Runs a command to its end; a failure is a result. */
  run(argv: readonly string[], options: ExecOptions = {}): Promise<Result> {
    const { env = process.env, cwd = "/", input, limit = 60 } = options;
    const [file = "", ...args] = [...this.enter, "timeout", "-k", "2", `${limit}`, "env", "-C", cwd, ...argv];
    return new Promise((done, failed) => {
      const settings = { env: { ...env, LC_ALL: "C" }, maxBuffer: 1 << 28 };
      const child = execFile(file, args, settings, (error, stdout, stderr) => {
        if (error && typeof error.code !== "number") return failed(new Error(`${argv.join(" ")}: ${error.message}`));
        done({ code: Number(error?.code ?? 0), stdout, stderr });
      });
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input ?? "");
    });
  }

  /** Runs a command that must succeed. */
  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(argv, options);
    if (code !== 0) throw new Error(`exit code ${code} of: ${argv.join(" ")}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Runs a shell script that must succeed. */
  sh(script: string, options: ExecOptions = {}): Promise<string> {
    return this.exec(["sh", "-ec", script], options);
  }

  /** Starts a command and goes on. */
  async start(argv: readonly string[], options: ExecOptions = {}): Promise<Running> {
    const { env = process.env, cwd = "/", limit = 600 } = options;
    const words = ["env", "-C", cwd, "sh", "-c", 'echo "$$"; exec "$@"', "sh", ...argv];
    const [file = "", ...args] = [...this.enter, "timeout", "-k", "2", `${limit}`, ...words];
    const child = spawn(file, args, { env: { ...env, LC_ALL: "C" }, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    const first = new Promise<number>((done, failed) => {
      const hear = (part: string): void => {
        text += part;
        if (text.includes("\n")) done(Number(text.slice(0, text.indexOf("\n"))));
      };
      child.stdout.setEncoding("utf8").on("data", hear);
      child.stderr.setEncoding("utf8").on("data", (part: string) => (text += part));
      child.on("error", failed);
    });
    const output = (): string => text.slice(text.indexOf("\n") + 1);
    const ended = once(child, "close").then(output);
    const pid = await first;
    const stop = async (signal = "INT"): Promise<string> => {
      await this.run(["kill", `-${signal}`, `${pid}`]);
      return ended;
    };
    return { pid, output, stop, ended };
  }

  /** All that podnet could leave behind: what the machine's own network namespace has, and what it keeps outside of any. */
  async snapshot(): Promise<Snapshot> {
    const sections = (await this.exec(["sh", "-c", look], { env: { ...process.env, PODNET_TEST_LOOKS: "1" } }))
      .split("\x1e")
      .slice(1);
    return Object.fromEntries(
      sections.map((section) => {
        const [title = "", ...lines] = section.split("\n").filter((line) => line !== "");
        return [title, lines.sort()];
      }),
    );
  }
}

/** Where two snapshots differ, line by line: `+` came, `-` went. */
export function changesBetween(before: Snapshot, after: Snapshot): string[] {
  return Object.keys({ ...before, ...after }).flatMap((topic) => {
    const [was = [], is = []] = [before[topic], after[topic]];
    const minus = was.filter((line) => !is.includes(line)).map((line) => `- ${topic}: ${line}`);
    const plus = is.filter((line) => !was.includes(line)).map((line) => `+ ${topic}: ${line}`);
    return [...minus, ...plus];
  });
}

/** Prints one section per topic. Counters and clocks are left out, and of the processes those that look. */
const look = String.raw`
  topic() { printf '\036%s\n' "$1"; }
  topic netns; ls /run/netns 2>/dev/null
  topic links; ip -o -d link | sed -E 's/[a-z_]+_timer +[0-9.]+//g'
  topic addresses; ip -o addr | sed -E 's/valid_lft [0-9]+sec +preferred_lft [0-9]+sec//'
  topic routes; ip route show table all; ip -6 route show table all
  topic rules; ip rule; ip -6 rule
  topic neighbours; ip -o neigh show nud permanent; ip -o neigh show proxy
  topic iptables; for t in filter nat mangle raw; do iptables-save -t $t 2>/dev/null | grep '^[-:]' | sed -E "s/ \[[0-9:]+\]//; s/^/$t /"; done
  topic nftables; nft list ruleset 2>/dev/null | sed -E 's/counter packets [0-9]+ bytes [0-9]+//'
  topic sysctls; sysctl -a -r '^net\.' 2>/dev/null | grep -vE 'conntrack_count|fastopen_key|stable_secret|\.stat|tcp_mem|udp_mem'
  topic mounts; awk '{ print $5, $(NF-2), $(NF-1) }' /proc/self/mountinfo
  topic files; for d in /run /etc/netns /var/lib/cni; do [ ! -d $d ] || find $d -printf '%p %y %m %s %l\n' | sed -E 's/^(.* d [0-7]+) .*/\1/'; done
  topic processes
  for p in /proc/[0-9]*; do
    tr '\0' '\n' <$p/environ 2>/dev/null | grep -qx "PODNET_TEST_LOOKS=1" && continue
    words=$(tr '\0' ' ' <$p/cmdline 2>/dev/null) && [ -n "$words" ] && echo "$(basename $p) $words"
  done
  exit 0
`;
