// npm run lint: types, lint rules, imports, format, dead code.
import { command } from "./lib/command";
import { runChecks } from "./testing/checks";
import { conclude } from "./testing/count";

export async function main(args: string[]): Promise<void> {
  command("lint", "Checks the code without running it: types, lint rules, who imports whom, format, dead code.").parse(
    args,
    { from: "user" },
  );
  conclude(await runChecks());
}
