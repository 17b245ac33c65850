// A Go that is new enough to build the Pulumi CLI with.
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, installPackages, isExecutable, whyNotInstallable } from "./debian";
import { step } from "./progress";
import { run } from "./run";

const goPaths = ["/usr/local/go/bin/go", "/usr/lib/go/bin/go"];

/** The `go` program to build a module with. @param module a folder with go.mod */
export async function goFor(module: string): Promise<string> {
  const wanted = wantedVersion(readFileSync(join(module, "go.mod"), "utf8"));
  const go = findGo() ?? (await installGo(wanted));
  // `local`: the version of this very program, not of one that its settings make it switch to.
  const version = (await run([go, "env", "GOVERSION"], { cwd: "/", env: { GOTOOLCHAIN: "local" } })).trim();
  return isAtLeast(version, wanted) ? go : fetchGo(go, wanted);
}

const findGo = () => findProgram("go") ?? goPaths.find(isExecutable);

export function wantedVersion(goMod: string): string {
  const version = /^go (\d+\.\d+(?:\.\d+)?)$/m.exec(goMod)?.[1];
  if (!version) throw new Error("go.mod has no line `go VERSION`");
  return version;
}

/** @param version as `go env GOVERSION` says it, for instance go1.25.11 */
export function isAtLeast(version: string, wanted: string): boolean {
  const numbers = (text: string) => (/\d+(?:\.\d+)*/.exec(text)?.[0] ?? "0").split(".").map(Number);
  const [has, needs] = [numbers(version), numbers(wanted)];
  const first = needs.findIndex((n, i) => n !== (has[i] ?? 0));
  return first < 0 || (has[first] ?? 0) > (needs[first] ?? 0);
}

async function installGo(wanted: string): Promise<string> {
  const why = whyNotInstallable();
  if (!why) await installPackages(["golang-go"]);
  const go = findGo();
  if (go) return go;
  throw new Error(
    `building the Pulumi CLI needs Go ${wanted} or newer, there is no go on the PATH${why ? `, and ${why}` : ""}. ` +
      "Install Go, or Pulumi's own release into the folder named above.",
  );
}

/** Go's releases are served as versions of a module as well (https://go.dev/doc/toolchain). Go 1.21 and newer can switch to one
 * by themselves; an older one, Debian 12's 1.19 for instance, can at least fetch it, checked against the checksum database.
 * A module's files are neither executable nor hold another go.mod, so what Go itself mends after such a download is mended here. */
async function fetchGo(go: string, wanted: string): Promise<string> {
  return step(`getting Go ${wanted}, for ${go} is older`, async () => {
    const arch = { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? process.arch;
    const module = `golang.org/toolchain@v0.0.1-go${wanted}.linux-${arch}`;
    const answer = await run([go, "mod", "download", "-json", module], {
      cwd: "/",
      env: { GOTOOLCHAIN: "local", GOFLAGS: "" },
    });
    const { Dir: root } = JSON.parse(answer) as { Dir: string };
    const tools = join(root, "pkg", "tool", `linux_${arch}`);
    for (const tool of readdirSync(tools)) chmodSync(join(tools, tool), 0o755);
    if (!existsSync(join(root, "src", "go.mod"))) {
      chmodSync(join(root, "src"), 0o755);
      copyFileSync(join(root, "src", "_go.mod"), join(root, "src", "go.mod"));
    }
    const fetched = join(root, "bin", "go");
    chmodSync(fetched, 0o755);
    return fetched;
  });
}
