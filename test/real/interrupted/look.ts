/** What a lab's pods have on their machine, and what they are to have. */
import { basename } from "node:path";
import type { Workshop } from "../commands/workshop";
import type { Preview } from "../support/operation";

/** Of each pod, by its name. */
export type Addresses = Readonly<Record<string, string>>;

export interface Pod {
  readonly address: string;
  readonly mtu: number;
  /** Of its processes, by what they are marked with; as many as there are. */
  readonly pids: Readonly<Record<string, readonly number[]>>;
}

interface Link {
  readonly mtu: number;
  readonly addr_info: readonly { readonly local: string }[];
}

/** Every pod that has a namespace, by its name. */
export async function podsOf({ machine, name }: Workshop): Promise<Record<string, Pod>> {
  const prefix = `${name}.default.`;
  const pods = (await machine.sh(`ls /run/netns | grep -F ${prefix} || :`)).split("\n").filter(Boolean);
  const marks = (await machine.exec(["perl", "-e", marksScript, name]))
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" "));
  const look = async (netns: string): Promise<[string, Pod]> => {
    const [link] = JSON.parse(
      await machine.exec(["ip", "-n", netns, "-j", "-4", "addr", "show", "dev", "eth0"]),
    ) as Link[];
    const pids: Record<string, number[]> = {};
    for (const [pid, mark = ""] of marks)
      if (mark.startsWith(`${netns},`)) (pids[mark.slice(netns.length + 1)] ??= []).push(Number(pid));
    const address = link?.addr_info.map(({ local }) => local).join() ?? "";
    return [netns.slice(prefix.length), { address, mtu: link?.mtu ?? 0, pids }];
  };
  return Object.fromEntries(await Promise.all(pods.map(look)));
}

/** One line for each process of the lab: its id, and what it is. */
const marksScript = String.raw`
  for my $file (glob '/proc/[0-9]*/environ') {
    open(my $environ, '<', $file) or next;
    my %set = map { /^(\w+)=(.*)/s ? ($1, $2) : () } split /\0/, <$environ> // '';
    next unless ($set{PODNET_LAB} // '') eq $ARGV[0];
    my ($pid) = $file =~ /(\d+)/;
    print "$pid ", $set{PODNET_PROCESS} // 'nothing', "\n";
  }
`;

/** Who answers on the addresses of all pods, asked in one of them. */
export async function answers(
  { machine, name }: Workshop,
  from: string,
  addresses: readonly string[],
): Promise<string[]> {
  const script = 'for ip; do curl -s -m 5 "http://$ip:8080/hostname"; echo; done';
  const inside = ["ip", "netns", "exec", `${name}.default.${from}`];
  return (await machine.exec([...inside, "sh", "-c", script, "sh", ...addresses])).trim().split("\n");
}

/** The addresses that are reserved on any node. */
export async function reservedIn({ machine, name }: Workshop): Promise<string[]> {
  const files = await machine.sh(`find /run/podnet/${name} -path '*/kubenet/*' -name '10.*' 2>/dev/null || :`);
  return files
    .split("\n")
    .filter(Boolean)
    .map((file) => basename(file));
}

/** Those that a preview shows. */
export function addressesIn({ steps }: Preview, lab: string): Addresses {
  const prefix = `${lab}.default.`;
  return Object.fromEntries(
    steps.flatMap(({ op, type, inputs }) => {
      const { netns, name, addresses } = inputs as { netns?: string; name?: string; addresses?: string[] };
      if (type !== "Veth" || name !== "eth0" || !netns?.startsWith(prefix) || op.startsWith("delete")) return [];
      return [[netns.slice(prefix.length), addresses?.[0]?.replace(/\/.*/, "") ?? ""]];
    }),
  );
}
