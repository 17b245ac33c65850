// The lab's ranges of addresses, each by itself and against the others.

import { type Cidr, cidr, formatCidr, overlap, parseCidr } from "../../addresses/cidr";
import { longestPodPrefix } from "../../addresses/ranges";
import type { Entry } from "../objects";
import type { Path } from "../source";
import { quoted } from "../suggest";
import type { Context } from "./context";

export interface Ranges {
  readonly nodeCIDR?: Cidr;
  readonly clusterCIDR?: Cidr;
  readonly serviceCIDR?: Cidr;
  /** The prefix length of podCIDRs, if it fits clusterCIDR. */
  readonly nodeCIDRMaskSize?: number;
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
  return { ...good, nodeCIDRMaskSize: size };
}

/** An IPv4 range, or a problem. One with host bits set is a problem, too, and yet known: it may overlap others. */
export function readRange(
  context: Context,
  entry: Entry<unknown>,
  path: Path,
  name: string,
  text: string,
): Cidr | undefined {
  const parsed = parseCidr(text);
  if (parsed === undefined) context.problem(entry, path, `${name} ${quoted(text)} ${cidrFault(text)}`);
  else if (parsed.cidr.family === 6)
    context.problem(entry, path, `${name} ${text} is IPv6, which podnet does not build yet; write an IPv4 range`);
  else {
    if (parsed.address !== parsed.cidr.first)
      context.problem(entry, path, `${name} ${text} has host bits set; write ${formatCidr(parsed.cidr)}`);
    return parsed.cidr;
  }
  return undefined;
}

function cidrFault(text: string): string {
  const [address = "", prefix] = text.split("/");
  if (hasLeadingZero(address) || hasLeadingZero(prefix ?? "")) {
    const bare = text.replace(/(^|[./])0+(?=\d)/g, "$1");
    return `has leading zeros, which some programs read as octal; ${parseCidr(bare) ? `write ${bare}` : "leave them out"}`;
  }
  if (prefix === undefined && parseCidr(`${text}/24`))
    return `is not a CIDR; add the prefix length, such as ${text}/24`;
  return "is not a CIDR; write an address and a prefix length, such as 10.244.0.0/16";
}

export const hasLeadingZero = (address: string): boolean => /(^|\.)0\d/.test(address);

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
