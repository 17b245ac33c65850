// What Services ask for, of which there is only so much.

import type { Entry } from "../objects";
import type { Path } from "../source";
import type { WrittenService } from "../types";
import { type Context, keyOf, namePath, placeOf } from "./context";

type Service = Entry<WrittenService>;

/** Which Service asked for what first. What one Service asks for twice is its own affair. */
export class Asked<T> {
  private readonly first = new Map<T, { service: Service; path: Path }>();

  /** @returns where another Service asks for the same */
  by(service: Service, path: Path, value: T): string | undefined {
    const other = this.first.get(value);
    if (other === undefined) this.first.set(value, { service, path });
    if (other === undefined || other.service === service) return undefined;
    return `Service ${keyOf(other.service) ?? "without a name"}, at ${placeOf(other.service, other.path)}`;
  }
}

/** At the Lab's field when the author wrote it, else at the last Service. */
export function reportRoom(context: Context, path: Path, message: string): void {
  const { lab, services } = context;
  const last = services.at(-1);
  if (lab?.source.has(path)) context.problem(lab, path, message);
  else if (last !== undefined) context.problem(last, namePath, message);
}
