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
    .argument("[name]", "the lab's name, in front of Pulumi's options (default: that of labs/demo)")
    .argument("[pulumi options...]", "passed on to pulumi as they are")
    .allowUnknownOption()
    .usage("[options] [name] [pulumi options]");

export interface PulumiCommandLine {
  readonly lab: LabOptions;
  readonly name: string | undefined;
  readonly rest: readonly string[];
}

export function parsePulumiOptions(program: Command, args: readonly string[]): PulumiCommandLine {
  program.parse(args, { from: "user" });
  const words = program.args.filter((word) => word !== "--");
  const hasName = words[0]?.startsWith("-") === false;
  const rest = hasName ? words.slice(1) : words;
  // Pulumi would take it for a template's name, and look for that on the network. Behind an option it may be that one's value.
  if (rest[0]?.startsWith("-") === false)
    throw new Error(
      `"${rest[0]}" is no option, and lab "${words[0]}" is named already; name one lab, and Pulumi's options behind it`,
    );
  return { lab: program.opts(), name: hasName ? words[0] : undefined, rest };
}

/** Whoever asks Pulumi for a display of its own gets all of it. */
export function displayOf(rest: readonly string[]): PulumiOptions["stdio"] {
  return rest.some((word) => /^(--json|--diff|--show-sames|-j)(=|$)/.test(word)) ? "inherit" : "brief";
}
