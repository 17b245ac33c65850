/** With what a person works on a lab: podnet's scripts, or Pulumi alone. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Workshop } from "../commands/workshop";
import { type Preview, previewOf } from "../support/operation";
import { type Interruption, isOfState, isSignal } from "./plan";

export type ToolName = "scripts" | "pulumi";
export type Command = "up" | "destroy";

/** What is about to be interrupted. */
export interface Started {
  /** The exit code only where it is of use. */
  readonly ended: Promise<{ readonly code?: number; readonly text: string }>;
  /** Waits until so many lines are printed, or it has ended. */
  readonly printed: (lines: number) => Promise<void>;
}

export class Tool {
  private constructor(
    readonly name: ToolName,
    private readonly shop: Workshop,
  ) {}

  static async of(name: ToolName, shop: Workshop): Promise<Tool> {
    if (name === "pulumi") {
      await shop.succeed("pulumi", "stack", "init", shop.name, "--no-select", "--secrets-provider", "passphrase");
      await shop.succeed("pulumi", "config", "set", "podnet:lab", shop.lab, ...shop.inLab);
    }
    return new Tool(name, shop);
  }

  /** To its end, as after an interruption. @returns what it printed */
  async succeed(command: Command): Promise<string> {
    // What the scripts do by themselves.
    if (this.name === "pulumi") await this.shop.podnet("pulumi", ["cancel", "--yes", ...this.shop.inLab]);
    const refresh = this.name === "pulumi" && command === "up" ? ["--refresh"] : [];
    return this.shop.succeed(...this.words(command), ...refresh);
  }

  async preview(...more: readonly string[]): Promise<Preview> {
    const { lab, inLab } = this.shop;
    const words: [string, ...string[]] =
      this.name === "pulumi" ? ["pulumi", "preview", ...inLab] : ["preview", "--lab", lab];
    return previewOf(await this.shop.succeed(...words, "--json", "--show-sames", ...more));
  }

  /** @param what is to interrupt it */
  async start(command: Command, what: Interruption): Promise<Started> {
    const { shop } = this;
    const [script, ...args] = this.words(command);
    const printed = async (): Promise<void> => undefined;
    if (isSignal(what)) {
      const line = [process.execPath, "scripts/podnet.mjs", script, ...args].join(" ");
      return { ended: shop.terminal(line).then((text) => ({ text })), printed };
    }
    if (isOfState(what)) {
      const ended = shop.podnet(script, args).then(({ code, stdout, stderr }) => ({ code, text: stdout + stderr }));
      return { ended, printed };
    }
    const running = await shop.start(script, ...args);
    let isOver = false;
    const ended = running.ended.then((text) => ((isOver = true), { text }));
    return {
      ended,
      printed: async (lines) => {
        while (!isOver && running.output().split("\n").length < lines) await sleep(5);
      },
    };
  }

  private words(command: Command): [string, ...string[]] {
    const { lab, name, inLab } = this.shop;
    if (this.name === "pulumi") return ["pulumi", command, "--yes", "--skip-preview", ...inLab];
    return command === "up" ? ["up", "--lab", lab] : ["destroy", name];
  }
}
