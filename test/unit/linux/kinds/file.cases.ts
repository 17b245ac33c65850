import { type Cases, said } from "./cases";

const args = { host: "local", path: "/run/podnet/lab/node/file", content: "text\n" };
const file = (mode: string, content: string | Buffer) => said(`${mode} file\n${Buffer.from(content).toString("hex")}`);
const write = "install -m";
const unfinished = "/run/podnet/lab/node/.file.podnet";
const clear = "perl clear-folders.pl";
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
    [{}, [`${write} 0644 -T /dev/stdin /run/podnet/lab/node/file <<'EOF'\ntext\nEOF`]],
    [{ path: "/x", content: "no newline", mode: "0600" }, [`printf %s 'no newline' | ${write} 0600 -T /dev/stdin /x`]],
    [{ content: "EOF\n" }, [`${write} 0644 -T /dev/stdin /run/podnet/lab/node/file <<'EOFF'\nEOF\nEOFF`]],
  ],
  change: {
    content: [[{ content: "" }, {}, [`${write} 0644 -T /dev/stdin /run/podnet/lab/node/file <<'EOF'\ntext\nEOF`]]],
    mode: [[{ mode: "4755" }, {}, ["chmod 0644 /run/podnet/lab/node/file"]]],
  },
  remove: [[{}, [`rm -df ${unfinished} /run/podnet/lab/node/file`, `${clear} ${folders}`]]],
  removeNothing: [`rm -df ${unfinished}`, `${clear} ${folders}`],
  found: [
    ["as asked", {}, [file("0644", "text\n")], { content: "text\n", mode: "0644" }],
    ["empty", {}, [file("0600", "")], { content: "", mode: "0600" }],
    ["with a special mode", {}, [file("4755", "text\n")], { content: "text\n", mode: "4755" }],
    ["without its last newline", {}, [file("0644", "text")], { content: "text", mode: "0644" }],
    ["with carriage returns", {}, [file("0644", "text\r\n")], { content: "text\r\n", mode: "0644" }],
    [
      "not text at all",
      {},
      [file("0644", Buffer.from([0xff, 0xfe, 0x00]))],
      { content: "\ufffd\ufffd\0", mode: "0644" },
    ],
    ["not there", {}, [said("")], undefined],
    ["a folder in its place", {}, [said("0755 directory\n")], /is a directory, not a file/],
    ["a link in its place", {}, [said("0777 symbolic link\n")], /is a symbolic link, not a file/],
  ],
  ids: [
    [{}, "local,/run/podnet/lab/node/file"],
    [{ path: "/with,comma" }, "local,/with,comma"],
  ],
};
