// The Pulumi CLI and its language host for Node.js, in the folder where the npm package `pulumi` looks for them.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { availableParallelism, homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { installCLI } from "pulumi/lib/download";
import { pulumiVersion, releaseFolder } from "../lib/environment";
import { findProgram, isExecutable } from "./debian";
import { goFor } from "./go";
import { say, step } from "./progress";
import { run } from "./run";

const programs = ["pulumi", "pulumi-language-nodejs"];

export const isPulumiInstalled = (): boolean =>
  programs.every((name) => isExecutable(join(releaseFolder(), "bin", name)));

export async function installPulumi(): Promise<void> {
  if (isPulumiInstalled()) return;
  const folder = releaseFolder();
  const partial = freshFolderBeside(folder);
  if (!(await download(partial))) await build(join(partial, "bin"));
  await check(partial);
  rmSync(folder, { recursive: true, force: true }); // One without the programs, or it would not have been built.
  renameSync(partial, folder);
}

/** What is unfinished never bears the final name; what a killed run left is removed. */
function freshFolderBeside(folder: string): string {
  const [parent, prefix] = [dirname(folder), `.${basename(folder)}.partial-`];
  mkdirSync(parent, { recursive: true });
  for (const entry of readdirSync(parent)) {
    if (entry.startsWith(prefix)) rmSync(join(parent, entry), { recursive: true, force: true });
  }
  const partial = mkdtempSync(join(parent, prefix));
  chmodSync(partial, 0o755); // as the folders beside it, for all users of a shared PULUMI_HOME
  mkdirSync(join(partial, "bin"));
  return partial;
}

async function check(folder: string): Promise<void> {
  const missing = programs.filter((name) => !isExecutable(join(folder, "bin", name)));
  if (missing.length > 0)
    throw new Error(`Pulumi ${pulumiVersion} came without ${missing.join(", ")} in ${folder}/bin`);
  const version = (await run([join(folder, "bin", "pulumi"), "version"])).trim();
  if (version !== `v${pulumiVersion}`)
    throw new Error(`expected Pulumi v${pulumiVersion}, but ${folder}/bin/pulumi is ${version}`);
}

const answerSeconds = 5;
const downloadSeconds = 900;

/** By the npm package's own means. @returns false when the release cannot be had that way, after saying why */
async function download(folder: string): Promise<boolean> {
  say(`Pulumi ${pulumiVersion} is not in ${releaseFolder()} yet: downloading it ...`);
  try {
    await installCLI(pulumiVersion, folder, {
      fetchText: async (url) => {
        const answer = await fetch(url, { signal: AbortSignal.timeout(answerSeconds * 1000) });
        if (!answer.ok) throw new Error(`HTTP ${answer.status} for ${url}`);
        return answer.text();
      },
      execScript: (script, args) =>
        void execFileSync("/bin/sh", [script, ...args], { stdio: "pipe", timeout: downloadSeconds * 1000 }),
    });
    return true;
  } catch (error) {
    const { message, cause } = error as Error;
    say(`  cannot: ${cause instanceof Error ? `${message} (${cause.message})` : message}`);
    return false;
  }
}

// Each program has a wrapper module, because `go install package@version` refuses modules with replace directives.
const recipes = [
  {
    // The last SDK that holds the language host as a public package. It works with newer CLIs and SDKs.
    name: "pulumi-language-nodejs",
    source: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    cpuMinutes: 1,
    flags: ["-ldflags=-s -w"],
  },
  {
    // Without the C library's user lookup, and without gRPC's traces, which need a web server and templates.
    name: "pulumi",
    source: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    cpuMinutes: 6,
    flags: [
      "-tags=osusergo,grpcnotrace",
      `-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${pulumiVersion}`,
    ],
  },
];

const dyingWithParent = () => [findProgram("setpriv") ?? "setpriv", "--pdeathsig", "KILL"] as const;

async function build(bin: string): Promise<void> {
  const minutes = Math.ceil(recipes.reduce((sum, { cpuMinutes }) => sum + cpuMinutes, 0) / availableParallelism());
  say(`building Pulumi ${pulumiVersion} from its Go modules instead: once per machine, about ${minutes} minutes`);
  for (const { name, source, flags } of recipes) {
    const module = join(__dirname, name);
    const go = await goFor(module);
    let [modules, packages] = [0, 0];
    const count = (line: string) => (line.startsWith("go: downloading") ? modules++ : packages++);
    await step(
      `building ${name}`,
      () =>
        // -v says each package; setpriv ends the build with this process, or two would run after a kill and a new start.
        run(
          [
            ...dyingWithParent(),
            go,
            "build",
            "-v",
            "-trimpath",
            "-buildvcs=false",
            ...flags,
            "-o",
            join(bin, name),
            source,
          ],
          {
            cwd: module,
            env: { HOME: homedir(), GOTOOLCHAIN: "local", GOWORK: "off", GOFLAGS: "-mod=readonly", CGO_ENABLED: "0" },
            onLine: count,
          },
        ),
      () => `${modules} modules fetched, ${packages} packages compiled`,
    );
  }
}
