// All kinds, in an order in which they can be made; the other way round they can be removed.
import { bridgeKind } from "./bridge";
import { udpFlowsKind } from "./conntrack";
import { fileKind } from "./file";
import { iptablesChainsKind } from "./iptables-chains";
import { iptablesRuleKind } from "./iptables-rule";
import { iptablesRulesKind } from "./iptables-rules";
import type { Kind } from "./kind";
import { neighbourKind } from "./neighbour";
import { netnsKind } from "./netns";
import { nfacctCounterKind } from "./nfacct";
import { nftablesRulesKind } from "./nftables-rules";
import { processKind } from "./process";
import { routeKind } from "./route";
import { sysctlKind } from "./sysctl";
import { vethKind } from "./veth";

export const kinds: readonly Kind[] = [
  fileKind,
  netnsKind,
  sysctlKind,
  bridgeKind,
  vethKind,
  neighbourKind,
  routeKind,
  nfacctCounterKind,
  iptablesChainsKind,
  iptablesRuleKind,
  iptablesRulesKind,
  nftablesRulesKind,
  udpFlowsKind,
  processKind,
];

export function kindOf(token: string): Kind {
  const kind = kinds.find((kind) => kind.token === token);
  if (!kind) throw new Error(`${token} is no kind that podnet knows: ${kinds.map(({ token }) => token).join(", ")}`);
  return kind;
}
