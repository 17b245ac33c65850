/** A Pulumi program of the test's own, on podnet's library: its folder, its state, and stock `pulumi` to work on it. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stringify } from "yaml";
import { projectRoot, pulumiEnvironment } from "../../../scripts/lib/environment";
import type { Machine, Result } from "./machine";
import { type Operation, type Preview, operationOf, previewOf } from "./operation";

export class Program {
  /** Of its stack. */
  readonly name = `t-${randomBytes(4).toString("hex")}`;
  private readonly folder = mkdtempSync(join(tmpdir(), "podnet-program-"));

  private constructor(private readonly machine: Machine) {}

  /** @param module path of the program's text */
  static async create(machine: Machine, module: string): Promise<Program> {
    const program = new Program(machine);
    const write = (name: string, text: string): void => writeFileSync(join(program.folder, name), text);
    const plugin = { name: "podnet", path: join(projectRoot, "provider") };
    write("Pulumi.yaml", stringify({ name: "program", runtime: "nodejs", plugins: { providers: [plugin] } }));
    write("package.json", "{}");
    write("tsconfig.json", readFileSync(join(projectRoot, "tsconfig.json"), "utf8"));
    write("index.ts", `import ${JSON.stringify(module)};\n`);
    symlinkSync(join(projectRoot, "node_modules"), join(program.folder, "node_modules"));
    mkdirSync(join(program.folder, "state"));
    const { code, stderr } = await program.pulumi(["stack", "init", "--no-select", "--secrets-provider", "passphrase"]);
    if (code !== 0) throw new Error(`pulumi stack init: ${stderr}`);
    return program;
  }

  up = (...flags: string[]): Promise<Operation> => this.operate("up", ...flags);
  refresh = (): Promise<Operation> => this.operate("refresh");

  /** Must succeed. */
  async preview(...flags: string[]): Promise<Preview> {
    const { code, stdout, stderr } = await this.pulumi(["preview", "--json", ...flags]);
    const said = (): string[] => stdout.split("\n").filter((line) => line.includes('"message":'));
    if (code !== 0) throw new Error([`pulumi preview ended with ${code}:`, ...said(), stderr].join("\n"));
    return previewOf(stdout);
  }

  /** Removes what it has on disk; what it has on its machine goes with that. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async operate(command: string, ...flags: string[]): Promise<Operation> {
    return operationOf(await this.pulumi([command, "--yes", "--skip-preview", "--json", ...flags]));
  }

  private pulumi(words: readonly string[]): Promise<Result> {
    const own = { ...process.env, PULUMI_BACKEND_URL: pathToFileURL(join(this.folder, "state")).href };
    // The state is written once per operation, as the scripts have it.
    const set = { PULUMI_CONFIG_PASSPHRASE: "", PULUMI_SKIP_CHECKPOINTS: "true" };
    const env = { ...own, ...pulumiEnvironment(projectRoot, own), ...set };
    const argv = ["pulumi", "-C", this.folder, ...words, "--stack", this.name, "--non-interactive", "--color", "never"];
    return this.machine.run(argv, { env, limit: 170 });
  }
}
