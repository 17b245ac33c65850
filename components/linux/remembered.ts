// Thousands of objects may be read out of one and the same answer, for instance all groups of rules out of one iptables-save.

/** How many answers are looked at in turn: those of a lab's nodes. */
const most = 32;

/** A function of a text that works out once what a text means, for as long as not many others come in between. */
export function remembered<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const meaning = known.has(text) ? (known.get(text) as T) : read(text);
    known.delete(text);
    known.set(text, meaning); // Behind all others: it is the last that goes.
    const [oldest] = known.keys();
    if (known.size > most && oldest !== undefined) known.delete(oldest);
    return meaning;
  };
}
