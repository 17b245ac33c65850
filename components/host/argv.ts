// Commands are data until the last moment; `line` is the only place where they become text.

/** The words of a command, one array item each: never parsed, never joined by a kind. */
export type Argv = readonly string[];

export interface Command {
  readonly argv: Argv;
  /** What the command reads from its standard input, byte for byte; nothing when absent. */
  readonly stdin?: string;
  /** A question that is answered by the exit code, so another code than 0 is no failure. */
  readonly mayFail?: true;
  /** A script in Perl that the far end may run without starting a program: see `perl`. */
  readonly inline?: Inline;
  /** What a person would type for it, where podnet does it in another way. */
  readonly shown?: string;
}

/**
 * Where agent.pl runs a script: `here`, in its own process, what takes no time and leaves nothing of itself there (no other folder or
 * mask, no named subroutine that uses a variable of the script); `alone`, the same for what takes time; in a `fork` everything else.
 */
export type Inline = "here" | "alone" | "fork";

/**
 * A small job of podnet's own, in Perl because every Debian has it (perl-base is essential), and because agent.pl, which is Perl,
 * runs it without starting a program.
 */
export const perl = (
  script: string,
  words: readonly string[],
  { stdin, inline = "fork" }: { stdin?: string; inline?: Inline } = {},
): Command => ({ argv: ["perl", "-e", script, ...words], ...(stdin === undefined ? {} : { stdin }), inline });

/** Quotes one word for a POSIX sh (dash, bash, busybox). NUL cannot be said to any shell. */
export function quote(word: string): string {
  if (word.includes("\0")) throw new Error("a command cannot carry a NUL character");
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** @throws Error for what no program can be told */
export function expectSayable(commands: readonly Command[]): void {
  if (commands.some(({ argv, stdin = "" }) => [...argv, stdin].some((text) => text.includes("\0"))))
    throw new Error("a command cannot carry a NUL character");
}

/** A command as a person would type or paste it. */
export function line(command: Command): string {
  if (command.shown !== undefined) return command.shown;
  const words = command.argv.map(quote).join(" ");
  if (command.stdin === undefined) return words;
  if (command.stdin.includes("\0")) throw new Error("a command cannot carry a NUL character");
  // A here-document always ends with a newline, so other input goes through printf.
  if (!command.stdin.endsWith("\n")) return `printf %s ${quote(command.stdin)} | ${words}`;
  const end = hereDocumentEnd(command.stdin);
  return `${words} <<'${end}'\n${command.stdin}${end}`;
}

function hereDocumentEnd(text: string): string {
  const lines = new Set(text.split("\n"));
  let end = "EOF";
  while (lines.has(end)) end += "F";
  return end;
}

/** A command in a message: its first words and lines, enough to know which it is. */
export function brief(command: Command): string {
  const [first = "", ...rest] = line(command).split("\n");
  const shown = [first.length > 300 ? `${first.slice(0, 300)}...` : first, ...rest.slice(0, 4)];
  return [...shown, ...(rest.length > 4 ? [`... (${rest.length - 4} more lines)`] : [])].join("\n  ");
}
