import { type Cidr, type Range, formatCidr, overlap, parseAddress, within } from "../../addresses/cidr";
import { givable } from "../../addresses/ranges";
import type { Path } from "../source";
import { quoted } from "../suggest";
import type { Context } from "./context";
import { addressFault, readRange } from "./values";

/** @returns the ranges of spec.loadBalancer.addresses, without what a network keeps for itself; undefined if one is wrong */
export function checkPool(context: Context, nodeCIDR: Cidr | undefined): Range[] | undefined {
  const { lab, spec } = context;
  if (lab === undefined || nodeCIDR === undefined || lab.isPartial(["spec", "loadBalancer"])) return undefined;
  const good: { text: string; range: Range }[] = [];
  const { addresses } = spec.loadBalancer;
  for (const [index, text] of addresses.entries()) {
    const path = ["spec", "loadBalancer", "addresses", index];
    const range = text.includes("-") ? readSpan(context, path, text) : readRange(context, lab, path, "range", text);
    if (range === undefined) continue;
    const same = good.find((other) => overlap(other.range, range));
    if (!within(range, nodeCIDR))
      context.problem(
        lab,
        path,
        `range ${text} is not inside nodeCIDR ${formatCidr(nodeCIDR)}, where nodes can answer for its addresses; choose a part of it`,
      );
    else if (same !== undefined)
      context.problem(lab, path, `range ${text} overlaps ${same.text}; write each address once`);
    else good.push({ text, range });
  }
  const ranges = good.map(({ range }) => range);
  return good.length === addresses.length ? givable(ranges, nodeCIDR) : undefined;
}

/** `first-last`, or a problem. */
function readSpan(context: Context, path: Path, text: string): Range | undefined {
  const { lab } = context;
  const fault = (message: string): undefined => {
    if (lab !== undefined) context.problem(lab, path, `range ${quoted(text)} ${message}`);
  };
  const ends = text.split("-").map((part) => part.trim());
  const [first, last, ...rest] = ends.map((end) => parseAddress(end)?.value);
  const wrong = ends.map((end) => [end, addressFault(end, "192.168.0.240")] as const).find(([, fault]) => fault);
  if (rest.length > 0) return fault('has more than two ends; write "first-last" for each range');
  if (wrong !== undefined) return fault(`is no range: ${quoted(wrong[0])} ${wrong[1]}`);
  if (first === undefined || last === undefined) return undefined;
  return first <= last ? { family: 4, first, last } : fault("ends before it begins; turn it round");
}
