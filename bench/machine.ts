// The machine that everything is measured on: a process, mount, network and host name namespace of its own, with its own /proc, /sys
// and /run. What is written into the project goes to memory. So nothing that runs beside it is in the way, and when it ends, however
// it ends, the kernel removes all that it had.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { nodeWithTypeScript, projectRoot } from "../scripts/lib/environment";

/** Where everything of the benchmark's own lies. */
export const folder = "/run/bench";

/** What the real machine has mounted below /run would shine through, so it goes first. Its first process buries all orphans. */
const boot = String.raw`
  project=$1 folder=$2; shift 2
  for at in $(awk '$5 ~ "^/run/" { print $5 }' /proc/self/mountinfo | sort -r); do umount -l "$at"; done
  mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t tmpfs -o mode=755 tmpfs /run || exit 1
  mkdir "$folder" && cd "$folder" && mkdir lab project state tmp upper work || exit 1
  mount --bind "$project" project || exit 1
  mount -t overlay -o "lowerdir=$folder/project,upperdir=$folder/upper,workdir=$folder/work" overlay "$project" || exit 1
  cd "$project" && ip link set lo up || exit 1
  exec perl -e '
    my $child = fork // die "fork: $!\n";
    unless ($child) { exec @ARGV or die "$ARGV[0]: $!\n" }
    while ((my $ended = wait) > 0) { exit($? & 127 ? 1 : $? >> 8) if $ended == $child }
  ' "$@"
`;

/** Runs a program of Node.js's on a machine of its own. What it says on standard error a person sees.
 * @returns its standard output @throws when it fails */
export async function onOwnMachine(file: string, args: readonly string[]): Promise<string> {
  const program = [...nodeWithTypeScript, file, ...args];
  // With this process, even when it is killed, unshare(1) ends, and with that the machine.
  const words = ["--pdeathsig", "KILL", "unshare", "--mount", "--net", "--pid", "--uts", "--fork", "--kill-child=KILL"];
  const child = spawn("setpriv", [...words, "sh", "-c", boot, "sh", projectRoot, folder, ...program], {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stdout: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => stdout.push(text));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0)
    throw new Error(`the benchmark ended with ${signal ?? `exit code ${code}`} (see above); nothing of it is left`);
  return stdout.join("");
}
