// What kube-proxy itself left on a node (test/record/kube-proxy) is what is rendered, rule by rule.
import {
  type ProxyInput,
  iptablesRules,
  iptablesText,
  nftablesListing,
  nftablesRules,
} from "../../../../components/kubernetes/proxy";
import { cases } from "../../../record/kube-proxy/cases";
import { ordered, readDump } from "../../../record/kube-proxy/dump";
import { type ProxyCase, host, node, serviceCIDR } from "../../../record/kube-proxy/objects";
import { randomCases } from "../../../record/kube-proxy/random";

const all = [...cases, ...randomCases()].map((each) => [each.name, each] as const);

const input = ({ services, endpointSlices, options }: ProxyCase): ProxyInput => ({
  services,
  endpointSlices,
  options,
  node,
  serviceCIDR,
  host,
});

const lines = (text: string): string[] => text.trimEnd().split("\n");

test.each(all)("iptables: %s", (name, each) => {
  const { node, ports, sysctls, nfacct } = iptablesRules(input(each));
  const recorded = readDump(name, "iptables");
  const rendered = iptablesText([node, ...ports.map(({ rules }) => rules)]);
  expect(lines(ordered("iptables", rendered))).toEqual(lines(recorded.text));
  expect([
    `net.ipv4.conf.all.route_localnet = ${sysctls["net.ipv4.conf.all.route_localnet"] ?? 0}`,
    `nfacct: ${nfacct.join(", ")}`,
  ]).toEqual(recorded.facts);
});

test.each(all)("nftables: %s", (name, each) => {
  const { node, ports } = nftablesRules(input(each));
  const recorded = readDump(name, "nftables");
  const rendered = nftablesListing([node, ...ports.map(({ rules }) => rules)]);
  expect(lines(ordered("nftables", rendered))).toEqual(lines(recorded.text));
  expect(recorded.facts).toEqual(["net.ipv4.conf.all.route_localnet = 0", "nfacct: none"]);
});
