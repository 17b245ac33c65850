// The rules' floor: all of kube-proxy's rules of a node as one text, which iptables-restore(8) or nft(8) takes in one go. The rules
// are podnet's own, out of its state.
import { type IptablesRules, iptablesText, nftablesText } from "../components/kubernetes/proxy";
import type { Resource } from "./pulumi";
import type { Mode } from "./results";

export interface Rules {
  /** Where they are for. */
  readonly netns: string;
  readonly text: string;
  /** Counters that have to be there before (nfacct(8)). */
  readonly counters: readonly string[];
}

export const loaders: Readonly<Record<Mode, string>> = {
  iptables: "iptables-restore --noflush",
  nftables: "nft -f -",
};

const kinds: Readonly<Record<Mode, string>> = {
  iptables: "podnet:linux:IptablesRules",
  nftables: "podnet:linux:NftablesRules",
};

export function rulesByNode(state: readonly Resource[], mode: Mode): Rules[] {
  const found = (type: string): Readonly<Record<string, unknown>>[] =>
    state.filter((resource) => resource.type === type).map(({ inputs = {} }) => inputs);
  const groups = found(kinds[mode]);
  const counters = found("podnet:linux:NfacctCounter");
  return [...new Set(groups.map(({ netns }) => String(netns)))].map((netns) => {
    const own = groups.filter((group) => group["netns"] === netns);
    return {
      netns,
      text: mode === "iptables" ? iptablesText(own.map(({ tables }) => tables as IptablesRules)) : nftablesText(own),
      counters: counters.filter((counter) => counter["netns"] === netns).map(({ name }) => String(name)),
    };
  });
}
