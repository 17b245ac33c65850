// How every command of podnet's reads its command line.
import { Command } from "commander";
import type { PulumiOptions } from "./pulumi";

/** @param name as in `npm run NAME` */
export const command = (name: string, summary: string): Command =>
  new Command(`npm run ${name} --`).description(summary).showHelpAfterError("(--help says what there is)");

export interface LabOptions {
  readonly lab?: string;
  readonly stack?: string;
}

/** The two ways to say which lab is meant. */
export const withLab = (program: Command): Command =>
  program
    .option("--lab <path>", "folder or file of the lab (default: labs/demo)")
    .option("--stack <name>", "the lab's name, instead of its files");

/** Whatever podnet does not know is Pulumi's to know, in front of `--` or behind. */
export const withPulumiOptions = (program: Command): Command =>
  program
    .argument("[pulumi options...]", "passed on to pulumi as they are")
    .allowUnknownOption()
    .usage("[options] [pulumi options]");

export function parsePulumiOptions(program: Command, args: readonly string[]): { lab: LabOptions; rest: string[] } {
  program.parse(args, { from: "user" });
  const rest = program.args.filter((word) => word !== "--");
  const [first] = rest;
  // Pulumi would take it for a template's name, and look for that on the network.
  if (first !== undefined && !first.startsWith("-"))
    throw new Error(
      `"${first}" is no option; say which lab by --lab FOLDER or --stack NAME (and npm takes options for its own without -- before them)`,
    );
  return { lab: program.opts(), rest };
}

/** Whoever asks Pulumi for a display of its own gets all of it. */
export function displayOf(rest: readonly string[]): PulumiOptions["stdio"] {
  return rest.some((word) => /^(--json|--diff|--show-sames|-j)(=|$)/.test(word)) ? "inherit" : "brief";
}
