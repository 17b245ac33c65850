/**
 * A real sshd on loopback, on a machine of its own but for the network: its own mounts and processes, with users that only
 * it knows. When its first process ends, or the test does, the kernel removes everything of it.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A user of the machine. */
export interface User {
  /** @default "/bin/sh" */
  readonly shell?: string;
  /** Becomes root without a password. */
  readonly sudo?: boolean;
  /** Files in the home folder. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface ServerOptions {
  readonly users?: Readonly<Record<string, User>>;
  /** Programs that must be there, or must not. */
  readonly programs?: Readonly<Record<string, boolean>>;
  /** For sshd_config(5). */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Where Debian has what a test may want, by program. */
const packages: Readonly<Record<string, { path: string; name: string }>> = {
  sudo: { path: "/usr/bin/sudo", name: "sudo" },
  tcsh: { path: "/usr/bin/tcsh", name: "tcsh" },
};

const setUp = String.raw`
  folder=$1; shift
  mount -t proc proc /proc && mount -t tmpfs -o mode=755 tmpfs /run && mkdir -m 755 /run/sshd
  mount -t tmpfs -o mode=755 tmpfs /mnt && mount -t tmpfs -o mode=755 tmpfs /home
  # Root's own start-up files may take locks (pyenv's do), which a shell that a test kills would leave.
  mount -t tmpfs -o mode=700 tmpfs /root
  for d in etc usr; do
    mkdir -p "$folder/root/$d" /mnt/$d /mnt/$d.work
    mount -t overlay -o "lowerdir=$folder/root/$d:/$d,upperdir=/mnt/$d,workdir=/mnt/$d.work" overlay /$d
  done
  rm -f /etc/sudoers.d/*
  . "$folder/users.sh"
  /usr/sbin/sshd -D -e -f "$folder/sshd_config" </dev/null >"$folder/log" 2>&1 &
  read pid rest </proc/self/stat
  echo ready
  exec perl -e '$SIG{CHLD} = "IGNORE"; 1 while sysread STDIN, my $text, 1'
`;

export class SshServer {
  private constructor(
    /** Keys, configuration, known_hosts. */
    readonly folder: string,
    readonly port: number,
    private readonly first: ChildProcess,
  ) {}

  static async start({ users = {}, programs = {}, settings = {} }: ServerOptions = {}): Promise<SshServer> {
    const folder = mkdtempSync(join(tmpdir(), "podnet-sshd-"));
    const port = await freePort();
    mkdirSync(join(folder, "root"));
    for (const key of ["host_key", "key", "other_key"]) makeKey(join(folder, key));
    writeFileSync(join(folder, "authorized_keys"), readFileSync(join(folder, "key.pub")), { mode: 0o644 });
    for (const [program, wanted] of Object.entries(programs)) if (wanted) provide(program, join(folder, "root"));
    const gone = Object.entries(programs).filter(([, wanted]) => !wanted);
    const removals = gone.map(([program]) => `rm -f ${packages[program]?.path ?? program}\n`);
    writeFileSync(
      join(folder, "users.sh"),
      ["set -e\n", ...removals, ...Object.entries(users).map(userScript)].join(""),
    );
    const config = {
      ...{ Port: `${port}`, ListenAddress: "127.0.0.1", HostKey: join(folder, "host_key"), PidFile: "none" },
      ...{ AuthorizedKeysFile: join(folder, "authorized_keys"), StrictModes: "no", UsePAM: "no", UseDNS: "no" },
      ...{ PermitRootLogin: "prohibit-password", PasswordAuthentication: "no", KbdInteractiveAuthentication: "no" },
      ...{ LogLevel: "VERBOSE", Subsystem: "sftp internal-sftp", ...settings },
    };
    writeFileSync(
      join(folder, "sshd_config"),
      Object.entries(config)
        .map(([key, value]) => `${key} ${value}\n`)
        .join(""),
    );
    execFileSync("chmod", ["755", folder]); // Other users read their authorized_keys there.
    const words = ["--mount", "--pid", "--fork", "--kill-child=KILL", "sh", "-c", setUp, "sh", folder];
    const first = spawn("unshare", words, { stdio: ["pipe", "pipe", "inherit"] });
    const server = new SshServer(folder, port, first);
    const [line] = (await Promise.race([once(createInterface(first.stdout), "line"), once(first, "exit")])) as [
      unknown,
    ];
    if (line !== "ready") throw new Error(`no machine for sshd: ${server.log()}`);
    await server.listening();
    const [type, key] = readFileSync(join(folder, "host_key.pub"), "utf8").split(" ");
    writeFileSync(join(folder, "known_hosts"), `[127.0.0.1]:${port} ${type} ${key}\n`);
    return server;
  }

  /** A file beside the server's own: `key` opens every account, `other_key` none. */
  path = (name: string): string => join(this.folder, name);

  log(): string {
    return existsSync(this.path("log")) ? readFileSync(this.path("log"), "utf8") : "";
  }

  /** The processes of the server that serve a connection. */
  sessions(): number[] {
    const all = processes();
    const below = (pid: number): number[] =>
      all.filter(({ parent }) => parent === pid).flatMap((p) => [p.pid, ...below(p.pid)]);
    const ours = new Set(below(this.first.pid ?? -1));
    return all.filter(({ pid, command }) => ours.has(pid) && /^sshd: \w/.test(command)).map(({ pid }) => pid);
  }

  /** Runs a shell script on the machine, as root. */
  sh(script: string): string {
    const init = processes().find(({ parent }) => parent === this.first.pid)?.pid;
    return execFileSync("nsenter", ["-t", `${init}`, "-m", "-p", "--", "sh", "-ec", script], {
      encoding: "utf8",
      timeout: 20_000,
    });
  }

  async stop(): Promise<void> {
    if (this.first.exitCode === null && this.first.signalCode === null) {
      const ended = once(this.first, "exit");
      this.first.stdin?.end();
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async listening(): Promise<void> {
    for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((wake) => setTimeout(wake, 20)))
      if (await canConnect(this.port)) return;
    throw new Error(`sshd does not listen: ${this.log()}`);
  }
}

export function makeKey(path: string, passphrase = "", comment = "podnet test"): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", comment, "-f", path]);
}

/** Puts a program of Debian's into a folder, unless the machine has it. Nothing gets installed. */
function provide(program: string, root: string): void {
  const known = packages[program];
  if (!known) throw new Error(`of which package is ${program}?`);
  if (existsSync(known.path)) return;
  const download = mkdtempSync(join(tmpdir(), "podnet-deb-"));
  const apt = (...words: string[]): string =>
    execFileSync("apt-get", ["-q", "-o", "APT::Sandbox::User=root", ...words], {
      cwd: download,
      encoding: "utf8",
      stdio: "pipe",
      timeout: 120_000,
    });
  try {
    try {
      apt("download", known.name);
    } catch {
      apt("update");
      apt("download", known.name);
    }
    for (const file of readdirSync(download)) execFileSync("dpkg", ["-x", join(download, file), root]);
    // On Debian /bin is /usr/bin, which a package of before does not know.
    if (existsSync(join(root, "bin"))) execFileSync("cp", ["-a", join(root, "bin"), join(root, "usr")]);
  } finally {
    rmSync(download, { recursive: true });
  }
}

function userScript([name, { shell = "/bin/sh", sudo = false, files = {} }]: [string, User]): string {
  const rule = sudo ? `echo '${name} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${name}\n` : "";
  const write = Object.entries(files).map(([file, text]) => `cat >/home/${name}/${file} <<'END'\n${text}\nEND\n`);
  return `useradd -m -s ${shell} -p '*' ${name}\n${rule}${write.join("")}`;
}

function processes(): { pid: number; parent: number; command: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
        return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, "utf8") }];
      } catch {
        return []; // It ended while we looked.
      }
    });
}

export function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      done(true);
    });
    socket.on("error", () => done(false));
  });
}
