// npm run --silent env: what a shell needs so that `pulumi` typed by hand works as the scripts do, with the same state.
//   eval "$(npm run --silent env)"
import { command } from "./lib/command";
import { pulumiEnvironment, toolFolders } from "./lib/environment";
import { ensureToolchain } from "./toolchain/toolchain";

/** As a word of POSIX sh. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export function exportLines(environment: Readonly<Record<string, string>>, folders: readonly string[]): string[] {
  // The shell's own PATH, for that of this process has npm's additions.
  const path = [...folders.map(quote), '"$PATH"'].join(":");
  const rest = Object.entries(environment).filter(([name]) => name !== "PATH");
  return [`export PATH=${path}`, ...rest.map(([name, value]) => `export ${name}=${quote(value)}`)];
}

const summary = `Prints what a shell needs for \`pulumi\` typed by hand: eval "$(npm run --silent env)"`;

export async function main(args: string[]): Promise<void> {
  command("env", summary).parse(args, { from: "user" });
  await ensureToolchain();
  for (const line of exportLines(pulumiEnvironment(), toolFolders())) console.log(line);
}
