// Commands arrive as they were said, through a real shell; what it says comes back, each answer to its command.
import fc from "fast-check";
import { type Command, ConnectionLost, type Output, line, perl as perlJob } from "../../../components/host";
import { type LocalAgent, openAgent } from "./local-agent";

let local: LocalAgent;
beforeAll(async () => void (local = await openAgent()));
afterAll(() => local.agent.close());

const run = (commands: readonly Command[], keepGoing = false): Promise<Output[]> =>
  local.agent.run(commands, 20_000, keepGoing);
const sh = (script: string, ...args: string[]): Command => ({ argv: ["sh", "-c", script, "sh", ...args] });
const perl = (script: string, ...args: string[]): Command => ({ argv: ["perl", "-e", script, ...args] });

/** Everything that a shell, a here-document or a pipe could trip over. */
const nasty = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      "\\",
      "$",
      "`",
      "\n",
      "\r",
      " ",
      "\t",
      "*",
      "~",
      "!",
      "#",
      "-",
      "EOF",
      "\x1e",
      "é",
      "😀",
      "%s",
      ";",
      "&",
      "(",
    ),
  }),
  fc.constantFrom(
    "",
    "-",
    "--",
    "-n",
    "$(id)",
    "`id`",
    "EOF\n",
    "EOF",
    "a\nEOF\nEOFF\n",
    "\n",
    "\n\n",
    "'",
    "''",
    "\\",
    "$HOME",
    "~",
    "*",
    "\x1b[0m",
  ),
);
const word = nasty.filter((text) => !text.includes("\0"));

test("words arrive unchanged", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (words) => {
      const [output] = await run([perl('print join "\\0", map { "<$_>" } @ARGV', "--", ...words)]);
      expect(output).toEqual({ code: 0, stdout: words.map((text) => `<${text}>`).join("\0"), stderr: "" });
    }),
    { numRuns: 300 },
  );
});

test("standard input arrives unchanged, with and without a last newline", async () => {
  await fc.assert(
    fc.asyncProperty(word, async (stdin) => {
      const [output] = await run([{ argv: ["od", "-An", "-v", "-tx1"], stdin }]);
      expect(output?.stdout.replaceAll(/\s/g, "")).toBe(Buffer.from(stdin).toString("hex"));
    }),
    { numRuns: 300 },
  );
});

test("a pasted line does what the command did", async () => {
  await fc.assert(
    fc.asyncProperty(word, word, async (argument, stdin) => {
      const command: Command = { argv: ["sh", "-c", 'printf %s "$1"; cat', "sh", argument], stdin };
      const [direct, pasted] = await run([command, { argv: ["sh", "-c", line(command)] }]);
      expect(pasted).toEqual(direct);
    }),
    { numRuns: 100 },
  );
});

test.each([["a\0b"], ["a\0b\n"], ["\0"]])("a NUL character is refused: %j", (text) => {
  expect(() => line({ argv: ["cat"], stdin: text })).toThrow("NUL");
  expect(() => line({ argv: [text] })).toThrow("NUL");
});

test("both streams and the code come back apart, however they end", async () => {
  const outputs = await run(
    [
      sh("printf out; printf err >&2; exit 3"),
      sh("echo out; echo err >&2"),
      sh("printf 'a\\n\\n'; exit 1"),
      sh(""),
      sh("kill -9 $$"),
    ],
    true,
  );
  expect(outputs).toEqual([
    { code: 3, stdout: "out", stderr: "err" },
    { code: 0, stdout: "out\n", stderr: "err\n" },
    { code: 1, stdout: "a\n\n", stderr: "" },
    { code: 0, stdout: "", stderr: "" },
    { code: 137, stdout: "", stderr: expect.stringMatching(/^(Killed\n)?$/) as string },
  ]);
});

test("the first failure ends a run, and a question is none", async () => {
  const outputs = await run([{ ...sh("exit 4"), mayFail: true }, sh("echo on"), sh("exit 5"), sh("echo never")]);
  expect(outputs.map(({ code, stdout }) => [code, stdout])).toEqual([
    [4, ""],
    [0, "on\n"],
    [5, ""],
  ]);
  // Nothing of it is left for the next.
  expect(await run([sh("echo next")])).toEqual([{ code: 0, stdout: "next\n", stderr: "" }]);
});

test("a command cannot read the rest of the script", async () => {
  const outputs = await run([{ argv: ["cat"] }, { argv: ["cat"], stdin: "mine\n" }, sh("cat; echo behind")]);
  expect(outputs.map(({ stdout }) => stdout)).toEqual(["", "mine\n", "behind\n"]);
});

test("a command that fails does not take its input along", async () => {
  const stdin = "#!/bin/sh\necho never\n".repeat(20_000);
  const outputs = await run([{ argv: ["false"], stdin }, { argv: ["echo", "next"] }], true);
  expect(outputs.map(({ code, stdout }) => [code, stdout])).toEqual([
    [1, ""],
    [0, "next\n"],
  ]);
});

test("5 MB both ways, and what is no text", async () => {
  const stdin = `${"0123456789abcde\n".repeat(327_680)}`;
  const [back, both, bytes] = await run([
    { argv: ["cat"], stdin },
    sh("yes out | head -c 5000000 & yes err | head -c 5000000 >&2; wait"),
    perl("print map chr, 0..255"),
  ]);
  expect(back?.stdout.length).toBe(stdin.length);
  expect(back?.stdout === stdin).toBe(true);
  expect([both?.stdout.length, both?.stderr.length]).toEqual([5_000_000, 5_000_000]);
  expect(bytes?.stdout.slice(0, 128)).toBe(Buffer.from([...Array(128).keys()]).toString());
});

test.each(["/bin/sh", "/bin/bash"])("a login's own sayings are nobody's answer (%s)", async (program) => {
  const { agent } = await openAgent("/bin/sh", ["-c", `echo Welcome; echo Attention >&2; exec ${program}`]);
  expect(await agent.run([{ argv: ["echo", "x"] }], 5000)).toEqual([{ code: 0, stdout: "x\n", stderr: "" }]);
  agent.close();
});

test("programs speak English and are found where an administrator's are", async () => {
  const { agent } = await openAgent("/usr/bin/env", ["-i", "LC_ALL=de_DE.UTF-8", "PATH=/usr/bin:/bin", "/bin/sh"]);
  const [output] = await agent.run([sh('echo "$LC_ALL $PATH"; umask')], 5000);
  expect(output?.stdout).toBe("C /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n0022\n");
  agent.close();
});

test("whatever Perl is told to do with characters, bytes are bytes", async () => {
  const { agent } = await openAgent("/usr/bin/env", ["PERL_UNICODE=SDA", "PERL5OPT=-CSDA", "/bin/sh"]);
  const [output] = await agent.run([{ argv: ["cat"], stdin: "é 😀" }], 5000);
  expect(output).toEqual({ code: 0, stdout: "é 😀", stderr: "" });
  agent.close();
});

describe.each(["here", "fork"] as const)("small jobs, run %s,", (inline) => {
  const job = (script: string, words: string[] = [], stdin?: string): Command =>
    perlJob(`use strict; ${script}`, words, { inline, stdin });

  test("have words and an input, and answer as a program does", async () => {
    const outputs = await run(
      [
        job('my ($a) = @ARGV; print "<$a>", <STDIN>', ["é'\n"], "in\nput"),
        job('print STDERR "why\\n"; exit 3'),
        job('print "half"; die "reason\\n"'),
        job("print {"),
      ],
      true,
    );
    expect(outputs.slice(0, 3)).toEqual([
      { code: 0, stdout: "<é'\n>in\nput", stderr: "" },
      { code: 3, stdout: "", stderr: "why\n" },
      { code: 255, stdout: "half", stderr: "reason\n" },
    ]);
    expect(outputs[3]).toMatchObject({ code: 255, stderr: expect.stringContaining("syntax error") as string });
  });

  test("begin anew each time", async () => {
    const counts = job("my $count; $count++; print $count");
    expect((await run([counts, counts, counts])).map(({ stdout }) => stdout)).toEqual(["1", "1", "1"]);
  });
});

describe("when it ends", () => {
  test("in the middle of a command, its effect is unknown", async () => {
    const { agent, kill } = await openAgent();
    const answer = agent.run([sh("echo half; sleep 5")], 5000);
    setTimeout(kill, 100);
    await expect(answer).rejects.toThrow(ConnectionLost);
    await expect(answer).rejects.toThrow(/nobody knows whether it took effect/);
    expect(agent.alive).toBe(false);
    await expect(agent.run([{ argv: ["true"] }], 5000)).rejects.toThrow(ConnectionLost);
  });

  test("in the middle of a look, there is none", async () => {
    const { agent, kill } = await openAgent();
    const answer = agent.run([sh("sleep 1")], 5000, true);
    setTimeout(kill, 100);
    await expect(answer).rejects.toThrow(
      / while this ran, which changes nothing; run podnet again:\n {2}sh -c 'sleep 1'/,
    );
  });

  test("by a command's own doing too", async () => {
    const { agent } = await openAgent();
    await expect(agent.run([sh("kill -9 $PPID")], 5000)).rejects.toThrow(/^here: .* while this ran/);
  });

  test("a silent command is given up, and named", async () => {
    const { agent, kill } = await openAgent();
    await expect(agent.run([{ argv: ["sleep", "5.5"] }], 200)).rejects.toThrow(
      /^here: no answer for 0.2 s while this ran.*\n {2}sleep 5.5$/,
    );
    expect(agent.alive).toBe(false);
    kill();
  });

  test("before its first answer, what it said is the reason", async () => {
    await expect(
      openAgent("/bin/sh", ["-c", "read line; echo 'This account is currently not available.' >&2; exit 1"]),
    ).rejects.toThrow(/This account is currently not available/);
  });
});
