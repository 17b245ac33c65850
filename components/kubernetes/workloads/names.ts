// The names of pods that a workload yields. Kubernetes rolls dice for them; here they follow from what they belong to, so that
// a preview knows them, and whoever stays keeps theirs while others come and go.

import { createHash } from "node:crypto";

/** Neither vowels nor what looks like them, lest a name be a word (k8s.io/apimachinery, pkg/util/rand). */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";

function letters(seed: string, length: number): string {
  const bytes = createHash("sha256").update(seed).digest().subarray(0, length);
  return [...bytes].map((byte) => alphabet[byte % alphabet.length]).join("");
}

/** As the label pod-template-hash: what is in the template counts, in whatever order it is written. */
export const templateHash = (template: unknown): string => letters(canonical(template), 10);

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`)
    .sort()
    .join()}}`;
}

/** With its suffix of five letters a generated name is a DNS label (k8s.io/apiserver, pkg/storage/names). */
const longestBase = 58;

/** `<base>-<5 letters>` for each key, all different. A key keeps its name when others are added after it. */
export function generatedNames(base: string, keys: readonly string[]): string[] {
  const given = new Set<string>();
  return keys.map((key) => {
    let name: string;
    let again = 0;
    do name = `${`${base}-`.slice(0, longestBase)}${letters(`${base}/${key}/${again++}`, 5)}`;
    while (given.has(name));
    given.add(name);
    return name;
  });
}
