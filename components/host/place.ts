import type { Argv } from "./argv";

/** Where a kernel object lives: without `netns`, in the host's own network namespace. */
export interface Place {
  readonly host: string;
  readonly netns?: string;
}

/** The programs of iproute2 that enter a network namespace by themselves (`-n`, ip(8)). */
const entersByItself = new Set(["ip", "bridge", "tc"]);

/** The same words, said from outside: a kind never needs to know in which namespace it lives. */
export function within(netns: string | undefined, argv: Argv): Argv {
  if (netns === undefined) return argv;
  const [program, ...rest] = argv;
  if (program !== undefined && entersByItself.has(program)) return [program, "-n", netns, ...rest];
  return ["ip", "netns", "exec", netns, ...argv];
}
