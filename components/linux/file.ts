// A file on the host. It appears with its whole content at once, and folders made for it go with the last file in them.
import { basename, dirname, join } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { type Command, type Output, line } from "../host";
import { type Context, type Kind, WrongKind } from "./kind";
import { folderRecord } from "./owned";
import { type Fault, host, withDefault } from "./schema";
import { script } from "./script";

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
  const shown = line({ argv: ["install", "-m", want.mode, "-T", "/dev/stdin", want.path], stdin: want.content });
  return [{ ...script("write-file", [want.mode, want.path, unfinished(want)], want.content), shown }];
}

/** Pairs of a folder above the file and the record that says it was made for the lab, the innermost first. */
function folders({ path }: File, lab: string): string[] {
  const pairs: string[] = [];
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder))
    pairs.push(folder, folderRecord(lab, folder));
  return pairs;
}

const prepare = (want: File, { lab }: Context<File>): Command[] => [script("make-folders", folders(want, lab))];

function removal(want: File, found: File | undefined, { lab }: Context<File>): Command[] {
  return [
    // -d, because an empty folder may have taken the file's place.
    { argv: ["rm", "-df", unfinished(want), ...(found ? [want.path] : [])] },
    script("clear-folders", folders(want, lab)),
  ];
}

const probe = ({ path }: File): Command[] => [script("read-file", [path])];

function parse([output]: readonly Output[], want: File): File | undefined {
  const [head = "", content = ""] = output?.stdout.split("\n") ?? [];
  const [, mode = "", type = ""] = /^(\d+) (.*)$/.exec(head) ?? [];
  if (type === "") return undefined;
  if (type !== "file") throw new WrongKind(`${want.path} is a ${type}, not a file`);
  return { ...want, content: Buffer.from(content, "hex").toString("utf8"), mode };
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
