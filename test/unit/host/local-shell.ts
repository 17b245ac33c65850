// A shell of this machine on a pipe: all of SSH but the wire.
import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { Shell } from "../../../components/host/shell";

export interface LocalShell {
  readonly shell: Shell;
  /** Ends the far side, with all that runs there. */
  kill(): void;
}

export async function openShell(program = "/bin/sh", args: readonly string[] = []): Promise<LocalShell> {
  const child = spawn(program, args, { stdio: "pipe", detached: true });
  child.stdin.on("error", () => undefined);
  const wire = Duplex.from({ writable: child.stdin, readable: child.stdout }).on("error", () => undefined);
  const shell = await Shell.open(Object.assign(wire, { stderr: child.stderr }), "here", 5000);
  return { shell, kill: () => process.kill(-(child.pid ?? 0), "SIGKILL") };
}
