// docs/benchmarks.md, all of it: what was measured and how, and the numbers of one run.
import { toMarkdown } from "./report";
import type { Results } from "./results";

const introduction = `# Benchmarks

How long podnet takes to build, look at, change and remove labs of pods and labs of Services, and what others take beside it in the same
run. The benchmark writes this page itself, so the numbers are those of one machine, which is described below:

<!-- not run: it takes long, and its numbers are different each time -->

\`\`\`sh
npm run bench -- --write
\`\`\`

\`npm run bench -- --help\` says what can be chosen. For Mininet's column the Debian packages \`mininet\` and \`bridge-utils\` must be there.

## What is compared

Pods are spread evenly over the nodes, and each has one container, podnet's stand-in server. A Service has one port and three endpoints,
which an EndpointSlice names; there are no pods, so that it is the rules that are measured. One endpoint changed is one Service's endpoint
replaced by another.

- **podnet**: \`pulumi\`, called as \`npm run up\`, \`npm run preview\`, \`npm run refresh\` and \`npm run destroy\` call it.
- **Pulumi alone**: the same operations on a program that declares as many resources, with the same parents and properties, and a provider
  that does nothing.
- **kernel alone**: the same namespaces, links, addresses, routes and settings, made by a shell script of \`ip -batch\` as root, and removed by
  \`ip netns del\`. No iptables rules, files or processes.
- **in one go**: the same rules of kube-proxy, as one text for each node, which \`iptables-restore --noflush\` or \`nft -f\` loads; all nodes
  together, one after the other.
- **Mininet**: \`mn --switch lxbr,stp=0 --controller none --topo single,N --test none\`, which makes N hosts on one bridge, each with a
  shell; no nodes, routes or servers. Its \`up\` ends where it says that it stops.

The second \`up\`, the preview and the refresh find nothing to do; each \`up\` looks first at what is there. "podnet adds" is what podnet takes
beyond Pulumi alone, as a part of what Pulumi alone takes: 0.50 means half as much again.

All run in turn at each step, in namespaces of their own, with Pulumi's state in memory. The kernel goes on removing namespaces after whoever
asked for it has returned; that is not in the times, but the next measurement waits for it. Memory is the proportional set size of the
processes: a page that several share counts in parts.

## Where the time goes

Of the processor time of an \`up\` of 1,000 pods, which is 7,286 resources, about a third is the program, nearly all of it Pulumi's SDK for
Node.js: promises, gRPC, protocol buffers, and a quarter of it collecting garbage. Three tenths are Pulumi's engine; a fifth of these goes into the
log that it keeps of each run (\`~/.pulumi/logs\`), which nothing turns off, and a seventh into collecting garbage. A seventh is the plugin, half of
that gRPC and protocol buffers. What is left, about a fifth, is work on the host, and most of that is the kernel's: see "kernel alone".
\`npm run up -- --profiling FILE\` writes profiles of the engine, for \`go tool pprof\`; \`NODE_OPTIONS=--cpu-prof npm run up\` writes those of Node.js.

So Pulumi alone takes longer than Mininet, and podnet cannot be faster than that while each object is a resource of its own, whose preview, drift and
change in place are what it is for. Of what Pulumi offers, podnet uses what helps: the state is written once, at the end, 256 operations are under way at
once, no stack trace is kept for each promise, the program runs in the script's own process, and Node.js has more room for young objects.

`;

export const document = (results: Results): string => `${introduction}${toMarkdown(results)}`;
