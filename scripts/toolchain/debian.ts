// The programs that the `local` host needs, from Debian's packages. Judged by the program and not by the package, so that
// a machine of any distribution that has the programs is fine as it is.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run";
import { say, step } from "./progress";

const programsOf: Readonly<Record<string, readonly string[]>> = {
  iproute2: ["ip", "bridge", "ss", "tc"],
  iptables: ["iptables", "iptables-save", "iptables-restore"],
  "openssh-client": ["ssh", "ssh-keygen"],
  "openssh-server": ["sshd"],
  procps: ["ps", "sysctl"],
  "util-linux": ["flock", "nsenter", "setpriv", "setsid", "unshare"],
  kmod: ["modprobe"],
  "perl-base": ["perl"],
  "iputils-ping": ["ping"],
  tcpdump: ["tcpdump"],
  conntrack: ["conntrack"],
  curl: ["curl"],
};

// A user's PATH often lacks the folders of root's programs.
const folders = () => [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"].filter(Boolean);

export function findProgram(name: string, where = folders()): string | undefined {
  return where.map((folder) => join(folder, name)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The missing programs by package. */
export function missingPackages(find: (program: string) => unknown = findProgram): Map<string, string[]> {
  const missing = Object.entries(programsOf).map(
    ([name, programs]) => [name, programs.filter((p) => !find(p))] as const,
  );
  return new Map(missing.filter(([, programs]) => programs.length > 0));
}

export async function installMissingPackages(): Promise<void> {
  const missing = missingPackages();
  if (missing.size === 0) return;
  const packages = [...missing.keys()];
  refuseUnlessInstallable(missing);
  if (missing.has("openssh-server")) keepSshdDown();
  await installPackages(packages);
  const left = missingPackages();
  if (left.size > 0) throw new Error(`installed ${packages.join(", ")}, but still missing:\n${describe(left)}`);
}

function refuseUnlessInstallable(missing: Map<string, string[]>): void {
  const why = whyNotInstallable();
  if (!why) return;
  throw new Error(
    `programs that the local host needs are missing, and ${why}:\n${describe(missing)}\n` +
      `Install them, on Debian or Ubuntu with: sudo apt-get install --no-install-recommends ${[...missing.keys()].join(" ")}`,
  );
}

export function whyNotInstallable(): string | undefined {
  if (!findProgram("apt-get")) return "this machine has no apt-get to install them with";
  if (process.getuid?.() !== 0) return "only root can install them";
  return undefined;
}

const describe = (missing: Map<string, string[]>) =>
  [...missing].map(([name, programs]) => `  ${programs.join(", ")} (package ${name})`).join("\n");

/** `podnet` starts sshd itself, one process per connection. The package starts a listening server when it is installed, under
 * systemd and without; it does not while this file exists (README.Debian of openssh-server; both the init script and the
 * units ssh.service and ssh.socket look for it). Written before the install, so no moment is left in which it listens. */
function keepSshdDown(folder = "/etc/ssh"): void {
  const file = join(folder, "sshd_not_to_be_run");
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    file,
    "Written by podnet's setup, which needs the program sshd but no server. Delete this file to run one.\n",
  );
  say(`wrote ${file}: sshd gets installed, no SSH server gets started`);
}

export async function installPackages(packages: readonly string[]): Promise<void> {
  await step(`installing Debian's packages ${packages.join(", ")}`, async () => {
    await finishInterruptedInstall();
    const install = () => apt("install", "--no-install-recommends", ...packages);
    // The lists may be missing or outdated; they are fetched when that shows.
    await install().catch(async () => {
      await apt("update");
      await install();
    });
  });
}

/** dpkg installs nothing while the journal of a killed run lies there (dpkg(1), --configure -a). */
async function finishInterruptedInstall(journal = "/var/lib/dpkg/updates"): Promise<void> {
  if (existsSync(journal) && readdirSync(journal).length > 0)
    await run(["dpkg", "--configure", "-a"], { env: quietly });
}

const quietly = { DEBIAN_FRONTEND: "noninteractive" };
const lockSeconds = 600; // Another apt-get may run, for instance that of a killed setup.

const apt = (verb: string, ...args: string[]) =>
  run(["apt-get", "-y", "-q", "-o", `DPkg::Lock::Timeout=${lockSeconds}`, verb, ...args], { env: quietly });
