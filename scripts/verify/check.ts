// A packet that is sent to see whether a promise holds.
import type { Expected } from "./expectations";
import type { Place } from "./places";

/** To verify's own listener (tcp, udp; df: one packet that may not be cut), or to a server of the lab's (open-...: whether it is
 * there; ask-...: who it is, and whom it sees; health: how many endpoints its node has). */
export type Way = "tcp" | "udp" | "df" | `${"open" | "ask"}-${"tcp" | "udp" | "sctp"}` | "health";

export interface Check {
  readonly promise: string;
  readonly from: Place;
  readonly to: Place;
  readonly way: Way;
  readonly address: string;
  /** Of a server of the lab's; that of verify's own listener is known when it listens. */
  readonly port?: number;
  /** How often it is asked, once unless it says so. */
  readonly times?: number;
  /** The packet's whole length, in bytes. */
  readonly size?: number;
  readonly expected: Expected;
  /** Nothing is sent for it: it is about the answers that these get, all together. */
  readonly pooled?: readonly Check[];
}

export interface Promised {
  readonly id: string;
  readonly title: string;
  readonly checks: readonly Check[];
  /** Where only a part of the pairs is measured: how many are, of how many. */
  readonly sample?: { readonly measured: number; readonly all: number };
  /** What of the lab nobody was asked about, and why: `Service default/web, because ...`. */
  readonly left?: readonly string[];
}
