// What a host must be able to do before anything is built on it. Asked in one round trip; all that is missing is said at once.
// Kernel features are tried for real, inside a network namespace without a name that ends with the test (unshare(1)).
import type { Command } from "./argv";
import type { Output } from "./errors";

export interface Requirement {
  readonly what: string;
  readonly test: Command;
  /** What a person does about it, on that host. */
  readonly mend: string;
  /** Programs whose absence, or "root", makes the test fail for a reason that is said already. */
  readonly after?: readonly string[];
  /** Where the test's output lists what is missing: Debian's package of each. */
  readonly packages?: Readonly<Record<string, string>>;
}

/** The programs that kinds use, and Debian's package of each. */
const packages = {
  ip: "iproute2",
  iptables: "iptables",
  "iptables-save": "iptables",
  "iptables-restore": "iptables",
  sysctl: "procps",
  unshare: "util-linux",
  umount: "mount",
  perl: "perl-base",
  find: "findutils",
  xargs: "findutils",
  grep: "grep",
};

const listMissing = 'for p; do command -v "$p" >/dev/null || echo "$p"; done';

const inScratchNamespace = (script: string): Command => ({ argv: ["unshare", "--net", "sh", "-c", script] });

const masquerade = `*nat
-A POSTROUTING -m comment --comment podnet -m addrtype ! --dst-type LOCAL -j MASQUERADE --random-fully
COMMIT
`;

export const requirements: readonly Requirement[] = [
  {
    what: "root",
    test: { argv: ["sh", "-c", '[ "$(id -u)" = 0 ]'] },
    mend: "log in as root, or allow sudo without a password",
  },
  {
    what: "programs",
    test: { argv: ["sh", "-c", listMissing, "sh", ...Object.keys(packages)] },
    mend: "apt-get install",
    packages,
  },
  {
    what: "a /run that can be written to",
    test: { argv: ["test", "-w", "/run"] },
    mend: "mount -o remount,rw /run",
    after: ["root"],
  },
  {
    what: "iproute2 that speaks JSON",
    test: { argv: ["sh", "-c", "ip -j link show dev lo | grep -q '^\\['"] },
    mend: "iproute2 4.14 or newer",
    after: ["ip", "grep"],
  },
  {
    what: "the kernel's veth pairs and bridges",
    test: inScratchNamespace("ip link add dev veth0 type veth peer name veth1 && ip link add dev br0 type bridge"),
    mend: "modprobe -a veth bridge",
    after: ["root", "ip", "unshare"],
  },
  {
    what: "the kernel's address translation (MASQUERADE --random-fully, addrtype, comment)",
    test: { argv: ["unshare", "--net", "iptables-restore"], stdin: masquerade },
    mend: "modprobe -a nf_nat xt_MASQUERADE xt_addrtype xt_comment, or iptables 1.6.2 or newer",
    after: ["root", "unshare", "iptables-restore"],
  },
  {
    what: "bridged packets seen by iptables (/proc/sys/net/bridge)",
    test: { argv: ["test", "-e", "/proc/sys/net/bridge/bridge-nf-call-iptables"] },
    mend: "modprobe br_netfilter",
  },
];

/**
 * One sentence for each thing the host lacks, with what mends it.
 * @param outputs those of the tests, in order
 */
export function missing(outputs: readonly Output[], needed: readonly Requirement[] = requirements): string[] {
  const said: string[] = [];
  const absent = new Set<string>();
  needed.forEach((requirement, i) => {
    const sentence = lack(requirement, outputs[i] ?? { code: -1, stdout: "", stderr: "" }, absent);
    if (sentence !== undefined) said.push(sentence);
  });
  return said;
}

/** @param absent what is known to be missing; what this test finds is added */
function lack(
  { what, mend, after = [], packages }: Requirement,
  { code, stdout, stderr }: Output,
  absent: Set<string>,
) {
  if (packages) {
    const programs = stdout.split("\n").filter(Boolean);
    for (const program of programs) absent.add(program);
    const toInstall = [...new Set(programs.map((program) => packages[program] ?? program))];
    return programs.length === 0 ? undefined : `${what} ${programs.join(", ")}: ${mend} ${toInstall.join(" ")}`;
  }
  if (code === 0 || after.some((name) => absent.has(name))) return undefined;
  absent.add(what);
  const why = stderr.trim().split("\n")[0];
  return `${what}: ${mend}${why ? ` (${why})` : ""}`;
}
