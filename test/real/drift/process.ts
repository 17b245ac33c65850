import { type Table, hostIsFixed } from "./row";

const anew = "another process";
const pid = "$(ip netns pids $N | xargs ps -o pid=,sid= -p | awk '$1 == $2 { print $1 }')";

export const process: Table = {
  kind: "Process",
  args: { name: "it", command: ["sleep", "infinity"] },
  properties: {
    host: hostIsFixed,
    netns: "a process goes to another namespace by itself alone (setns(2))",
    name: "the name is podnet's, not the program's",
    command: "of another command there is another process",
    env: "a process starts with its environment, and nobody else can change it",
    ownMounts: "a process leaves its mount namespace by itself alone (unshare(2))",
    listens: "which sockets a program holds is its own; podnet waits for these when it starts it",
  },
  deleted: [
    { drift: "killed", script: `kill -9 ${pid}`, anew },
    { drift: "ended", script: `kill ${pid}`, anew },
    {
      drift: "killed, and what it started lives",
      args: { command: ["sh", "-c", "sleep infinity & wait"] },
      script: `kill -9 ${pid}`,
      anew,
    },
  ],
  replaced: [
    {
      drift: "by another of the same process id",
      script: String.raw`
        pid=${pid}; kill -9 $pid; while [ -e /proc/$pid ]; do :; done
        until [ "$other" = $pid ]; do
          echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid
          ip netns exec $N sleep 1000d >/dev/null 2>&1 & other=$!
          [ $other = $pid ] || kill $other
        done`,
      anew,
      leaves: /1000d/,
    },
  ],
};
