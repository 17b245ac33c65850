// What the kernel has, whatever podnet says of it.
import type { Machine } from "../support/machine";

/** Lines, each of which starts with what it is about. */
export type Facts = readonly string[];

/** In one go, because there are hundreds of namespaces. Arguments: FOLDER NETNS... */
const look = String.raw`
  folder=$1; shift
  for netns; do
    [ -e /run/netns/$netns ] || continue
    echo "netns $netns $(stat -L -c %i /run/netns/$netns)"
    ip netns exec $netns sh -c '
      about() { echo "about $1"; shift; "$@"; }
      objects() { nft -s list "$@" | sed "s/elements = { //; s/ }$//; s/, */\n/g" | awk "/^\t[a-z]+ / { name = \$2 } /[a-z0-9]/ { print name, \$0 }"; }
      about link ip -o -d link
      about address ip -o addr show scope global
      about route ip -4 route show table all
      about route ip -6 route show table all
      about neighbour ip neigh show nud permanent
      about neighbour ip neigh show nud noarp
      about neighbour ip neigh show proxy
      about iptables iptables-save
      nft list tables | grep -Ewv "raw|mangle|nat|filter" | while read -r table; do
        about nftables objects $table
      done
      about counter nfacct list
      about flow conntrack -L -p udp
      cd /proc/sys/net
      about sysctl grep -rs . ipv4/conf ipv6/conf ipv4/ip_forward ipv4/ip_local_port_range ipv4/ping_group_range bridge
    '
  done
  echo processes
  ps -eo netns=,pid=,args=
  echo files
  find $folder -path '*/.owned' -prune -o -printf 'file %p %y %m %l inode %i\n'
  find $folder -path '*/.owned' -prune -o -type f -exec md5sum {} + | sed 's/^/file /'
`;

/** What the kernel adds by itself. */
const isNoise = (about: string, line: string): boolean =>
  (about === "route" && /^(fe80:|local fe80:|multicast |anycast )/.test(line)) ||
  (about === "neighbour" && /^(ff|22[4-9]|23\d)/.test(line)) ||
  (about === "iptables" && !/^[-:]/.test(line)) ||
  (about === "sysctl" && /stable_secret|\.stat/.test(line));

/** What goes on by itself: clocks, counters, whether there is a carrier, and what a bridge takes over from its ports. */
const atRest = (line: string): string =>
  line.replaceAll(
    /[a-z_]+_timer +[0-9.]+|(?<=^udp +17) \d+|pkts = \d+, bytes = \d+| \[\d+:\d+\]|\bNO-CARRIER,|,LOWER_UP| tso_max_size \d+| (state|qdisc) \S+| linkdown/g,
    "",
  );

/** By namespace, and what lies in a folder under the folder's path. */
export async function factsOf(
  machine: Machine,
  namespaces: readonly string[],
  folder: string,
): Promise<ReadonlyMap<string, Facts>> {
  const text = await machine.exec(["sh", "-c", look, "sh", folder, ...namespaces]);
  const [kernel = "", processes = "", files = ""] = text.split(/^(?:processes|files)\n/m);
  const facts = new Map<string, string[]>(namespaces.map((netns) => [netns, []]));
  const byInode = new Map<string, string>();
  let [netns, about] = ["", ""];
  for (const line of kernel.split("\n")) {
    const [word, name = "", inode = ""] = line.split(" ");
    if (word === "netns") byInode.set(inode, (netns = name));
    else if (word === "about") about = name;
    else if (line !== "" && !isNoise(about, line)) facts.get(netns)?.push(`${about} ${atRest(line)}`);
  }
  for (const line of processes.split("\n")) {
    const [, inode = "", rest] = /^ *(\d+) +(.*)$/.exec(line) ?? [];
    facts.get(byInode.get(inode) ?? "")?.push(`process ${rest}`);
  }
  facts.set(folder, files.split("\n"));
  return new Map([...facts].map(([key, lines]) => [key, lines.sort()]));
}

/** What came (`+`) and what went (`-`); each line counts as often as it is there. */
export function difference(before: Facts, after: Facts): string[] {
  const without = (facts: Facts, others: Facts): Facts => {
    const rest = [...others];
    return facts.filter((line) => !rest.includes(line) || rest.splice(rest.indexOf(line), 1).length === 0);
  };
  return [...without(before, after).map((line) => `- ${line}`), ...without(after, before).map((line) => `+ ${line}`)];
}

/** Leaves out what an object that was made anew has to have otherwise. */
export const regardless = (facts: Facts): Facts =>
  facts
    .map((line) =>
      line
        .replace(/^(link|address) \d+: /, "$1 ")
        .replace(/@if\d+|@\w+:/g, "@")
        .replace(/^process +\d+ /, "process ")
        .replace(/inode \d+/, "")
        .replace(/link-netnsid \d+|link-netns \S+/g, "")
        .replace(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, "<mac>")
        .replace(/\b(designated_port \d+|port_id \S+|port_no \S+)/g, "")
        .replace(/\b[0-9a-f]{4}\.[0-9a-f:]+/g, "<id>"),
    )
    .sort();
