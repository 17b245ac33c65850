// The object of kind Lab itself: there is one, and what it names can be named.

import type { Objects } from "../objects";
import type { Place } from "../problem";
import { dnsLabel, dnsLabel1035, nameFault } from "../names";
import type { Problem } from "../types";
import { type Context, nameOf, namePath, placeOf } from "./context";

const minimal = '"apiVersion: podnet.dev/v1", "kind: Lab" and "metadata: { name: mylab }"';

/** @param whole where a problem of the lab as a whole is shown: its folder or file */
export function checkOneLab({ labs, nodes, incomplete }: Objects, whole: Place): Problem[] {
  const problems: Problem[] = [];
  const [first, ...others] = labs;
  if (first === undefined && !incomplete)
    problems.push({ ...whole, message: `there is no Lab; add an object with ${minimal}` });
  if (first !== undefined && nodes.length === 0 && !incomplete) {
    const message =
      'the lab has no nodes; add an object with "apiVersion: v1", "kind: Node" and "metadata: { name: node1 }"';
    problems.push({ ...first.source.place(["kind"]), message });
  }
  for (const other of others) {
    const message = `there is a second Lab, the first is at ${placeOf(first ?? other, ["kind"])}; keep one of them`;
    problems.push({ ...other.source.place(["kind"]), message });
  }
  return problems;
}

export function checkLab(context: Context): void {
  const { lab, spec } = context;
  if (lab === undefined) return;
  const name = nameOf(lab);
  if (lab.value.metadata === undefined && !lab.isBroken(["metadata"]))
    context.problem(lab, namePath, "this Lab has no name; add metadata.name");
  const fault = name === undefined ? undefined : nameFault("the lab's name", name, dnsLabel);
  if (fault !== undefined) context.problem(lab, namePath, fault);
  checkMtu(context);
  const hosts = Object.keys(spec.hosts);
  if (hosts.length === 0 && !lab.isPartial(["spec", "hosts"]))
    context.problem(lab, ["spec", "hosts"], 'hosts is empty; write "local: { type: local }" or leave hosts out');
  for (const host of hosts) {
    // The first host is where nodes go that name none, and JavaScript sorts names of digits before all others.
    const wrong = nameFault("host name", host, dnsLabel1035);
    if (wrong !== undefined) context.problem(lab, ["spec", "hosts", host], wrong);
  }
}

/** RFC 8200, section 5: IPv6 needs links of at least 1280 bytes. */
const smallestForIPv6 = 1280;

function checkMtu(context: Context): void {
  const { lab, spec } = context;
  if (lab === undefined) return;
  const { mtu, network } = spec;
  if (mtu < smallestForIPv6)
    context.warning(
      lab,
      ["spec", "mtu"],
      `mtu ${mtu} works for IPv4, but is less than the ${smallestForIPv6} that IPv6 needs`,
    );
  if (network.mtu !== undefined && network.mtu > mtu)
    context.warning(
      lab,
      ["spec", "network", "mtu"],
      `network.mtu ${network.mtu} is more than the node network's mtu ${mtu}; large packets to pods on other nodes will be fragmented or dropped`,
    );
}
