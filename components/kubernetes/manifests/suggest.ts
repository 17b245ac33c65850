import { distance } from "fastest-levenshtein";

/** The name that was probably meant: one that differs in at most a third of its letters, upper and lower case aside. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const far = (candidate: string): number => distance(name.toLowerCase(), candidate.toLowerCase());
  const [best] = [...known].sort((a, b) => far(a) - far(b));
  return best !== undefined && far(best) <= Math.ceil(name.length / 3) ? best : undefined;
}

/** `a, b and c` */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** A name as people write it, but on one line and of bearable length: it may hold anything. */
export function quoted(text: string): string {
  const short = text.length > 70 ? `${text.slice(0, 60)}...` : text;
  return JSON.stringify(short).replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
