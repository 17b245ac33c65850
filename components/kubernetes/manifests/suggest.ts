import { distance } from "fastest-levenshtein";

/** The name that was probably meant: upper and lower case aside, the same letters, or no more than a third of them wrong. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const far = (candidate: string): number => {
    const [a, b] = [name.toLowerCase(), candidate.toLowerCase()];
    return lettersOf(a) === lettersOf(b) ? Math.min(1, distance(a, b)) : distance(a, b);
  };
  const [best] = [...known].sort((a, b) => far(a) - far(b));
  return best !== undefined && far(best) <= Math.max(1, Math.floor(name.length / 3)) ? best : undefined;
}

const lettersOf = (name: string): string => [...name].sort().join("");

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
