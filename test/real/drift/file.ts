import { type Table, gone, hostIsFixed } from "./row";

/** A file appears with its whole content at once, under another name at first. */
const anew = "written whole, then renamed";

export const file: Table = {
  kind: "File",
  args: { path: "$F/folder/file", content: "one\ntwo\n", mode: "0640" },
  properties: {
    host: hostIsFixed,
    path: [{ drift: "moved away", script: "mv $F/folder/file $F/moved", shows: gone, anew, leaves: /moved/ }],
    content: [
      { drift: "a line more", script: "echo three >>$F/folder/file", anew },
      { drift: "emptied", script: ": >$F/folder/file", anew },
      { drift: "without its last newline", script: "truncate -s -1 $F/folder/file", anew },
      { drift: "bytes that are no text", script: String.raw`printf 'caf\351\n' >$F/folder/file`, anew },
      {
        drift: "something where nothing should be",
        args: { content: "" },
        script: "echo something >$F/folder/file",
        anew,
      },
    ],
    mode: [
      { drift: "readable for all", script: "chmod 644 $F/folder/file" },
      { drift: "with the owner's rights (set-user-ID)", script: "chmod 4640 $F/folder/file" },
    ],
  },
  deleted: [
    { drift: "deleted", script: "rm $F/folder/file", anew },
    { drift: "deleted with its folder", script: "rm -r $F/folder", anew },
  ],
  replaced: [
    { drift: "by a folder", script: "rm $F/folder/file; mkdir $F/folder/file", anew },
    {
      drift: "by a link to a file of the same content",
      script: "mv $F/folder/file $F/elsewhere; ln -s $F/elsewhere $F/folder/file",
      anew,
      leaves: /elsewhere/,
    },
    { drift: "by a link to nothing", script: "ln -sf nowhere $F/folder/file", anew },
    { drift: "by a named pipe", script: "rm $F/folder/file; mkfifo -m 640 $F/folder/file", anew },
  ],
};
