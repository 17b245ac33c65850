// What a program can ask a host before it declares anything (Pulumi calls it a function, or Invoke).
import type { Command, Runner } from "../host";
import { type Whose, anotherLab, ownedFolder, ownerMark } from "./owned";

type Answer = (host: Runner, args: Record<string, unknown>, whose: Whose) => Promise<Record<string, unknown>>;

/**
 * Whose the lab is, then a line for each file: its path and its content, in hexadecimal, because a file may hold anything.
 * Files whose path has a component with a leading dot are podnet's own notes; of these the ones about files count.
 */
const list = String.raw`owner=; [ ! -e "$3" ] || IFS= read -r owner <"$3"; printf "%s\n" "$owner"
[ ! -d "$1" ] || {
  find "$1" -name '.*' -prune -o -type f -print0
  [ ! -d "$2" ] || find "$2" -name 'File-*' ! -name '*.new' -type f -print0
} | xargs -0r perl -e '
  $/ = undef;
  for (@ARGV) {
    open(my $file, "<", $_) or next;
    print join(" ", map { unpack "H*", $_ } $_, <$file> // ""), "\n";
  }'`;

/** What was written down of a file when podnet wrote it comes before what it holds now: a change by hand is no wish. */
const getFiles: Answer = async (host, { folder }, whose) => {
  const notes = `${ownedFolder(whose.lab)}/host`;
  const [output] = await host.run([{ argv: ["sh", "-c", list, "sh", String(folder), notes, ownerMark(whose.lab)] }]);
  const [owner, ...lines] = (output?.stdout ?? "").split("\n");
  if (owner && owner !== whose.owner) throw anotherLab(host.name, whose, owner);
  const files: Record<string, string> = {};
  for (const line of lines.filter((line) => line !== "")) {
    const [path = "", text = ""] = line.split(" ").map((hex) => Buffer.from(hex, "hex").toString("utf8"));
    if (!path.startsWith(`${notes}/`)) files[path] ??= text;
    else {
      const { args } = JSON.parse(text) as { args: { path: string; content: string } };
      files[args.path] = args.content;
    }
  }
  return { files };
};

const nftablesTable = `table ip podnet {
  map m { type ipv4_addr . inet_proto . inet_service : verdict; comment "podnet"; }
  chain c { type nat hook postrouting priority srcnat; ip daddr . meta l4proto . th dport vmap @m; masquerade fully-random; }
}
`;

/** Tried for real, in a network namespace without a name that ends with the test (unshare(1)). */
const trials: Readonly<Record<string, Command>> = {
  nfacct: {
    argv: ["unshare", "--net", "sh", "-c", "nfacct add n && iptables -w -A INPUT -m nfacct --nfacct-name n"],
  },
  nftables: { argv: ["unshare", "--net", "nft", "-f", "-"], stdin: nftablesTable },
  conntrack: { argv: ["unshare", "--net", "conntrack", "-L"] },
};

const getFeatures: Answer = async (host) => {
  const outputs = await host.ask(Object.values(trials));
  return Object.fromEntries(Object.keys(trials).map((feature, i) => [feature, outputs[i]?.code === 0]));
};

/** By token; each takes the name of a host in `host`. */
export const functions: Readonly<Record<string, Answer>> = {
  "podnet:linux:getFiles": getFiles,
  "podnet:linux:getFeatures": getFeatures,
};
