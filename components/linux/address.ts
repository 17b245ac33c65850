// Addresses in the one form in which the kernel gives them back: in any other, an address would differ from itself.
import { SocketAddress, isIP } from "node:net";
import type { Fault } from "./schema";

/** How the kernel writes an address (inet_ntop(3)); undefined for what is none. */
export function asTheKernelWrites(address: string): string | undefined {
  const family = address.includes("%") ? 0 : isIP(address);
  return family === 0 ? undefined : new SocketAddress({ address, family: family === 6 ? "ipv6" : "ipv4" }).address;
}

export const isIPv6 = (address: string): boolean => address.includes(":");

/** @param example for the message */
export function faultsOfAddress(property: string, address: string, example: string): Fault[] {
  const right = asTheKernelWrites(address);
  if (right === undefined) return [{ property, reason: `${address} is no address; write one as ${example}` }];
  return right === address ? [] : [{ property, reason: `${address}: write it as ${right}` }];
}

/** Addresses of an interface, with their prefix lengths. @param property where they stand, for the message */
export function faultsOfAddresses(property: string, addresses: readonly string[]): Fault[] {
  return addresses.flatMap((text, i): Fault[] => {
    const [address = "", length = ""] = text.split("/");
    if (addresses.indexOf(text) !== i) return [{ property, reason: `${text} stands there twice` }];
    if (!/^(0|[1-9]\d*)$/.test(length) || Number(length) > (isIPv6(address) ? 128 : 32))
      return [{ property, reason: `${text} has no prefix length; write an address as 10.244.0.1/24` }];
    return faultsOfAddress(property, address, "10.244.0.1/24");
  });
}
