// Thousands of objects may be read out of one and the same answer, for instance all groups of rules out of one iptables-save.

/** A function of a text that works out once what a text means, for as long as nobody asks about another one. */
export function remembered<T>(read: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly meaning: T } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, meaning: read(text) };
    return last.meaning;
  };
}
