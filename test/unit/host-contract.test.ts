// Without a wire: a Host over plain shells of this machine; what a host lacks; what messages show of commands.
import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { type Connection, Host } from "../../components/host";
import { brief } from "../../components/host/argv";
import { loginAdvice, shellAdvice } from "../../components/host/advice";
import { missing, requirements } from "../../components/host/requirements";
import { sshdArguments } from "../../components/host/sshd";
import { runnerContract } from "../support/runner-contract";

/** A connection whose shells are children of the test. */
function shells(): Connection {
  const children: ReturnType<typeof spawn>[] = [];
  return {
    tried: "sh",
    openShell: () => {
      const child = spawn("/bin/sh", { stdio: "pipe" });
      children.push(child);
      child.stdin.on("error", () => undefined);
      const wire = Duplex.from({ writable: child.stdin, readable: child.stdout }).on("error", () => undefined);
      return Promise.resolve(Object.assign(wire, { stderr: child.stderr }));
    },
    close: () => {
      for (const child of children) child.kill("SIGKILL");
      return Promise.resolve();
    },
    onLost: () => undefined,
  };
}

runnerContract(
  "plain sh",
  () => new Host("here", { type: "local" }, { requirements: [], connect: () => Promise.resolve(shells()) }),
);

describe("what a host lacks", () => {
  const fine = { code: 0, stdout: "", stderr: "" };
  const index = (what: RegExp): number => requirements.findIndex((requirement) => what.test(requirement.what));
  const outputs = (change: Record<number, object>) => requirements.map((_, i) => ({ ...fine, ...change[i] }));

  test("nothing", () => {
    expect(missing(outputs({}))).toEqual([]);
  });

  test("programs: by Debian's packages, each once", () => {
    expect(missing(outputs({ [index(/programs/)]: { stdout: "iptables-save\nsysctl\niptables-restore\n" } }))).toEqual([
      "programs iptables-save, sysctl, iptables-restore: apt-get install iptables procps",
    ]);
  });

  test("everything at once; what fails only for the lack of something else is not said", () => {
    const all = Object.fromEntries(
      requirements.map((_, i) => [i, { code: 1, stderr: "Operation not permitted\nand more" }]),
    );
    all[index(/programs/)] = { code: 0, stdout: "perl\n" } as never;
    expect(missing(outputs(all))).toEqual([
      "root: log in as root, or allow sudo without a password (Operation not permitted)",
      "programs perl: apt-get install perl-base",
      "iproute2 that speaks JSON: iproute2 4.14 or newer (Operation not permitted)",
      "bridged packets seen by iptables (/proc/sys/net/bridge): modprobe br_netfilter (Operation not permitted)",
    ]);
  });

  test("a kernel feature: with what the kernel said", () => {
    expect(missing(outputs({ [index(/veth/)]: { code: 2, stderr: "Error: Unknown device type.\n" } }))).toEqual([
      "the kernel's veth pairs and bridges: modprobe -a veth bridge (Error: Unknown device type.)",
    ]);
  });

  test("an answer that did not come counts as missing", () => {
    expect(missing([])).not.toEqual([]);
  });
});

test("a message shows enough of a command, and no more", () => {
  expect(brief({ argv: ["ip", "link", "add", "a b"] })).toBe("ip link add 'a b'");
  const long = brief({ argv: ["cat"], stdin: "line\n".repeat(1000) });
  expect(long.split("\n")).toHaveLength(6);
  expect(long).toContain("(997 more lines)");
  expect(brief({ argv: ["x".repeat(1000)] }).length).toBeLessThan(400);
});

test("an account whose password is locked gets in by PAM only, any other without", () => {
  expect(sshdArguments("/keys", true)).toContain("UsePAM=yes");
  expect(sshdArguments("/keys", false)).toContain("UsePAM=no");
});

test("paths with spaces and percent signs are said as sshd_config(5) wants them", () => {
  const words = sshdArguments("/my 100% folder", false);
  expect(words).toContain('HostKey="/my 100% folder/host_key"');
  expect(words).toContain('AuthorizedKeysFile="/my 100%% folder/authorized_keys"');
});

test("every known failure has an advice", () => {
  for (const said of [
    "connect ECONNREFUSED 192.0.2.1:22",
    "getaddrinfo ENOTFOUND nowhere",
    "connect EHOSTUNREACH 192.0.2.1:22",
    "Connection lost before handshake",
  ])
    expect(loginAdvice(said, "dial", 1000).length).toBeGreaterThan(said.length + 20);
  for (const stage of ["dial", "handshake", "login"] as const)
    expect(loginAdvice("Timed out while waiting for handshake", stage, 20_000)).toMatch(/^gave up after 20 s: ./);
  expect(shellAdvice("sudo: a password is required")).toContain("NOPASSWD");
  expect(shellAdvice("something new")).toBe("something new");
});
