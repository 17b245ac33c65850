// A stack of a Pulumi project, and the operations on it: with the words and in the environment of `npm run up`, `npm run preview`, ...
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { nodeWithTypeScript, projectRoot, pulumiEnvironment } from "../scripts/lib/environment";
import { run } from "./command";
import { folder } from "./machine";
import type { Step } from "./results";

const quiet = ["--suppress-outputs", "--suppress-progress"];
const up = ["up", "--yes", "--skip-preview", "--refresh", ...quiet];
// A step that finds something to do where nothing is would measure something else.
const unchanged = "--expect-no-changes";

const words: Readonly<Record<Step, readonly string[]>> = {
  up,
  "second up": [...up, unchanged],
  preview: ["preview", unchanged],
  refresh: ["refresh", "--yes", "--skip-preview", ...quiet, unchanged],
  "one pod added": up,
  "one endpoint changed": up,
  destroy: ["destroy", "--yes", "--skip-preview", ...quiet],
};

const bare: readonly string[] = ["pulumi"];

/** Pulumi as podnet's scripts start it: they run the program themselves, with Node.js's options of package.json. */
export const withProgram = [
  ...nodeWithTypeScript,
  "--max-semi-space-size=64",
  join(projectRoot, "bench", "with-program.ts"),
];

/** A resource of the state. */
export interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly parent?: string;
  readonly deletedWith?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export class Stack {
  private constructor(
    /** Where Pulumi.yaml is. */
    private readonly project: string,
    private readonly name: string,
    /** What starts Pulumi where the program is to run. */
    private readonly starter: readonly string[],
  ) {}

  static async create(
    project: string,
    name: string,
    config: Readonly<Record<string, string>>,
    starter: readonly string[] = bare,
  ): Promise<Stack> {
    const stack = new Stack(project, name, starter);
    await stack.pulumi(["stack", "init", "--no-select", "--secrets-provider", "passphrase"]);
    for (const [key, value] of Object.entries(config)) await stack.pulumi(["config", "set", key, value]);
    return stack;
  }

  /** @returns the seconds that it took */
  async do(step: Step): Promise<number> {
    const [command = ""] = words[step];
    const starter = ["up", "preview"].includes(command) ? this.starter : bare;
    return (await this.pulumi(words[step], { PULUMI_SKIP_CHECKPOINTS: "true" }, starter)).seconds;
  }

  async resources(): Promise<Resource[]> {
    const { stdout } = await this.pulumi(["stack", "export"]);
    return (JSON.parse(stdout) as { deployment: { resources?: Resource[] } }).deployment.resources ?? [];
  }

  async remove(): Promise<void> {
    await this.pulumi(["stack", "rm", "--yes", "--remove-backups"]);
  }

  private pulumi(argv: readonly string[], env: Readonly<Record<string, string>> = {}, starter = bare) {
    const own = { ...process.env, PULUMI_BACKEND_URL: pathToFileURL(join(folder, "state")).href };
    return run([...starter, ...argv, "--stack", this.name, "--non-interactive", "--color", "never"], {
      cwd: this.project,
      env: {
        ...own,
        ...pulumiEnvironment(projectRoot, own),
        PULUMI_CONFIG_PASSPHRASE: "",
        TMPDIR: join(folder, "tmp"),
        ...env,
      },
    });
  }
}
