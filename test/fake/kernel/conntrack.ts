// conntrack(8): the UDP flows of a namespace. No packets make them here, so somebody does (`conntrack -I`).
import type { Output } from "../../../components/host";
import { refuse, said, unknownCommand } from "./answer";
import type { Space } from "./kernel";

const shown = (flow: ReadonlyMap<string, string>): string => {
  const [to, port, server, from] = ["orig-dst", "orig-port-dst", "reply-src", "reply-port-src"].map((key) =>
    flow.get(key),
  );
  return `udp      17 29 src=192.0.2.9 dst=${to} sport=4000 dport=${port} src=${server} dst=192.0.2.9 sport=${from} dport=4000 mark=0 use=1\n`;
};

export function conntrack(space: Space, [, verb, ...words]: readonly string[]): Output {
  const given = new Map(
    words.flatMap((word, i) => (word.startsWith("--") ? [[word.slice(2), words[i + 1] ?? ""]] : [])),
  );
  const isMeant = (flow: ReadonlyMap<string, string>): boolean =>
    [...given].every(([key, value]) => flow.get(key) === value);
  if (verb === "-L") return said(space.flows.map(shown).join(""));
  if (verb === "-I") space.flows.push(given);
  else if (verb !== "-D") return unknownCommand(["conntrack", verb ?? ""]);
  else if (!space.flows.some(isMeant))
    return refuse(1, "conntrack v1.4.7 (conntrack-tools): 0 flow entries have been deleted.");
  else space.flows = space.flows.filter((flow) => !isMeant(flow));
  return said();
}
