// What a host must be able to do before anything is built on it. Asked in one round trip; all that is missing is said at once.
// Kernel features are tried for real, inside a network namespace without a name that ends with the test (unshare(1)).
import type { Command } from "./argv";
import type { Output } from "./errors";

interface Requirement {
  readonly what: string;
  readonly test: Command;
  /** What a person does about it, on that host. */
  readonly mend: string;
}

const program = (name: string, debianPackage: string): Requirement => ({
  what: `the program ${name}`,
  test: { argv: ["sh", "-c", `command -v ${name}`] },
  mend: `apt-get install ${debianPackage}`,
});

const inScratchNamespace = (script: string): Command => ({ argv: ["unshare", "--net", "sh", "-c", script] });

const masquerade = `*nat
-A POSTROUTING -m comment --comment podnet -m addrtype ! --dst-type LOCAL -j MASQUERADE --random-fully
COMMIT
`;

const requirements: readonly Requirement[] = [
  { what: "root", test: { argv: ["sh", "-c", '[ "$(id -u)" = 0 ]'] }, mend: "log in as root, or allow sudo without a password" },
  program("ip", "iproute2"),
  program("ss", "iproute2"),
  program("iptables-save", "iptables"),
  program("iptables-restore", "iptables"),
  program("sysctl", "procps"),
  program("unshare", "util-linux"),
  program("setsid", "util-linux"),
  program("perl", "perl-base"),
  {
    what: "the kernel's veth pairs and bridges",
    test: inScratchNamespace("ip link add dev veth0 type veth peer name veth1 && ip link add dev br0 type bridge"),
    mend: "modprobe -a veth bridge",
  },
  {
    what: "the kernel's address translation (MASQUERADE --random-fully, addrtype, comment)",
    test: { argv: ["unshare", "--net", "iptables-restore"], stdin: masquerade },
    mend: "modprobe -a nf_nat xt_MASQUERADE xt_addrtype xt_comment, or iptables 1.6.2 or newer",
  },
  {
    what: "bridged packets seen by iptables (/proc/sys/net/bridge)",
    test: { argv: ["test", "-e", "/proc/sys/net/bridge/bridge-nf-call-iptables"] },
    mend: "modprobe br_netfilter",
  },
];

export const requirementTests: readonly Command[] = requirements.map(({ test }) => test);

/** One sentence for each thing the host lacks. @param outputs those of `requirementTests`, in order */
export function missing(outputs: readonly Output[]): string[] {
  return requirements.flatMap(({ what, mend }, i) => (outputs[i]?.code === 0 ? [] : [`${what}: ${mend}`]));
}
