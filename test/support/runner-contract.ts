/** What every Runner promises to the kinds, however its host is reached. */
import { CommandFailed, HostError, saysNotFound } from "../../components/host";
import type { Command, Host } from "../../components/host";

/** @param make a host that is reached anew; it is closed behind the test */
export function runnerContract(name: string, make: () => Host): void {
  describe(`Runner: ${name}`, () => {
    const hosts: Host[] = [];
    const open = (): Host => {
      const host = make();
      hosts.push(host);
      return host;
    };

    afterAll(async () => {
      await Promise.all(hosts.map((host) => host.close()));
    });

    const sh = (script: string) => ({ argv: ["sh", "-c", script] });
    const failure = (promise: Promise<unknown>): Promise<unknown> =>
      promise.then(() => undefined).catch((error: unknown) => error);

    const words = [
      ...[
        "",
        " ",
        "two words",
        "'",
        '"',
        "\\",
        "a'b\"c",
        "$HOME",
        "$(id)",
        "`id`",
        "*",
        "~",
        "!",
        "#",
        ";",
        "&&",
        "|",
        ">x",
        "<",
      ],
      ...[
        "-n",
        "--",
        "=",
        "a=b",
        "\n",
        "two\nlines\n",
        "\t",
        "\r",
        "%s %d",
        "\\n",
        "{a,b}",
        "[a]",
        "(",
        ")",
        "ä€😀",
        "\u0007\u001b[0m",
      ],
      ...["\x1e0123456789abcdef 0", "EOF", "x".repeat(100_000)],
    ];

    test("words arrive as they are", async () => {
      const [output] = await open().run([{ argv: ["printf", "%s\\0", ...words] }]);
      expect(output?.stdout.split("\0").slice(0, -1)).toEqual(words);
    });

    test.each([
      ["nothing", undefined],
      ["an empty text", ""],
      ["lines", "one\ntwo\n"],
      ["no newline at the end", "one\ntwo"],
      ["what ends a here-document", "EOF\nEOFF\n"],
      ["quotes and dollars", "'$HOME' \"$(id)\" `id` \\\n"],
      ["much", `${"0123456789abcdef\n".repeat(20_000)}`],
    ])("standard input: %s", async (_, stdin) => {
      const [output, next] = await open().run([{ argv: ["cat"], stdin }, { argv: ["echo", "next"] }]);
      expect(output?.stdout).toBe(stdin ?? "");
      expect(next?.stdout).toBe("next\n");
    });

    test("a NUL character is refused, and harms nobody", async () => {
      const host = open();
      await expect(host.run([{ argv: ["echo", "a\0b"] }])).rejects.toThrow("NUL");
      await expect(host.run([{ argv: ["cat"], stdin: "a\0b\n" }])).rejects.toThrow("NUL");
      expect((await host.run([sh("echo on")]))[0]?.stdout).toBe("on\n");
    });

    test("exit codes and both streams come back, each to its own command", async () => {
      const outputs = await open().ask([
        sh("echo out; echo err >&2"),
        sh("exit 7"),
        sh("printf 'no newline'"),
        sh("kill -9 $$"),
        sh("echo err2 >&2; exit 255"),
      ]);
      expect(outputs).toEqual([
        { code: 0, stdout: "out\n", stderr: "err\n" },
        { code: 7, stdout: "", stderr: "" },
        { code: 0, stdout: "no newline", stderr: "" },
        { code: 137, stdout: "", stderr: expect.any(String) as string },
        { code: 255, stdout: "", stderr: "err2\n" },
      ]);
    });

    test("run stops behind the first failure, whose command and words the error holds", async () => {
      const host = open();
      const error = await failure(host.run([sh("echo one"), sh("echo reason >&2; exit 3"), sh("echo never >&2")]));
      expect(error).toBeInstanceOf(CommandFailed);
      expect(error).toMatchObject({
        host: host.name,
        code: 3,
        stderr: "reason\n",
        command: sh("echo reason >&2; exit 3"),
      });
      expect((error as Error).message).toContain(`on host "${host.name}": reason`);
    });

    test("a question may fail, and what comes behind it runs", async () => {
      const outputs = await open().run([
        { argv: ["false"], mayFail: true },
        sh("echo on"),
        { argv: ["false"], mayFail: true },
      ]);
      expect(outputs.map(({ code }) => code)).toEqual([1, 0, 1]);
    });

    test("nothing to do is nothing done", async () => {
      const host = open();
      expect([await host.run([]), await host.ask([])]).toEqual([[], []]);
    });

    test("programs speak English, and what is not there is known by it", async () => {
      const outputs = await open().ask([
        { argv: ["ip", "link", "show", "dev", "nothing0"] },
        { argv: ["sysctl", "-n", "net.no.such.setting"] },
        { argv: ["no-such-program"] },
        { argv: ["ip", "netns", "exec", "no-such-netns", "true"] },
        sh("exit 1"),
      ]);
      expect(outputs.map(saysNotFound)).toEqual([true, true, false, true, false]);
    });

    test("of neighbouring changes the one that fails is named, and nothing behind it runs", async () => {
      const change = (dev: string): Command => ({ argv: ["ip", "link", "set", "dev", dev, "up"] });
      const look: Command = { argv: ["ip", "-j", "-d", "addr", "show", "dev", "lo"] };
      const host = open();
      const error = await failure(host.run([change("nothing0"), change("nothing1"), look]));
      expect(error).toMatchObject({ command: change("nothing0"), stderr: 'Cannot find device "nothing0"\n' });
      const [output] = await host.run([look]);
      expect(JSON.parse(output?.stdout ?? "")).toMatchObject([{ ifname: "lo" }]);
    });

    test("many jobs at once do not mix", async () => {
      const host = open();
      const jobs = Array.from({ length: 40 }, (_, i) =>
        host.run([sh(`sleep 0.0${i % 5}; echo ${i}; echo ${i} >&2`), sh(`echo ${i}`)]),
      );
      const outputs = await Promise.all(jobs);
      expect(outputs).toEqual(
        outputs.map((_, i) => [
          { code: 0, stdout: `${i}\n`, stderr: `${i}\n` },
          { code: 0, stdout: `${i}\n`, stderr: "" },
        ]),
      );
    });

    test("much output", async () => {
      const [output] = await open().run([
        sh("i=0; while [ $i -lt 20000 ]; do echo 0123456789012345678901234567890123456789ä; i=$((i+1)); done"),
      ]);
      expect(output?.stdout).toHaveLength(20_000 * 42);
    });

    test("a program that outlives its command holds nobody up", async () => {
      const host = open();
      await host.run([sh("(sleep 0.3; echo late; echo late >&2) & echo early")]);
      await new Promise((wake) => setTimeout(wake, 400));
      expect(await host.run([sh("echo on")])).toEqual([{ code: 0, stdout: "on\n", stderr: "" }]);
    });

    test("cancel: what runs finishes, nothing starts any more", async () => {
      const host = open();
      await Promise.all(Array.from({ length: 4 }, () => host.run([sh("sleep 0.5")]))); // Opens all its shells.
      const running = Promise.all(Array.from({ length: 4 }, () => host.run([sh("sleep 0.5; echo done")])));
      await new Promise((wake) => setTimeout(wake, 200));
      const waiting = failure(host.run([{ argv: ["true"] }]));
      host.cancel();
      expect((await running).map(([output]) => output?.stdout)).toEqual(Array(4).fill("done\n"));
      for (const error of [await waiting, await failure(host.run([{ argv: ["true"] }]))]) {
        expect(error).toBeInstanceOf(HostError);
        expect((error as Error).message).toBe(`stopped before the next command on host "${host.name}"`);
      }
    });
  });
}
