// Values that many objects have: one of a few words, a port, an address.

import { type Cidr, cidr, formatCidr, holds, parseAddress, parseCidr } from "../../addresses/cidr";
import type { Entry } from "../objects";
import type { Path } from "../source";
import { nearest, quoted } from "../suggest";
import type { Context } from "./context";

export const protocols = ["TCP", "UDP", "SCTP"];

/** Reports a word that is none of those known; what is missing has its default. */
export function checkOneOf(
  context: Context,
  entry: Entry<unknown>,
  path: Path,
  value: string | undefined,
  known: readonly string[],
): void {
  if (value === undefined || known.includes(value)) return;
  const meant = nearest(value, known);
  const hint = meant === undefined ? `write ${choice(known)}` : `did you mean "${meant}"?`;
  const field = path.findLast((key) => typeof key === "string");
  context.problem(entry, path, `unknown ${field} ${quoted(value)}; ${hint}`);
}

/** `TCP, UDP or SCTP` */
const choice = (words: readonly string[]): string => `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** @returns whether it is one */
export function checkPort(context: Context, entry: Entry<unknown>, path: Path, port: number): boolean {
  const good = port >= 1 && port <= 65535;
  if (!good) context.problem(entry, path, `${String(path.at(-1))} ${port} is out of range; write 1 to 65535`);
  return good;
}

/** @returns what is wrong with an address, for after the address itself */
export function addressFault(text: string, example: string): string | undefined {
  const parsed = parseAddress(text);
  if (parsed?.family === 4) return undefined;
  if (parsed !== undefined) return "is IPv6, which podnet does not build yet; write an IPv4 address";
  return hasLeadingZero(text)
    ? "has leading zeros, which some programs read as octal; leave them out"
    : `is not an IP address; write one such as ${example}`;
}

export const hasLeadingZero = (address: string): boolean => /(^|\.)0\d/.test(address);

/** An IPv4 address, or a problem. */
export function readAddress(
  context: Context,
  entry: Entry<unknown>,
  path: Path,
  name: string,
  text: string,
  example: string,
): bigint | undefined {
  const fault = addressFault(text, example);
  if (fault === undefined) return parseAddress(text)?.value;
  context.problem(entry, path, `${name} ${quoted(text)} ${fault}`);
  return undefined;
}

/** Where no connection can lead to (the API server's ValidateEndpointIP, and multicast). */
const special: readonly { readonly range: Cidr; readonly is: string }[] = [
  { range: cidr("0.0.0.0/8"), is: 'in 0.0.0.0/8, which means "this network"' },
  { range: cidr("127.0.0.0/8"), is: "a loopback address" },
  { range: cidr("169.254.0.0/16"), is: "a link-local address" },
  { range: cidr("224.0.0.0/4"), is: "a multicast address" },
  { range: cidr("240.0.0.0/4"), is: "a reserved address" },
];

/** An address to which a connection can lead, or a problem. */
export function readDestination(
  context: Context,
  entry: Entry<unknown>,
  path: Path,
  name: string,
  text: string,
  example: string,
): bigint | undefined {
  const address = readAddress(context, entry, path, name, text, example);
  const taken = address === undefined ? undefined : special.find(({ range }) => holds(range, address));
  if (taken === undefined) return address;
  context.problem(entry, path, `${name} ${text} is ${taken.is}; write one such as ${example}`);
  return undefined;
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

/** @returns what is wrong with what is no CIDR, for after its text */
export function cidrFault(text: string): string {
  const [address = "", prefix] = text.split("/");
  if (hasLeadingZero(address) || hasLeadingZero(prefix ?? "")) {
    const bare = text.replace(/(^|[./])0+(?=\d)/g, "$1");
    return `has leading zeros, which some programs read as octal; ${parseCidr(bare) ? `write ${bare}` : "leave them out"}`;
  }
  // As it is likely to be meant: 10.244.0.0/16, 192.168.1.0/24, 192.168.1.240/32.
  const length = 32 - 4 * (/(\.0)*$/.exec(address)?.[0].length ?? 0);
  if (prefix === undefined && parseCidr(`${text}/${length}`))
    return `is not a CIDR; add the prefix length, such as ${text}/${length}`;
  return "is not a CIDR; write an address and a prefix length, such as 10.244.0.0/16";
}
