// What the floor's program declares, from a lab's state: as many resources, with the same parents and the same properties.
import type { Resource } from "./pulumi";

export interface Declared {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly parent?: string;
  readonly deletedWith?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The stack and the provider are every program's own. */
const isPulumis = ({ type }: Resource): boolean => type.startsWith("pulumi:");

export function declaredBy(state: readonly Resource[]): Declared[] {
  return state
    .filter((resource) => !isPulumis(resource))
    .map(({ urn, type, custom, parent, deletedWith, inputs = {} }) => {
      // Filled in by podnet's provider, and by no program.
      const { commands: _, ...given } = inputs;
      const name = urn.split("::").at(-1) as string;
      return { urn, type: type.replace(/^podnet:/, "floor:"), name, custom, parent, deletedWith, inputs: given };
    });
}
