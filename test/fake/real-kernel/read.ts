// commands.txt: one command a line; braces hold a word with spaces together, and `<` gives standard input, `|` for a newline.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "../../../components/host";

export function readCommands(): Command[] {
  const lines = readFileSync(join(__dirname, "commands.txt"), "utf8").split("\n");
  return lines.filter((line) => line !== "").map(parse);
}

function parse(line: string): Command {
  const [text = "", stdin] = line.split(" <");
  const words = text.match(/\{[^}]*\}|\S+/g) ?? [];
  // A value may hold a space: sysctl -w name=1 2
  const equals = words.findIndex((word) => /^net\..*=/.test(word));
  const joined = equals < 0 ? words : [...words.slice(0, equals), words.slice(equals).join(" ")];
  const argv = joined.map((word) => word.replaceAll(/[{}]/g, ""));
  return stdin === undefined ? { argv } : { argv, stdin: stdin.replaceAll("|", "\n") };
}
