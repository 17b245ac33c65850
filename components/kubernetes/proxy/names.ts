// The names that kube-proxy gives to what it makes for a service port. Both modes hash with sha256 and write base32 (RFC 4648).
import { createHash } from "node:crypto";

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The first characters of a text's hash; a character stands for five of its 256 bits. */
function hash(text: string, characters: number): string {
  const bits = BigInt(`0x${createHash("sha256").update(text).digest("hex")}`);
  return Array.from({ length: characters }, (_, i) => digits[Number((bits >> BigInt(251 - 5 * i)) & 31n)]).join("");
}

/** Who is named: the Service's namespace and name, and the port's name, "" of a port without one. */
export interface PortName {
  readonly namespace: string;
  readonly service: string;
  readonly port: string;
  /** In lower case. */
  readonly protocol: string;
}

/** As in comments: `namespace/service:port`. */
export const portKey = ({ namespace, service, port }: PortName): string =>
  `${namespace}/${service}${port === "" ? "" : `:${port}`}`;

/** What endpoints' names are made of. */
export interface SocketAddress {
  readonly ip: string;
  readonly port: number;
}

export const socket = ({ ip, port }: SocketAddress): string => `${ip}:${port}`;

/** A chain name of iptables has 28 characters at most. */
export const iptablesNames = (of: PortName) => {
  const suffix = hash(`${portKey(of)}${of.protocol}`, 16);
  return {
    cluster: `KUBE-SVC-${suffix}`,
    local: `KUBE-SVL-${suffix}`,
    external: `KUBE-EXT-${suffix}`,
    firewall: `KUBE-FW-${suffix}`,
    endpoint: (at: SocketAddress) => `KUBE-SEP-${hash(`${portKey(of)}${of.protocol}${socket(at)}`, 16)}`,
  };
};

export const nftablesNames = (of: PortName) => {
  const text = `${of.namespace}/${of.service}/${of.protocol}/${of.port}`;
  const hashed = (name: string): string => `${hash(name, 8)}-${name}`;
  const endpoint = ({ ip, port }: SocketAddress): string => hashed(`${text}__${ip}/${port}`);
  return {
    cluster: `service-${hashed(text)}`,
    local: `local-${hashed(text)}`,
    external: `external-${hashed(text)}`,
    firewall: `firewall-${hashed(text)}`,
    endpoint: (at: SocketAddress) => `endpoint-${endpoint(at)}`,
    affinity: (at: SocketAddress) => `affinity-${endpoint(at)}`,
  };
};
