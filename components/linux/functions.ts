// What a program can ask a host before it declares anything (Pulumi calls it a function, or Invoke).
import type { Command, Runner } from "../host";

type Answer = (host: Runner, args: Record<string, unknown>) => Promise<Record<string, unknown>>;

/** Files whose path has a component with a leading dot are podnet's own notes; of these the ones about files count. */
const list = String.raw`[ ! -d "$1" ] || {
  find "$1" -name '.*' -prune -o -type f -print0
  [ ! -d "$2" ] || find "$2" -name 'File-*' ! -name '*.new' -type f -print0
} | xargs -0r perl -0777 -ne 'print "$ARGV\0$_\0"'`;

/** What was written down of a file when podnet wrote it comes before what it holds now: a change by hand is no wish. */
const getFiles: Answer = async (host, { folder }) => {
  const notes = `${String(folder)}/.owned/host`;
  const [output] = await host.run([{ argv: ["sh", "-c", list, "sh", String(folder), notes] }]);
  const words = (output?.stdout ?? "").split("\0");
  const files: Record<string, string> = {};
  for (let i = 0; i + 1 < words.length; i += 2) {
    const [path = "", text = ""] = [words[i], words[i + 1]];
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
