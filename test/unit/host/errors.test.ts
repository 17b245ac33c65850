// Only a typed "not found" means gone: everything else that a program may say must not be taken for it.
import { CommandFailed, saysNotFound } from "../../../components/host";
import recorded from "../../fake/real-kernel/answers.json";

const failed = (stderr: string, code = 1) => ({ code, stdout: "", stderr });

test.each([
  'Device "cbr0" does not exist.\n',
  'Cannot find device "cbr0"\n',
  'Cannot open network namespace "lab.a": No such file or directory\n',
  'setting the network namespace "lab.a" failed: Invalid argument\n',
  "Error: ipv4: FIB table does not exist.\nDump terminated\n",
  "Error: ipv6: FIB table does not exist.\nDump terminated\n",
  "sysctl: cannot stat /proc/sys/net/ipv4/nosuch: No such file or directory\n",
])("gone: %j", (stderr) => expect(saysNotFound(failed(stderr))).toBe(true));

test.each([
  ["a program is missing in the namespace", 'exec of "iptables" failed: No such file or directory\n'],
  ["a program is missing", "sh: 1: ip: not found\n"],
  ["a script is missing", "sh: 0: cannot open /x: No such file or directory\n"],
  ["the words stand in a name", 'Device "does not exist." is busy\n'],
  ["a namespace lets nobody in", 'setting the network namespace "x" failed: Operation not permitted\n'],
  ["the words stand behind the first line", 'Error: something else\nCannot find device "eth0"\n'],
  ["the words stand in our own command", 'Error: argument "Device does not exist" is wrong: unknown\n'],
  ["a device is missing of which something else was said", 'Error: argument "cbr0" is wrong: Device does not exist\n'],
  ["the kernel misses something, and not what was asked for", "RTNETLINK answers: No such file or directory\n"],
  ["the kernel misses a process", "RTNETLINK answers: No such process\n"],
  ["no right to enter", 'Cannot open network namespace "x": Permission denied\n'],
  ["a chain is missing", "iptables: No chain/target/match by that name.\n"],
  ["a rule is missing", "iptables: Bad rule (does a matching rule exist in that chain?).\n"],
  ["nothing was said", ""],
  ["no memory", "sh: 1: Cannot fork\n"],
])("unknown, because %s", (_why, stderr) => expect(saysNotFound(failed(stderr))).toBe(false));

test("a success is never gone, whatever it says", () => {
  expect(saysNotFound({ code: 0, stdout: "", stderr: 'Cannot find device "x"\n' })).toBe(false);
});

/** Of all that a real kernel refused, these say that what was asked for is not there. */
test("what a real kernel said", () => {
  const gone = recorded.filter(({ code, stdout, stderr }) => saysNotFound({ code: code ?? -1, stdout, stderr }));
  expect([...new Set(gone.map(({ stderr }) => stderr.split("\n")[0]))]).toEqual([
    'Cannot open network namespace "kt-none": No such file or directory',
    'Device "cbr0" does not exist.',
    'Device "v1" does not exist.',
    "Error: ipv4: FIB table does not exist.",
    "Error: ipv6: FIB table does not exist.",
    'Cannot find device "nosuch"',
    "sysctl: cannot stat /proc/sys/net/ipv4/nosuch: No such file or directory",
    "sysctl: cannot stat /proc/sys/net/ipv4/conf/nosuch/arp_notify: No such file or directory",
    'Device "port1" does not exist.',
    "Error: No such file or directory",
  ]);
});

test("a failure tells where, what was said, the code and the command", () => {
  const error = new CommandFailed(
    "node",
    { argv: ["ip", "link", "add", "a b"] },
    2,
    "RTNETLINK answers: File exists\n",
  );
  expect(error.name).toBe("CommandFailed");
  expect(error.message).toBe(`on host "node": RTNETLINK answers: File exists\n  exit code 2 of: ip link add 'a b'`);
  expect(new CommandFailed("node", { argv: ["false"] }, 1, "").message).toBe(
    `on host "node": exit code 1\n  exit code 1 of: false`,
  );
});

test("a full disk: what to do", () => {
  const error = new CommandFailed(
    "vm",
    { argv: ["cp", "a", "b"] },
    1,
    "cp: error writing 'b': No space left on device\n",
  );
  expect(error.message).toMatch(
    /^on host "vm": cp: .*No space left on device\n {2}its disk is full: df -h .*\n {2}exit code 1 of: cp a b$/,
  );
});
