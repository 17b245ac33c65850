// What the record of kube-proxy cannot show: hosts that lack something, and that each service port stands by itself.
import {
  type IptablesRules,
  type ProxyInput,
  iptablesRules,
  nftablesRules,
} from "../../../../components/kubernetes/proxy";
import { iptablesNames, nftablesNames, portKey } from "../../../../components/kubernetes/proxy/names";
import { chainsOf } from "../../../../components/kubernetes/proxy/text";
import type { Args } from "../../../../components/linux/kind";
import { kindOf } from "../../../../components/linux/registry";
import { faultsOf, fill } from "../../../../components/linux/schema";
import { cases } from "../../../record/kube-proxy/cases";
import { type ProxyCase, host, node, serviceCIDR } from "../../../record/kube-proxy/objects";
import { randomCases } from "../../../record/kube-proxy/random";

const input = ({ services, endpointSlices, options }: ProxyCase, more: Partial<ProxyInput> = {}): ProxyInput => ({
  ...{ services, endpointSlices, options, node, serviceCIDR, host },
  ...more,
});

const [everything] = cases.filter(({ name }) => name === "everything");
if (!everything) throw new Error("no case called everything");

const [many, ...others] = randomCases();
if (!many) throw new Error("no random case");

const textOf = (groups: readonly IptablesRules[]): string =>
  (["filter", "nat"] as const).flatMap((table) => Object.values(chainsOf(groups, table)).flat()).join("\n");

const groupsOf = (of: ProxyInput): IptablesRules[] => {
  const { node, ports } = iptablesRules(of);
  return [node, ...ports.map(({ rules }) => rules)];
};

test.each([
  ["ns1", "svc1", "p80", "tcp", "XPGD46QRK7WJZT7O"],
  ["default", "kubernetes", "https", "tcp", "NPX46M4PTMTKRN6Y"],
  ["kube-system", "kube-dns", "dns", "udp", "TCOU7JCQXEZGVUNU"],
  ["kube-system", "kube-dns", "dns-tcp", "tcp", "ERIFXISQEP7F7OF4"],
])("in a cluster, %s/%s:%s/%s has the hash %s", (namespace, service, port, protocol, hash) => {
  const names = iptablesNames({ namespace, service, port, protocol });
  expect(Object.values(names).filter((name) => typeof name === "string")).toEqual(
    ["KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-FW-"].map((prefix) => `${prefix}${hash}`),
  );
});

test("in a cluster, endpoints and nftables' objects have these names", () => {
  const name = { namespace: "ns1", service: "svc1", port: "p80", protocol: "tcp" };
  const endpoint = { ip: "10.180.0.1", port: 80 };
  expect(iptablesNames(name).endpoint(endpoint)).toBe("KUBE-SEP-SXIVWICOYRO3J4NJ");
  expect(nftablesNames(name).cluster).toBe("service-ULMVA6XW-ns1/svc1/tcp/p80");
  expect(nftablesNames(name).affinity(endpoint)).toBe("affinity-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80");
  expect(portKey({ ...name, port: "" })).toBe("ns1/svc1");
});

test("of two Services with one external address and port the first has it, and a Service has its own address once", () => {
  const [blue] = everything.services.filter(({ spec }) => spec.clusterIP !== "None" && spec.ports.length > 0);
  if (!blue) throw new Error("no Service");
  const own = { ...blue, spec: { ...blue.spec, externalIPs: ["192.0.2.7", blue.spec.clusterIP] } };
  const green = { ...own, metadata: { ...own.metadata, name: "zz" }, spec: { ...own.spec, clusterIP: "10.96.200.1" } };
  const { ports } = nftablesRules({ ...input(everything), services: [own, green], endpointSlices: [] });
  const keys = ports.flatMap(({ rules }) =>
    Object.entries(rules.elements ?? {}).flatMap(([set, elements]) =>
      elements.map((element) => `${set} ${element.split(" : ")[0]?.replace(/ comment .*/, "")}`),
    ),
  );
  expect(keys.filter((key) => key.includes("192.0.2.7")).length).toBeGreaterThan(0);
  expect(keys).toEqual([...new Set(keys)]);
});

test("a host without nfacct does not count, and all else is the same", () => {
  const without = iptablesRules(input(everything, { host: { ...host, nfacct: false } }));
  expect(without.nfacct).toEqual([]);
  const lines = textOf(groupsOf(input(everything))).split("\n");
  const expected = lines
    .filter((line) => !line.includes("localhost_nps_accepted_pkts"))
    .map((line) => line.replace("-m nfacct --nfacct-name  ct_state_invalid_dropped_pkts ", ""));
  expect(expected).toHaveLength(lines.length - 1);
  expect(textOf([without.node, ...without.ports.map(({ rules }) => rules)]).split("\n")).toEqual(expected);
});

test("a host without --random-fully masquerades without it", () => {
  const [withIt, without] = [true, false].map((randomFully) =>
    textOf(groupsOf(input(everything, { host: { ...host, randomFully } }))),
  );
  expect(withIt).toContain("-j MASQUERADE --random-fully");
  expect(without).toBe(withIt?.replace("-j MASQUERADE --random-fully", "-j MASQUERADE"));
});

test("the rules of a service port are the same whatever other Services there are", () => {
  const all = { iptables: iptablesRules(input(many)), nftables: nftablesRules(input(many)) };
  const alone = many.services.map((service) => input(many, { services: [service] }));
  expect(alone.flatMap((one) => iptablesRules(one).ports)).toEqual(all.iptables.ports);
  expect(alone.flatMap((one) => nftablesRules(one).ports)).toEqual(all.nftables.ports);
  for (const one of alone) {
    expect(iptablesRules(one).node).toEqual(all.iptables.node);
    // But for the ClusterIPs, which the ports of a Service share.
    expect({ ...nftablesRules(one).node, elements: {} }).toEqual({ ...all.nftables.node, elements: {} });
  }
});

test("no two groups of rules own the same", () => {
  for (const each of [many, ...others]) {
    const { node, ports } = iptablesRules(input(each));
    const nft = nftablesRules(input(each));
    const own = [node, ...ports.map(({ rules }) => rules)].flatMap(({ nat: { chains = {}, shared = {} } = {} }) => [
      ...Object.keys(chains),
      ...Object.keys(shared),
    ]);
    const nftOwn = [nft.node, ...nft.ports.map(({ rules }) => rules)].flatMap(({ chains, sets, maps }) =>
      Object.keys({ ...chains, ...sets, ...maps }),
    );
    const elements = nft.ports.flatMap(({ rules }) =>
      Object.entries(rules.elements ?? {}).flatMap(([map, lines]) =>
        lines.map((line) => `${map} ${line.split(" : ")[0]}`),
      ),
    );
    for (const names of [own, nftOwn, elements, ports.map(({ key }) => key)])
      expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  }
});

test("where kube-proxy has a last rule, it is the node's and stands behind those of others", () => {
  const { node } = iptablesRules(input(everything));
  expect(node.nat?.shared?.["KUBE-SERVICES"]).toEqual([expect.stringContaining("this must be the last rule")]);
  expect(chainsOf(groupsOf(input(everything)), "nat")["KUBE-SERVICES"]?.at(-1)).toContain("this must be the last rule");
});

test.each([...cases, ...randomCases()].map((each) => [each.name, each] as const))(
  "the kinds of kernel objects take the rules of: %s",
  (_, each) => {
    const at = { host: "local", netns: "lab.node1" };
    const iptables = iptablesRules(input(each));
    const nftables = nftablesRules(input(each));
    const objects: (readonly [token: string, args: object])[] = [
      ["podnet:linux:IptablesRules", { ...at, name: "kubernetes", tables: iptables.node }],
      ...iptables.ports.map(
        ({ key, rules }) => ["podnet:linux:IptablesRules", { ...at, name: key, tables: rules }] as const,
      ),
      ["podnet:linux:NftablesRules", { ...at, table: "kube-proxy", name: "kubernetes", ...nftables.node }],
      ...nftables.ports.map(
        ({ key, rules }) =>
          ["podnet:linux:NftablesRules", { ...at, table: "kube-proxy", name: key, ...rules }] as const,
      ),
    ];
    for (const [token, args] of objects) {
      const kind = kindOf(token);
      const full = fill(kind.args, args);
      expect([...faultsOf(kind.args, full), ...(kind.validate?.(full as unknown as Args) ?? [])]).toEqual([]);
    }
  },
);
