// Which objects a selector means. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/

import type { LabelSelector, Namespaced } from "./types";

type Labels = Readonly<Record<string, string>>;

const valueOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;

/** Whether all of a Service's selector is among the labels. */
export const hasLabels = (labels: Labels, wanted: Labels): boolean =>
  Object.entries(wanted).every(([key, value]) => valueOf(labels, key) === value);

export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  return (
    hasLabels(labels, matchLabels) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = valueOf(labels, key);
      switch (operator) {
        case "In":
          return value !== undefined && values.includes(value);
        case "NotIn":
          return value === undefined || !values.includes(value);
        case "Exists":
          return value !== undefined;
        case "DoesNotExist":
          return value === undefined;
      }
    })
  );
}

/** Objects by namespace and label: a lab has a thousand Services, and thousands of pods that they may mean. */
export class LabelIndex<T> {
  private readonly byLabel = new Map<string, T[]>();

  constructor(
    items: readonly T[],
    private readonly metadataOf: (item: T) => Pick<Namespaced, "namespace" | "labels">,
  ) {
    for (const item of items) {
      const { namespace, labels = {} } = metadataOf(item);
      for (const [key, value] of Object.entries(labels)) {
        const place = keyOf(namespace, key, value);
        const known = this.byLabel.get(place);
        if (known === undefined) this.byLabel.set(place, [item]);
        else known.push(item);
      }
    }
  }

  /** In the order in which they were given. An empty selector means none, as the endpoints controllers have it. */
  select(namespace: string, selector: Labels): readonly T[] {
    const [first] = Object.entries(selector);
    if (first === undefined) return [];
    const candidates = this.byLabel.get(keyOf(namespace, ...first)) ?? [];
    return candidates.filter((item) => hasLabels(this.metadataOf(item).labels ?? {}, selector));
  }
}

const keyOf = (...parts: readonly string[]): string => parts.join("\n");
