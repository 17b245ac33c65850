// What one drift is: an object, what somebody does to it by hand, and what has to come of it.

export type Values = Readonly<Record<string, unknown>>;

/** What is made before the object, by a name of the row's own: a kind, and its arguments. */
export type Beside = Readonly<Record<string, readonly [kind: string, args: Values]>>;

/** In a row's words, and in those of scripts, `$N` is the row's own namespace, `$O` another for its use, `$F` its folder. */
export interface Row {
  /** What somebody does, in words. */
  readonly drift: string;
  /** What the object has otherwise than its table says. */
  readonly args?: Values;
  readonly beside?: Beside;
  /** What somebody types. */
  readonly script: string;
  /**
   * What refresh shows: of the object (`it`), or by the names of `beside`, the properties that differ, or that it is gone.
   * Without it, the property whose row this is; an object of a row of deletions or replacements is gone.
   */
  readonly shows?: string | Readonly<Record<string, string>>;
  /** With the reason: the kernel can only make it again, under another index, process id or inode. */
  readonly anew?: string;
  /** What stays as it was left, because it is nobody's: lines of the facts. */
  readonly leaves?: RegExp;
}

/** All rows of a kind; in place of rows, a sentence that says why nobody can do such a thing. */
export interface Table {
  readonly kind: string;
  /** Arguments that mean something, defaults, host and namespace left out. */
  readonly args: Values;
  readonly beside?: Beside;
  /** By the path of the property. */
  readonly properties: Readonly<Record<string, string | readonly Row[]>>;
  readonly deleted: string | readonly Row[];
  /** By something of the same name and another type. */
  readonly replaced: string | readonly Row[];
}

export const gone = "gone";

/** Why nobody changes where an object is. */
export const hostIsFixed = "what is on another host is another object";
export const netnsIsFixed = "what is in another namespace is another object";
