// spec.proxy: what kube-proxy would say of its configuration (k8s.io/kubernetes, pkg/proxy/apis/config/validation).

import { parseCidr } from "../../addresses/cidr";
import { quoted } from "../suggest";
import type { Context } from "./context";
import { readRange } from "./values";

/** A node's InternalIP, whatever it is. */
const primary = "primary";

export function checkProxy(context: Context): void {
  const { lab, spec } = context;
  if (lab === undefined) return;
  const { clusterCIDR, nodePortAddresses = [] } = spec.proxy;
  if (clusterCIDR) readRange(context, lab, ["spec", "proxy", "clusterCIDR"], "clusterCIDR", clusterCIDR);
  for (const [index, text] of nodePortAddresses.entries()) {
    const path = ["spec", "proxy", "nodePortAddresses", index];
    if (text === primary) {
      if (nodePortAddresses.length > 1)
        context.problem(lab, path, `"${primary}" must stand alone; leave out the other nodePortAddresses, or this one`);
    } else if (parseCidr(text)?.cidr.family !== 4)
      context.problem(
        lab,
        path,
        `nodePortAddress ${quoted(text)} is neither an IPv4 range, such as 192.168.0.0/24, nor "${primary}"; write one of them`,
      );
  }
}
