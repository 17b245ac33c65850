// The machine that was measured on, in words.
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import packageJson from "../package.json";
import { pulumiVersion } from "../scripts/lib/environment";
import { run } from "./command";

export async function describeMachine(): Promise<Record<string, string>> {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    podnet: packageJson.version,
    processors: `${processors.length} x ${processors[0]?.model.trim()}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    "load when it began": `${loadavg()[0]?.toFixed(1)} (processes that ran or waited, over a minute)`,
    kernel: release(),
    distribution: distribution(),
    iproute2: (await run(["ip", "-V"])).stdout.trim().replace(/^ip utility, /, ""),
    "Node.js": process.versions.node,
    Pulumi: pulumiVersion,
  };
}

const distribution = (): string =>
  /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "unknown";
