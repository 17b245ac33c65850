// Small jobs on a host that no plain command does: podnet's books, files, processes. Each is a script in Perl, in scripts/.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, line, perl } from "../host";

/** Those that take time, or have named subroutines that use a variable of the script; the others run `here`. */
const others: Readonly<Record<string, "alone" | "fork">> = { "process-wait": "alone", "process-end": "fork" };

const texts = new Map<string, string>();

/** The text of scripts/<name>.pl. */
export function scriptText(name: string): string {
  const text = texts.get(name) ?? readFileSync(join(__dirname, "scripts", `${name}.pl`), "utf8");
  texts.set(name, text);
  return text;
}

/** @param words the script's arguments, as its head describes them */
export const script = (name: string, words: readonly string[], stdin?: string): Command => ({
  ...perl(scriptText(name), words, { stdin, inline: others[name] ?? "here" }),
  shown: line({ argv: ["perl", `${name}.pl`, ...words.filter((word) => !word.includes("\n"))] }),
});
