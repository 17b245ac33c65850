// A shell of this machine on a pipe: all of SSH but the wire.
import { spawn } from "node:child_process";
import { Duplex, Writable } from "node:stream";
import { Agent } from "../../../components/host/agent";

export interface LocalAgent {
  readonly agent: Agent;
  /** Ends the far side, with all that runs there. */
  kill(): void;
}

export async function openAgent(program = "/bin/sh", args: readonly string[] = []): Promise<LocalAgent> {
  const child = spawn(program, args, { stdio: "pipe", detached: true });
  child.stdin.on("error", () => undefined);
  // As in a channel of SSH, what a far end that has ended says is heard all the same.
  const writable = new Writable({
    write: (bytes, _, done) => void child.stdin.write(bytes, () => done()),
    final: (done) => void child.stdin.end(() => done()),
    destroy: (error, done) => done((child.stdin.destroy(), error)),
  });
  const wire = Duplex.from({ writable, readable: child.stdout }).on("error", () => undefined);
  const agent = await Agent.open(Object.assign(wire, { stderr: child.stderr }), "here", 5000);
  return { agent, kill: () => process.kill(-(child.pid ?? 0), "SIGKILL") };
}
