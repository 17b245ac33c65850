// hostPorts as the CNI plugin portmap has them. The names' hashes are those of its own tests.
import { chainOf, hostPortRules } from "../../../components/kubernetes/host-ports";
import type { ContainerPort } from "../../../components/kubernetes/manifests";

test.each([
  ["test", "1234", "CNI-DN-2bbe0c48b91a7d1b8a675"],
  [
    "test",
    "icee6giejonei6sohng6ahngee7laquohquee9shiGo7fohferakah3Feiyoolu2pei7ciPhoh7shaoX6vai3vuf0ahfaeng8yohb9ceu0daez5hashee8ooYai5wa3y",
    "CNI-DN-67e92b96e692a494b6b85",
  ],
])("the chain of a pod on %s is called by a hash", (network, containerID, name) => {
  expect(chainOf({ network, containerID })).toBe(name);
});

const rulesOf = (...ports: ContainerPort[]) =>
  hostPortRules({ network: "kubenet", containerID: "abc", ip: "10.244.0.2", podCIDR: "10.244.0.0/24", ports });
const own = chainOf({ network: "kubenet", containerID: "abc" });
const lead = String.raw`-m comment --comment "dnat name: \"kubenet\" id: \"abc\""`;

test("a port leads to the pod; its neighbours and the node's loopback are masqueraded", () => {
  expect(rulesOf({ containerPort: 80, hostPort: 8080, protocol: "TCP" })).toEqual({
    rules: { "CNI-HOSTPORT-DNAT": [`-p tcp ${lead} -m multiport --dports 8080 -j ${own}`] },
    chains: {
      [own]: [
        "-s 10.244.0.0/24 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK",
        "-s 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK",
        "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.244.0.2:80",
      ],
    },
  });
});

test("a hostIP narrows it; 0.0.0.0 does not", () => {
  const at = (hostIP: string): readonly string[] =>
    rulesOf({ containerPort: 80, hostPort: 8080, protocol: "UDP", hostIP }).chains[own] ?? [];
  expect(at("192.168.0.11")).toEqual([
    "-s 10.244.0.0/24 -d 192.168.0.11/32 -p udp -m udp --dport 8080 -j CNI-HOSTPORT-SETMARK",
    "-s 127.0.0.1/32 -d 192.168.0.11/32 -p udp -m udp --dport 8080 -j CNI-HOSTPORT-SETMARK",
    "-d 192.168.0.11/32 -p udp -m udp --dport 8080 -j DNAT --to-destination 10.244.0.2:80",
  ]);
  expect(at("0.0.0.0")[2]).toBe("-p udp -m udp --dport 8080 -j DNAT --to-destination 10.244.0.2:80");
});

test("a rule for each protocol, and for every fifteen ports", () => {
  const many = Array.from({ length: 16 }, (_, i): ContainerPort => {
    return { containerPort: 100 + i, hostPort: 200 + i, protocol: "UDP" };
  });
  const lines = rulesOf(...many, { containerPort: 1, hostPort: 2, protocol: "TCP" }).rules["CNI-HOSTPORT-DNAT"] ?? [];
  expect(lines.map((line) => /^-p (\w+) .*--dports (\S+)/.exec(line)?.slice(1))).toEqual([
    ["tcp", "2"],
    ["udp", Array.from({ length: 15 }, (_, i) => 200 + i).join(",")],
    ["udp", "215"],
  ]);
});
