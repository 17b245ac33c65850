// npm run format: writes every file as prettier would have it.
import { command } from "./lib/command";
import { runTool } from "./testing/checks";

export async function main(args: string[]): Promise<void> {
  const program = command("format", "Writes files as prettier would have them.")
    .argument("[files...]", "files or folders; without any, the whole project")
    .parse(args, { from: "user" });
  const files = program.args.length > 0 ? program.args : ["."];
  const { code } = await runTool(["prettier", "--write", "--log-level", "warn", ...files], "inherit");
  process.exitCode = code;
}
