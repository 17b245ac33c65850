// What the others are given to do: as much as podnet.
import { declaredBy } from "../../../bench/declared";
import { kernelScripts } from "../../../bench/kernel";
import { nodesForPods, nodesForServices, podsLab, servicesLab } from "../../../bench/lab";
import { whyNoMininet } from "../../../bench/mininet";
import { rulesByNode } from "../../../bench/one-go";
import type { Resource } from "../../../bench/pulumi";
import { parseLab } from "../../../components/kubernetes/manifests";
import { numbers } from "../../../scripts/bench";

const urn = (type: string, name: string): string => `urn:pulumi:demo::podnet::${type}::${name}`;
const cluster = urn("podnet:kubernetes:Cluster", "demo");
const node = urn("podnet:linux:NetworkNamespace", "demo.node1");

const object = (kind: string, name: string, commands: string[], inputs = {}): Resource => ({
  ...{ urn: urn(`podnet:linux:${kind}`, name), type: `podnet:linux:${kind}`, custom: true, parent: cluster },
  ...{ inputs: { ...inputs, commands }, outputs: { ...inputs, commands } },
});

const state: Resource[] = [
  { urn: urn("pulumi:pulumi:Stack", "podnet-demo"), type: "pulumi:pulumi:Stack", custom: false },
  { urn: urn("pulumi:providers:podnet", "demo"), type: "pulumi:providers:podnet", custom: true },
  { urn: cluster, type: "podnet:kubernetes:Cluster", custom: false, parent: urn("pulumi:pulumi:Stack", "podnet-demo") },
  object("NetworkNamespace", "demo.node1", [
    "ip netns add demo.node1",
    "ip netns exec demo.node1 sysctl -q -w net.ipv6.conf.default.dad_transmits=0",
    "ip -n demo.node1 link set dev lo up",
  ]),
  {
    ...object("Bridge", "demo.node1/cbr0", [
      "ip -n demo.node1 link add dev cbr0 type bridge",
      "ip netns exec demo.node1 sysctl -q -w net/ipv6/conf/cbr0/accept_ra=0",
      "ip -n demo.node1 addr add 10.244.0.1/24 brd + dev cbr0",
    ]),
    deletedWith: node,
  },
  object("NetworkNamespace", "demo.pod1", ["ip netns add demo.pod1", "ip -n demo.pod1 link set dev lo up"]),
  object("Veth", "demo.pod1/eth0", [
    "ip link add dev eth0 netns demo.pod1 mtu 1500 type veth peer name veth1 netns demo.node1 mtu 1500",
    "ip netns exec demo.pod1 sysctl -q -w net/ipv4/conf/eth0/arp_notify=1 net/ipv6/conf/eth0/accept_dad=0",
    "ip -n demo.node1 link set dev veth1 master cbr0",
  ]),
  object("File", "demo.node1/lock", ["install -m 0750 /dev/null /run/podnet/demo/lock"], { mode: "0750" }),
];

describe("Pulumi alone", () => {
  const declared = declaredBy(state);

  test("declares all but what is Pulumi's own, in the same order", () => {
    expect(declared.map(({ type, name, custom }) => [type, name, custom])).toEqual([
      ["floor:kubernetes:Cluster", "demo", false],
      ["floor:linux:NetworkNamespace", "demo.node1", true],
      ["floor:linux:Bridge", "demo.node1/cbr0", true],
      ["floor:linux:NetworkNamespace", "demo.pod1", true],
      ["floor:linux:Veth", "demo.pod1/eth0", true],
      ["floor:linux:File", "demo.node1/lock", true],
    ]);
  });

  test("has the same parents, and what goes with what", () => {
    expect(declared[2]).toMatchObject({ parent: cluster, deletedWith: node });
  });

  test("has the properties that a program gives", () => {
    expect(declared.at(-1)?.inputs).toEqual({ mode: "0750" });
  });
});

describe("the kernel alone", () => {
  test("is given podnet's commands, many at a time, each after what it needs", () => {
    expect(kernelScripts(state).up.split("\n")).toEqual([
      "ip -batch - <<'BATCH'",
      "netns add demo.node1",
      "netns add demo.pod1",
      "BATCH",
      "nsenter --net=/run/netns/demo.node1 sh -e <<'INSIDE'",
      "echo 0 >/proc/sys/net/ipv6/conf/default/dad_transmits",
      "INSIDE",
      "ip -batch - <<'BATCH'",
      "link add dev eth0 netns demo.pod1 mtu 1500 type veth peer name veth1 netns demo.node1 mtu 1500",
      "BATCH",
      "nsenter --net=/run/netns/demo.node1 sh -e <<'INSIDE'",
      "ip -batch - <<'BATCH'",
      "link add dev cbr0 type bridge",
      "BATCH",
      "echo 0 >/proc/sys/net/ipv6/conf/cbr0/accept_ra",
      "ip -batch - <<'BATCH'",
      "link set dev lo up",
      "addr add 10.244.0.1/24 brd + dev cbr0",
      "link set dev veth1 master cbr0",
      "BATCH",
      "INSIDE",
      "nsenter --net=/run/netns/demo.pod1 sh -e <<'INSIDE'",
      "echo 1 >/proc/sys/net/ipv4/conf/eth0/arp_notify",
      "echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad",
      "ip -batch - <<'BATCH'",
      "link set dev lo up",
      "BATCH",
      "INSIDE",
      "",
    ]);
  });

  test("removes the namespaces, and all that is in them", () => {
    const { destroy } = kernelScripts(state);
    expect(destroy).toBe("ip -batch - <<'BATCH'\nnetns del demo.pod1\nnetns del demo.node1\nBATCH\n");
  });

  test("refuses what it cannot sort in", () => {
    const strange = object("Route", "r", ["nft add table ip t"]);
    expect(() => kernelScripts([strange])).toThrow("no place for the command: nft add table ip t");
  });
});

describe("Mininet", () => {
  test("takes part where its programs are", () => {
    expect(whyNoMininet((program) => `/usr/bin/${program}`)).toBeUndefined();
  });

  test.each([
    [[], "no mn and no brctl"],
    [["mn"], "no brctl"],
    [["brctl"], "no mn"],
  ])("is left out where there is only %p, and how to install it is said", (there: string[], missing) => {
    const why = whyNoMininet((program) => there.includes(program));
    expect(why).toContain(`this machine has ${missing}:`);
    expect(why).toMatch(/apt-get install .*mininet bridge-utils$/);
  });
});

describe("sizes", () => {
  test.each<[string, number[]]>([
    ["10,100", [10, 100]],
    ["1000", [1000]],
    ["0", []],
    ["", []],
  ])("%p are %p", (text, sizes) => {
    expect(numbers(text)).toEqual(sizes);
  });

  test.each(["ten", "10,", "10,0", "-1", "1.5"])("%p are none", (text) => {
    expect(() => numbers(text)).toThrow("Write numbers, as 10,100, or 0 for none.");
  });
});

describe("the lab", () => {
  test.each([
    [1, 2],
    [10, 2],
    [100, 4],
    [1000, 10],
    [5000, 25],
  ])("of %d pods has %d nodes", (pods, nodes) => {
    expect(nodesForPods(pods)).toBe(nodes);
  });

  test("is one without problems, with the pods evenly over the nodes", () => {
    const lab = parseLab([{ file: "lab.yaml", text: podsLab("bench", 4, 100) }]);
    expect([lab.name, lab.nodes.length, lab.pods.length]).toEqual(["bench", 4, 100]);
    const on = lab.nodes.map(({ metadata }) => lab.pods.filter(({ spec }) => spec.nodeName === metadata.name).length);
    expect(on).toEqual([25, 25, 25, 25]);
  });

  test.each([
    [20, 4],
    [100, 4],
    [1000, 2],
  ])("of %d Services has %d nodes", (services, nodes) => {
    expect(nodesForServices(services)).toBe(nodes);
  });

  test("of Services is one without problems, each with three endpoints, and differs in one of them when that is changed", () => {
    const [before, after] = [false, true].map((isChanged) => {
      const text = servicesLab("bench", { nodes: 4, services: 100, mode: "nftables", isChanged });
      const lab = parseLab([{ file: "lab.yaml", text }]);
      expect([lab.warnings, lab.spec.proxy.mode, lab.nodes.length, lab.pods.length]).toEqual([[], "nftables", 4, 0]);
      expect([lab.services.length, lab.endpointSlices.length]).toEqual([100, 100]);
      return lab.endpointSlices.map(({ endpoints }) => endpoints.map(({ addresses: [address = ""] }) => address));
    });
    for (const addresses of before ?? []) expect(new Set(addresses).size).toBe(3);
    const changed = (before ?? []).flatMap((addresses, i) => addresses.filter((each, e) => after?.[i]?.[e] !== each));
    expect(changed).toHaveLength(1);
  });
});

describe("rules in one go", () => {
  const rules = (kind: string, netns: string, name: string, more: object): Resource =>
    object(kind, `${netns}/${name}`, [], { host: "local", netns, name, ...more });

  test("are all groups of a node as one text, and the counters that they need", () => {
    const nat = (name: string): object => ({
      tables: {
        nat: { chains: { [`KUBE-SVC-${name}`]: ["-j RETURN"] }, shared: { "KUBE-SERVICES": [`-j KUBE-SVC-${name}`] } },
      },
    });
    const lab = [
      ...[rules("IptablesRules", "demo.node1", "default/a", nat("A")), ...state],
      rules("NfacctCounter", "demo.node1", "ct_state_invalid_dropped_pkts", {}),
      rules("IptablesRules", "demo.node2", "default/a", nat("A")),
      rules("IptablesRules", "demo.node1", "default/b", nat("B")),
    ];
    const [first, second, ...more] = rulesByNode(lab, "iptables");
    expect(more).toEqual([]);
    expect(first).toMatchObject({ netns: "demo.node1", counters: ["ct_state_invalid_dropped_pkts"] });
    expect(first?.text).toContain(
      [
        ...["*nat", ":KUBE-SERVICES - [0:0]", ":KUBE-SVC-A - [0:0]", ":KUBE-SVC-B - [0:0]"],
        ...["-A KUBE-SERVICES -j KUBE-SVC-A", "-A KUBE-SERVICES -j KUBE-SVC-B"],
        ...["-A KUBE-SVC-A -j RETURN", "-A KUBE-SVC-B -j RETURN", "COMMIT"],
      ].join("\n"),
    );
    expect(second).toMatchObject({ netns: "demo.node2", counters: [] });
    expect(second?.text).not.toContain("KUBE-SVC-B");
  });

  test("are one table in mode nftables", () => {
    const lab = ["a", "b"].map((name) =>
      rules("NftablesRules", "demo.node1", `default/${name}`, {
        chains: { [`service-${name}`]: ["counter"] },
        elements: { "service-ips": [`10.96.0.20 . tcp . 80 : goto service-${name}`] },
        ...(name === "a" ? { maps: { "service-ips": ["type ipv4_addr . inet_proto . inet_service : verdict"] } } : {}),
      }),
    );
    const [only, ...more] = rulesByNode(lab, "nftables");
    expect(more).toEqual([]);
    expect(only?.text.match(/^table ip kube-proxy/gm)).toHaveLength(1);
    for (const name of ["a", "b"]) expect(only?.text.split(`service-${name}`)).toHaveLength(3);
  });
});
