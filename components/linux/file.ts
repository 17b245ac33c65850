// A file on the host. It appears with its whole content at once, and folders made for it go with the last file in them.
import { basename, dirname, join } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, saysNotFound } from "../host";
import { type Context, type Kind, WrongKind } from "./kind";
import { folderRecord } from "./owned";
import { type Fault, host, withDefault } from "./schema";

const args = Type.Object({
  host,
  path: Type.String({
    pattern: "^/[^\\n\\0]*[^/\\n\\0]$",
    errorMessage: "write an absolute path",
    description: "Absolute path; folders that are missing are made, and go with their last file.",
  }),
  content: Type.String({
    pattern: "^[^\\0]*$",
    errorMessage: "holds a NUL character, which no shell can carry",
    description: "Content, byte for byte (UTF-8); any character but NUL.",
  }),
  mode: withDefault(
    Type.String({
      pattern: "^0[0-7]{3}$",
      errorMessage: 'write a mode as "0644"',
      description: "Permissions (chmod(1)).",
    }),
    "0644",
  ),
});

type File = Static<typeof args>;

function validate({ path, content }: File): Fault[] {
  const faults: Fault[] = [];
  if (
    path
      .split("/")
      .slice(1)
      .some((part) => part === "" || part === "." || part === "..")
  )
    faults.push({ property: "path", reason: `${path}: write it without //, . and ..` });
  if (/\p{Surrogate}/u.test(content))
    faults.push({ property: "content", reason: "holds half a character, which UTF-8 cannot say" });
  return faults;
}

/** Where the content lies until it is whole; a dot, because whoever reads the folder leaves out such files. */
const unfinished = ({ path }: File): string => join(dirname(path), `.${basename(path)}.podnet`);

function commands(want: File, found: File | undefined): Command[] {
  if (found?.content === want.content)
    return found.mode === want.mode ? [] : [{ argv: ["chmod", want.mode, want.path] }];
  const write = 'umask 077; cat >"$3" && chmod "$1" "$3" && mv -fT "$3" "$2"';
  return [{ argv: ["sh", "-c", write, "sh", want.mode, want.path, unfinished(want)], stdin: want.content }];
}

/** Pairs of a folder above the file and the record that says it was made for the lab, the innermost first. */
function folders({ path }: File, lab: string): string[] {
  const pairs: string[] = [];
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder))
    pairs.push(folder, folderRecord(lab, folder));
  return pairs;
}

function prepare(want: File, { lab }: Context<File>): Command[] {
  // Innermost first on the command line, so the folders are made on the way back. Another may make the same one meanwhile.
  const make =
    'make() { [ -d "$1" ] && return; if [ $# -gt 2 ]; then (shift 2; make "$@") || return; fi; echo "$1" >"$2" && { mkdir -m 755 "$1" || [ -d "$1" ]; }; }; make "$@"';
  return [{ argv: ["sh", "-c", make, "sh", ...folders(want, lab)] }];
}

function removal(want: File, found: File | undefined, { lab }: Context<File>): Command[] {
  const clear =
    'while [ $# -gt 1 ] && [ -e "$2" ] && { [ ! -d "$1" ] || rmdir "$1" 2>/dev/null; }; do rm -f "$2"; shift 2; done';
  return [
    // -d, because an empty folder may have taken the file's place.
    { argv: ["rm", "-df", unfinished(want), ...(found ? [want.path] : [])] },
    { argv: ["sh", "-c", clear, "sh", ...folders(want, lab)] },
  ];
}

function probe({ path }: File): Command[] {
  return [
    { argv: ["stat", "-c", "%a %F", path] },
    { argv: ["sh", "-c", '[ ! -f "$1" ] || base64 -w0 "$1"', "sh", path] },
  ];
}

function parse([status, content]: readonly Output[], want: File): File | undefined {
  if (!status || !content || saysNotFound(status)) return undefined;
  const [, mode = "", type = ""] = /^(\d+) (.*)$/m.exec(status.stdout) ?? [];
  if (!/^regular/.test(type)) throw new WrongKind(`${want.path} is a ${type}, not a file`);
  return { ...want, content: Buffer.from(content.stdout, "base64").toString("utf8"), mode: mode.padStart(4, "0") };
}

export const fileKind: Kind<typeof args> = {
  token: "podnet:linux:File",
  description: "A file on the host.",
  args,
  identity: ["host", "path"],
  validate,
  id: ({ path }) => path,
  fromId: (path) => ({ path }),
  within: () => [undefined],
  prepare,
  commands,
  removal,
  probe,
  parse,
};
