import { type Cases, failed, said } from "./cases";

const args = { host: "local", path: "/run/podnet/lab/node/file", content: "text\n" };
const base64 = (content: string | Buffer) => said(Buffer.from(content).toString("base64"));
const regular = said("644 regular file\n");
const write = `sh -c 'umask 077; cat >"$3" && chmod "$1" "$3" && mv -fT "$3" "$2"' sh`;
const unfinished = "/run/podnet/lab/node/.file.podnet";
const clear = `sh -c 'while [ $# -gt 1 ] && [ -e "$2" ] && { [ ! -d "$1" ] || rmdir "$1" 2>/dev/null; }; do rm -f "$2"; shift 2; done' sh`;
const folders =
  "/run/podnet/lab/node /run/podnet/lab/.owned/host/Folder-eac9d2b6f6c67b4b3e05 /run/podnet/lab /run/podnet/lab/.owned/host/Folder-0ec6ab1cf1a6d3f4bfd8 " +
  "/run/podnet /run/podnet/lab/.owned/host/Folder-0a3e3b4ad1e2b7f9f2f5 /run /run/podnet/lab/.owned/host/Folder-1f1b8c0f6d2dc8b1a0d1";

export const cases: Cases = {
  token: "podnet:linux:File",
  args,
  refused: [
    [{ path: "relative" }, "path", /absolute/],
    [{ path: "/" }, "path", /absolute/],
    [{ path: "/folder/" }, "path", /absolute/],
    [{ path: "/a\nb" }, "path", /absolute/],
    [{ path: "/a//b" }, "path", /without/],
    [{ path: "/a/../b" }, "path", /without/],
    [{ path: "/a/." }, "path", /without/],
    [{ content: "a\0b" }, "content", /NUL/],
    [{ content: "\ud800" }, "content", /half a character/],
    [{ content: undefined }, "content", /is missing/],
    [{ mode: "644" }, "mode", /write a mode as "0644"/],
    [{ mode: "0888" }, "mode", /write a mode as/],
  ],
  accepted: [{ path: "/a b/$(c)'" }, { content: "" }, { content: "✓ 😀 \r\n" }],
  create: [
    [{}, [`${write} 0644 /run/podnet/lab/node/file ${unfinished} <<'EOF'\ntext\nEOF`]],
    [{ path: "/x", content: "no newline", mode: "0600" }, [`printf %s 'no newline' | ${write} 0600 /x /.x.podnet`]],
    [{ content: "EOF\n" }, [`${write} 0644 /run/podnet/lab/node/file ${unfinished} <<'EOFF'\nEOF\nEOFF`]],
  ],
  change: {
    content: [[{ content: "" }, {}, [`${write} 0644 /run/podnet/lab/node/file ${unfinished} <<'EOF'\ntext\nEOF`]]],
    mode: [[{ mode: "4755" }, {}, ["chmod 0644 /run/podnet/lab/node/file"]]],
  },
  remove: [[{}, [`rm -df ${unfinished} /run/podnet/lab/node/file`, `${clear} ${folders}`]]],
  removeNothing: [`rm -df ${unfinished}`, `${clear} ${folders}`],
  found: [
    ["as asked", {}, [regular, base64("text\n")], { content: "text\n", mode: "0644" }],
    ["empty", {}, [said("600 regular empty file\n"), said("")], { content: "", mode: "0600" }],
    ["with a special mode", {}, [said("4755 regular file\n"), base64("text\n")], { content: "text\n", mode: "4755" }],
    ["without its last newline", {}, [regular, base64("text")], { content: "text", mode: "0644" }],
    ["with carriage returns", {}, [regular, base64("text\r\n")], { content: "text\r\n", mode: "0644" }],
    [
      "not text at all",
      {},
      [regular, base64(Buffer.from([0xff, 0xfe, 0x00]))],
      { content: "\ufffd\ufffd\0", mode: "0644" },
    ],
    ["not there", {}, [failed("stat: cannot statx '/run/x': No such file or directory"), said("")], undefined],
    [
      "a file where its folder should be",
      {},
      [failed("stat: cannot statx '/run/x/y': Not a directory"), said("")],
      undefined,
    ],
    ["a folder in its place", {}, [said("755 directory\n"), said("")], /is a directory, not a file/],
    ["a link in its place", {}, [said("777 symbolic link\n"), base64("text\n")], /is a symbolic link, not a file/],
  ],
  ids: [
    [{}, "local,/run/podnet/lab/node/file"],
    [{ path: "/with,comma" }, "local,/with,comma"],
  ],
};
