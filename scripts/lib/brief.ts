// What Pulumi says to a file or a pipe, made short. In a terminal it draws a table; elsewhere it prints a line for each step of each
// resource (pulumi/pkg/backend/display/progress.go), and no option of its own leaves these out.
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { say } from "../toolchain/progress";

/** ` +  podnet:linux:Link demo.node1/eth0 created (0.1s)`, perhaps with a message behind it. A preview has no times. */
const row = /^ ?\S{0,2} +[\w-]+:[\w/-]+:\w+ .*$/;
const begins = /(creat|updat|delet|replac|refresh|read|import|discard)ing( \(\d+s\))? *$/;
const unchanged = /^ {4}\S+ \S+ +(running *)?$/;
/** Looked at, and found as it was. */
const looked = /^ ?~ .* refresh(ed)?( \(\d+(\.\d+)?s\))? *$/;
const hint = /^(The resources in the stack have been deleted, but|If you want to remove the stack completely)/;

/** As much of a row as stands before a warning. Where there is an error, that is what the row tells. */
const beforeWarning = /^((?:(?! error: ).)*?),? warning: .*$/;

/** Where the rows end. */
const section = /^(Diagnostics|Outputs|Resources|Duration|Policies)\b/;

const shownChanges = 20;
const heartbeatSeconds = 5;

/** Passes on changes and problems, as long as the changes are few, and the summary; in between, how far it is. */
export function brief(from: Readable, write = (line: string): void => void process.stdout.write(`${line}\n`)): void {
  let [changes, done, inRows, wasEmpty] = [0, 0, true, false];
  let told = 0;
  const heartbeat = setInterval(() => {
    if (done > told) say(`  ${done} steps done`);
    told = done;
  }, heartbeatSeconds * 1000);
  const show = (line: string): void => {
    // What was left out leaves no holes.
    if (line !== "" || !wasEmpty) write(line);
    wasEmpty = line === "";
  };
  const hear = (text: string): void => {
    inRows &&= !section.test(text);
    if (hint.test(text) || /^@ [\w ]+\.+$/.test(text)) return;
    if (!inRows || !row.test(text)) return show(text);
    // The diagnostics at the end say each warning, and whole.
    const line = text.replace(beforeWarning, "$1");
    if (begins.test(line)) return;
    done++;
    if (unchanged.test(line) || looked.test(line)) return;
    const isPlain = /\(\d+(\.\d+)?s\) *$/.test(line) && !/failed \(/.test(line);
    if (isPlain) changes++;
    if (!isPlain || changes <= shownChanges) show(line.trimEnd());
    else if (changes === shownChanges + 1) show("    ... and more, which the summary counts");
  };
  createInterface({ input: from })
    .on("line", hear)
    .on("close", () => clearInterval(heartbeat));
}
