// What makes the walk worth believing: the fake host answers as a real kernel did. answers.json was recorded with iproute2 6.1,
// iptables 1.8.9 (nf_tables) and procps 4.0 on Linux 6.18.
import { type Output } from "../../../components/host";
import { FakeHost } from "../host";
import recorded from "./answers.json";
import { readCommands } from "./read";

interface Recorded {
  readonly argv: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Numbers and addresses that a kernel makes up. */
const madeUp = new Set(["ifindex", "link_index", "address"]);

/** What podnet reads of an answer: of JSON, what the fake knows; of text, all but remarks. */
function essence({ code, stdout, stderr }: Omit<Output, "argv">, like: unknown): unknown {
  const said =
    stderr
      .trim()
      .split("\n")[0]
      ?.replace(/^.*\(nf_tables\): /, "")
      // Where in its input, and whether nft or the kernel found out.
      .replace(/^\/dev\/stdin:[\d:-]+ /, "")
      .replace(/Could not process rule: |; did you mean .*/, "") ?? "";
  if (code !== 0) return { code, said };
  if (!stdout.startsWith("["))
    return {
      code,
      lines: stdout
        .split("\n")
        .filter((line) => !line.startsWith("#"))
        .map(counters)
        .sort(),
    };
  return { code, json: only(JSON.parse(stdout), like) };
}

const counters = (line: string): string => line.replace(/\[\d+:\d+\]/, "[0:0]");

/** The parts of a value that another one has too. */
function only(value: unknown, like: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(like))
    return value.filter(isKnown).map((item, i) => only(item, like[i] ?? like[0]));
  if (typeof value !== "object" || value === null || typeof like !== "object" || like === null) return value;
  const entries = Object.entries(value).filter(([key]) => key in like && !madeUp.has(key));
  return Object.fromEntries(entries.map(([key, item]) => [key, only(item, (like as Record<string, unknown>)[key])]));
}

/** The fake has no link-local addresses, and of an interface's flags it only knows UP. */
const isKnown = (item: unknown): boolean =>
  !["NO-CARRIER", "M-DOWN", "LOWER_UP", "MULTICAST", "LOOPBACK", "BROADCAST"].includes(item as string) &&
  (item as { scope?: string; local?: string } | null)?.local?.startsWith("fe80:") !== true;

const commands = readCommands();
// One kernel for the whole list: each command finds what those before it left.
const host = new FakeHost();

test.each((recorded as Recorded[]).map((answer, i) => [answer.argv, answer, i] as const))(
  "%s",
  async (argv, real, i) => {
    const command = commands[i];
    expect(command?.argv.join(" ")).toBe(argv);
    const [fake] = await host.ask(command ? [command] : []);
    const like: unknown = fake?.stdout.startsWith("[{") || fake?.stdout === "[]\n" ? JSON.parse(fake.stdout) : [];
    expect(essence(fake as Output, like)).toEqual(essence(real, like));
  },
);
