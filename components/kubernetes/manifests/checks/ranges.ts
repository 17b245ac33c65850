// The lab's ranges of addresses, each by itself and against the others.

import { type Cidr, type Range, cidr, overlap } from "../../addresses/cidr";
import { longestPodPrefix } from "../../addresses/ranges";
import type { Context } from "./context";
import { checkPool } from "./pool";
import { readRange } from "./values";

export interface Ranges {
  readonly nodeCIDR?: Cidr;
  readonly clusterCIDR?: Cidr;
  readonly serviceCIDR?: Cidr;
  /** The prefix length of podCIDRs, if it fits clusterCIDR. */
  readonly nodeCIDRMaskSize?: number;
  /** The load balancers' addresses, if all of them are good. */
  readonly pool?: readonly Range[];
}

const names = ["nodeCIDR", "clusterCIDR", "serviceCIDR"] as const;

const reserved: readonly { range: Cidr; whose: string }[] = [
  { range: cidr("203.0.113.0/24"), whose: "the outside client's network 203.0.113.0/24" },
  { range: cidr("0.0.0.0/8"), whose: '0.0.0.0/8, which means "this network"' },
  { range: cidr("127.0.0.0/8"), whose: "the loopback addresses 127.0.0.0/8" },
  { range: cidr("224.0.0.0/4"), whose: "the multicast addresses 224.0.0.0/4" },
  { range: cidr("240.0.0.0/4"), whose: "the reserved addresses 240.0.0.0/4" },
];

/** @returns the ranges that are good, for the checks that count addresses in them */
export function checkRanges(context: Context): Ranges {
  const { lab, spec } = context;
  if (lab === undefined) return {};
  const good: { -readonly [K in keyof Ranges]: Ranges[K] } = {};
  for (const name of names) {
    const path = ["spec", name];
    if (lab.isBroken(path)) continue;
    const range = readRange(context, lab, path, name, spec[name]);
    if (range === undefined) continue;
    const taken = reserved.find((other) => overlap(other.range, range));
    if (taken !== undefined) {
      context.problem(
        lab,
        path,
        `${name} ${spec[name]} overlaps ${taken.whose}; choose a private range, such as 10.0.0.0/16`,
      );
      continue;
    }
    const clash = names.find((other) => good[other] !== undefined && overlap(good[other], range));
    if (clash === undefined) {
      good[name] = range;
      continue;
    }
    // Shown at a range that was written: the other one may be a default.
    const [at, other] = lab.source.has(path) ? [name, clash] : [clash, name];
    const said = lab.source.has(["spec", other]) ? "" : " (the default)";
    context.problem(
      lab,
      ["spec", at],
      `${at} ${spec[at]} overlaps ${other} ${spec[other]}${said}; choose ranges that lie apart`,
    );
  }
  const size = checkMaskSize(context, good.clusterCIDR);
  return { ...good, nodeCIDRMaskSize: size, pool: checkPool(context, good.nodeCIDR) };
}

function checkMaskSize(context: Context, cluster: Cidr | undefined): number | undefined {
  const { lab, spec } = context;
  const path = ["spec", "nodeCIDRMaskSize"];
  const size = spec.nodeCIDRMaskSize;
  if (lab === undefined || cluster === undefined || lab.isBroken(path)) return undefined;
  if (size >= cluster.prefix && size <= longestPodPrefix(cluster.family)) return size;
  const at = lab.source.has(path) ? path : ["spec", "clusterCIDR"];
  context.problem(
    lab,
    at,
    `nodeCIDRMaskSize ${size} does not fit clusterCIDR ${spec.clusterCIDR}; write ${cluster.prefix} to ${longestPodPrefix(cluster.family)}, so that each node's podCIDR is a part of it`,
  );
  return undefined;
}
