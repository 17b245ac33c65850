import type { Held, HeldNode, Reservations } from "./types";

// By hasOwn, since "constructor" is a good name for a node, and every object has something of that name.

export const heldNode = ({ nodes }: Held, name: string): HeldNode => (Object.hasOwn(nodes, name) && nodes[name]) || {};

export const heldReservations = ({ reservations }: Held, name: string): Reservations =>
  (Object.hasOwn(reservations, name) && reservations[name]) || { ips: {} };
