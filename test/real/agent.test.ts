// What runs at the far end of a channel, on a network of its own: what it does instead of programs is what they do, in their words,
// and commands that share one ip(8) go as if each had its own.
import type { Command, Output } from "../../components/host";
import { type LocalAgent, openAgent } from "../unit/host/local-agent";

let local: LocalAgent;
beforeAll(async () => {
  const boot = "mount -t tmpfs tmpfs /run && mkdir /run/netns /run/x && ip netns add a && ip netns add b && exec sh";
  local = await openAgent("unshare", ["--mount", "--net", "sh", "-ec", boot]);
});
afterAll(() => local.kill());

const limit = 20_000;
const words = (line: string): Command => ({ argv: line.split(" ") });
const runAll = (jobs: readonly (string | Command)[][], keepGoing = false): Promise<Output[][]> =>
  Promise.all(
    local.agent.runAll(
      jobs.map((lines) => lines.map((line) => (typeof line === "string" ? words(line) : line))),
      limit,
      keepGoing,
    ),
  );
/** By the programs themselves. */
const real = async (line: string): Promise<Output> => {
  const [output] = await local.agent.run([{ argv: ["sh", "-c", 'exec "$@"', "sh", ...line.split(" ")] }], limit);
  return output as Output;
};
const sh = async (script: string): Promise<string> => {
  const [output] = await local.agent.run([{ argv: ["sh", "-c", script] }], limit);
  return `${output?.stdout}${output?.stderr}`;
};

test.each([
  ["rm -f /run/x/file", "touch /run/x/file"],
  ["rm -f /run/x/none /run/x/file", "touch /run/x/file"],
  ["rm -f /run/x/file/none", "touch /run/x/file"],
  ["rm -f /run/x/folder", "mkdir /run/x/folder"],
  ["rm -df /run/x/folder", "mkdir /run/x/folder"],
  ["rm -df /run/x/folder /run/x/file", "mkdir -p /run/x/folder/full; touch /run/x/file"],
  ["rm -df /run/x/link", "mkdir /run/x/folder; ln -s folder /run/x/link"],
  ["rm -f /run/x/full/file", "mkdir /run/x/full; touch /run/x/full/file; mount -t tmpfs -o ro tmpfs /run/x/full"],
  ["ip netns del gone", ":"],
  ["ip netns del c", "ip netns add c"],
  ["ip netns del c", "touch /run/netns/c"],
  ["ip netns del c", "mkdir /run/netns/c"],
  ["ip link set dev lo up", "ip link set lo down"],
  ["ip link set dev lo down", "ip link set lo up"],
  ["ip link set dev gone up", ":"],
  ["ip -n a link set dev lo up", "ip -n a link set lo down"],
  ["ip -n a link set dev gone up", ":"],
  ["ip -n gone link set dev lo up", ":"],
  ["ip -n gone link show", ":"],
  ["ip -n a -j link show dev lo", ":"],
  ["sysctl net/ipv4/ip_forward net.ipv4.conf.lo.rp_filter net.ipv4.none", ":"],
  ["ip netns exec a sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.none=1", ":"],
])("%s, behind: %s", async (line, before) => {
  const state =
    "find /run -type d -o -print | sort; ip -br link; ip -n a -br link; ip netns; sysctl net.ipv4.ip_forward; ip netns exec a sysctl net.ipv4.ip_forward";
  const clear =
    "umount /run/x/full 2>/dev/null; rm -rf /run/x/*; ip netns del c 2>/dev/null; rm -rf /run/netns/c; ip link set lo down; ip -n a link set lo down; ip netns exec a sysctl -qw net.ipv4.ip_forward=0";
  const afterwards = async (run: () => Promise<Output | undefined>): Promise<unknown> => {
    await sh(`${clear}; ${before}`);
    const { code = -1, stdout, stderr } = (await run()) ?? {};
    // The codes of failures are the programs' own.
    return { failed: code !== 0, stdout, stderr, state: await sh(state) };
  };
  const mine = await afterwards(async () => (await local.agent.run([words(line)], limit))[0]);
  expect(mine).toEqual(await afterwards(() => real(line)));
});

const codes = (outputs: readonly Output[][]): number[][] => outputs.map((job) => job.map(({ code }) => code));

describe("jobs go side by side,", () => {
  beforeEach(() => sh("for n in d0 d1 d2 d3; do ip link del $n; ip -n a link del $n; done"));
  const add = (name: string): string => `ip link add dev ${name} type bridge`;
  const show = (name: string): string => `ip -j -d addr show dev ${name}`;

  test("each with its own answers", async () => {
    const names = ["d0", "d1", "d2", "d3"];
    const jobs = names.map((name, i) => [add(name), `ip addr add 10.0.${i}.1/24 dev ${name}`, show(name)]);
    const outputs = await runAll(jobs);
    expect(codes(outputs)).toEqual(names.map(() => [0, 0, 0]));
    outputs.forEach((job, i) => {
      const [link] = JSON.parse(job[2]?.stdout ?? "") as [{ ifname: string; addr_info: { local: string }[] }];
      expect([link.ifname, link.addr_info[0]?.local]).toEqual([`d${i}`, `10.0.${i}.1`]);
      expect(job.slice(0, 2).map(({ stdout, stderr }) => stdout + stderr)).toEqual(["", ""]);
    });
  });

  test("and one that fails ends there, and no other", async () => {
    await sh(`${add("d1")}; ip link set d1 mtu 1300`);
    const outputs = await runAll([
      [add("d0"), "ip link set dev d0 mtu 1400", show("d0")],
      [add("d1"), "ip link set dev d1 mtu 1400", show("d1")],
      [show("d3"), add("d3")],
      [add("d2"), show("d2"), "ip link set dev d2 mtu 99999999", show("d2")],
      ["ip -n gone link set dev lo mtu 1400", add("d3")],
    ]);
    expect(codes(outputs)).toEqual([[0, 0, 0], [expect.any(Number)], [1], [0, 0, expect.any(Number)], [1]]);
    expect(outputs[1]?.[0]).toMatchObject({ stdout: "", stderr: expect.stringContaining("File exists") as string });
    expect(outputs[2]?.[0]).toMatchObject({ stdout: "", stderr: 'Device "d3" does not exist.\n' });
    expect(outputs[4]?.[0]?.stderr).toContain('Cannot open network namespace "gone"');
    expect(await sh("cd /sys/class/net; ip -br link | grep -c '^d'; ip -j link show d1 | grep -c '\"mtu\":1300'")).toBe(
      "3\n1\n",
    );
  });

  test("in several namespaces at once, and in those that they make", async () => {
    const names = ["m0", "m1", "m2"];
    const set = (name: string): Command => ({
      argv: ["ip", "netns", "exec", name, "sysctl", "-q", "-w", "net.ipv4.ping_group_range=1 7"],
    });
    const jobs = names.map((name) => [
      `ip netns add ${name}`,
      set(name),
      `ip -n ${name} link set dev lo up`,
      `ip -n ${name} link add dev d0 type bridge`,
      `ip netns exec ${name} sysctl -n net.ipv4.ping_group_range`,
      `ip -n ${name} -j -d addr show dev lo`,
      show("d0"),
    ]);
    const outputs = await runAll(jobs);
    // The last look is in the network that the agent is in, where there is no d0.
    expect(codes(outputs)).toEqual(names.map(() => [0, 0, 0, 0, 0, 0, 1]));
    expect(outputs.map((job) => [job[4]?.stdout, job[5]?.stdout.includes('"UP"')])).toEqual(
      names.map(() => ["1\t7\n", true]),
    );
    expect(await sh("stat -L -c %i /proc/self/ns/net /run/netns/m? | sort -u | wc -l")).toBe("4\n");
    expect(await sh("for n in m0 m1 m2; do ip -n $n -br link | grep -c d0; ip netns del $n; done")).toBe("1\n1\n1\n");
  });
});

test("questions that go together have the answers that each has alone", async () => {
  await sh("ip -n a link add d0 type bridge; ip -n a addr add 10.1.0.1/24 dev d0; ip -n a link set d0 up");
  const lines = [
    "ip -n a -j -d addr show dev d0",
    "ip -n a -j -d addr show dev gone",
    "ip -n b -j -d addr show dev lo",
    "ip -n a -j -d route show table main exact 10.1.0.0/24",
    "ip -n a -j -d route show table main exact 0.0.0.0/0",
    "ip -n b -j -d addr show dev lo",
    "ip -n gone -j -d addr show dev lo",
    "ip -n gone -j -d addr show dev d0",
    "ip -n a -j neigh show proxy dev d0",
    "ip -n a -j neigh show nud all to 10.1.0.2 dev d0",
    "sysctl net.ipv4.ip_forward",
    "ip -n a -j -d addr show dev d0",
  ];
  const together = await runAll(
    lines.map((line) => [line]),
    true,
  );
  const alone: Output[][] = [];
  for (const line of lines) alone.push(...(await runAll([[line]], true)));
  // Time goes on.
  const steady = (outputs: Output[][]): string[] =>
    outputs.map((job) => JSON.stringify(job).replace(/_(life_time|timer)\\":[\d.]+/g, ""));
  expect(steady(together)).toEqual(steady(alone));
});
