// What really runs of a lab, read from a host and not from the state.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Runner } from "../../components/host";

export interface RunningProcess {
  readonly pid: number;
  readonly netns: string;
  readonly command: string;
}

/** A process that should run, as podnet wrote it down. */
export interface DeclaredProcess {
  /** 0 when it has ended, or was never started. */
  readonly pid: number;
  readonly netns: string;
  readonly name: string;
  readonly command: readonly string[];
}

export interface Facts {
  /** Names of the namespaces that are there. */
  readonly netns: ReadonlySet<string>;
  readonly processes: readonly RunningProcess[];
  readonly declared: readonly DeclaredProcess[];
}

const script = readFileSync(join(__dirname, "observe.pl"), "utf8");

/** @param netns names of the namespaces to look for */
export async function observe(host: Runner, lab: string, netns: readonly string[]): Promise<Facts> {
  const [output] = await host.run([{ argv: ["perl", "-", lab, ...netns], stdin: script }]);
  const lines = (output?.stdout ?? "").split("\n").map((line) => line.split(" "));
  const of = (fact: string): string[][] => lines.filter(([first]) => first === fact).map(([, ...rest]) => rest);
  return {
    netns: new Set(of("netns").map(([name = ""]) => name)),
    processes: of("process").map(([pid, netns = "", command]) => {
      return { pid: Number(pid), netns, command: text(command) };
    }),
    declared: of("record").map(([pid, record]) => {
      const { args } = JSON.parse(text(record)) as { args: { netns: string; name: string; command: string[] } };
      return { pid: Number(pid), ...args };
    }),
  };
}

const text = (hex = ""): string => (hex === "-" ? "" : Buffer.from(hex, "hex").toString("utf8"));
