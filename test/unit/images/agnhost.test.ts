import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import dgram from "node:dgram";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";

const AGNHOST = path.resolve(__dirname, "../../../components/kubernetes/images/agnhost");
const LOOPBACK = "127.0.0.1";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Server {
  process: ChildProcess;
  tcp: number;
  tcp2: number;
  udp: number;
  /** What it said on stderr. */
  said: () => string;
  stop: () => Promise<number | null>;
}

const exited = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once("exit", (code) => resolve(code));
  });

async function freePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, "0.0.0.0", resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 5000): Promise<void> {
  for (const end = Date.now() + ms; !(await condition()); await sleep(10)) {
    if (Date.now() > end) throw new Error(`still not so after ${ms} ms: ${what}`);
  }
}

const connects = (port: number, host = LOOPBACK) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect(port, host);
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });

/** Starts a server as podnet does, except that Perl is told to be strict, and waits until it listens. */
async function start(file = AGNHOST, host = LOOPBACK): Promise<Server> {
  const [tcp, tcp2, udp] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(
    "perl",
    ["-Mstrict", "-Mwarnings", file, "--hostname=web-0", `--tcp=${tcp}`, `--tcp=${tcp2}`, `--udp=${udp}`],
    { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, LC_ALL: "C" } },
  );
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until("agnhost listens", async () => {
    if (child.exitCode !== null) throw new Error(`agnhost has ended: ${said}`);
    return (await connects(tcp, host)) && (await connects(tcp2, host));
  });
  const stop = () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 2000);
    return exited(child).finally(() => clearTimeout(late));
  };
  return { process: child, tcp, tcp2, udp, said: () => said, stop };
}

/** Starts a server that should not come up. */
const refused = (...args: string[]) =>
  spawnSync("perl", ["-Mstrict", "-Mwarnings", AGNHOST, ...args], {
    encoding: "utf8",
    timeout: 5000,
    env: { ...process.env, LC_ALL: "C" },
  });

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

function request(port: number, target: string, options: http.RequestOptions & { body?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = options;
    const sent = http.request({ host: LOOPBACK, port, path: target, agent: false, ...rest }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on("error", reject).end(body);
  });
}

const get = async (port: number, target: string) => (await request(port, target)).body;

/** A connection on which the test writes and reads bytes itself. */
class Wire {
  text = "";
  ended = false;
  readonly socket: net.Socket;
  constructor(port: number, host = LOOPBACK) {
    this.socket = net.connect({ port, host, allowHalfOpen: true });
    this.socket.setEncoding("latin1").on("data", (chunk: string) => (this.text += chunk));
    this.socket.on("end", () => (this.ended = true)).on("close", () => (this.ended = true));
    this.socket.on("error", () => (this.ended = true));
  }
  write(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }
  /** Waits until the server has closed, and gives all it has sent. */
  async rest(ms = 5000): Promise<string> {
    await until(`the server closes after ${JSON.stringify(this.text.slice(0, 200))}`, () => this.ended, ms);
    this.socket.destroy();
    return this.text;
  }
  async has(pattern: RegExp): Promise<string> {
    await until(`${pattern} in ${JSON.stringify(this.text.slice(0, 200))}`, () => pattern.test(this.text));
    return this.text;
  }
}

const raw = (port: number, bytes: string) => new Wire(port).write(bytes).rest();

/** Sends datagrams from one socket; what comes back within a moment. */
async function udp(
  port: number,
  ...messages: (string | Buffer)[]
): Promise<{ from: number; answers: string[]; senders: string[] }> {
  const socket = dgram.createSocket("udp4");
  const answers: string[] = [];
  const senders: string[] = [];
  socket.on("message", (message, sender) => {
    answers.push(message.toString());
    senders.push(`${sender.address}:${sender.port}`);
  });
  await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
  const from = socket.address().port;
  for (const message of messages) await new Promise((resolve) => socket.send(message, port, LOOPBACK, resolve));
  await sleep(100);
  await new Promise<void>((resolve) => socket.close(resolve));
  return { from, answers, senders };
}

const privateKB = (pid: number | undefined) =>
  [...readFileSync(`/proc/${pid}/smaps_rollup`, "utf8").matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)].reduce(
    (sum, [, kB]) => sum + Number(kB),
    0,
  );

const openFiles = (pid: number | undefined) =>
  spawnSync("ls", [`/proc/${pid}/fd`], { encoding: "utf8" })
    .stdout.trim()
    .split("\n").length;

/** A server whose limits are such that a test need not wait for long. */
async function startWith(changes: Record<string, string>): Promise<Server & { clean: () => void }> {
  let text = readFileSync(AGNHOST, "utf8");
  for (const [from, to] of Object.entries(changes)) {
    const pattern = new RegExp(from, "m");
    expect(text).toMatch(pattern);
    text = text.replace(pattern, to);
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), "agnhost-"));
  const file = path.join(folder, "agnhost");
  writeFileSync(file, text);
  const clean = () => rmSync(folder, { recursive: true });
  try {
    const server = await start(file, "::1" in changes ? "::1" : LOOPBACK);
    return { ...server, clean };
  } catch (error) {
    clean();
    throw error;
  }
}

describe("agnhost", () => {
  let server: Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    expect(server.said()).toBe("");
  });

  describe("over HTTP", () => {
    test("/hostname and /hostName", async () => {
      expect(await get(server.tcp, "/hostname")).toBe("web-0");
      expect(await get(server.tcp, "/hostName")).toBe("web-0");
      expect(await get(server.tcp, "/%68ostname?x=y")).toBe("web-0");
      expect(await get(server.tcp, "http://web.example/hostname")).toBe("web-0");
    });

    test("/clientip is the address and port the connection comes from", async () => {
      const wire = new Wire(server.tcp).write("GET /clientip HTTP/1.1\r\nHost: x\r\n\r\n");
      const text = await wire.has(/\d$/);
      expect(text).toMatch(new RegExp(`\r\n\r\n127\\.0\\.0\\.1:${wire.socket.localPort}$`));
      wire.socket.destroy();
    });

    test("/serverport is the port asked", async () => {
      expect(await get(server.tcp, "/serverport")).toBe(String(server.tcp));
      expect(await get(server.tcp2, "/serverport")).toBe(String(server.tcp2));
    });

    test("/healthz", async () => {
      expect(await request(server.tcp, "/healthz")).toMatchObject({ status: 200, body: "ok" });
    });

    test("/ and whatever is not known say what time it is", async () => {
      for (const target of [
        "/",
        "/?x",
        "/unknown",
        "/hostname/",
        "/HOSTNAME",
        "http://web.example",
        "http://web.example?x",
      ]) {
        const { status, body } = await request(server.tcp, target);
        expect(status).toBe(200);
        const [, day, time] = /^NOW: (\S+) (\S+) \+0000 UTC$/.exec(body) ?? [];
        expect(Math.abs(Date.parse(`${day}T${time}Z`) - Date.now())).toBeLessThan(3000);
      }
    });

    test.each(["/dial", "/exit", "/header", "/redirect", "/shell?cmd=id", "/shutdown", "/upload"])(
      "%s is not offered",
      async (target) => {
        const { status, body } = await request(server.tcp, target);
        expect(status).toBe(404);
        expect(body).toMatch(/is not offered\n$/);
        expect(await get(server.tcp, "/hostname")).toBe("web-0");
      },
    );

    test.each([
      ["msg=hello", 200, "hello"],
      ["", 200, ""],
      ["msg", 200, ""],
      ["msg=", 200, ""],
      ["msg=a%20b+c%2Bd%26e", 200, "a b c+d&e"],
      ["msg=%C3%BC%e2%82%ac", 200, "ü€"],
      ["msg=a=b", 200, "a=b"],
      ["m%73g=first&msg=second", 200, "first"],
      ["&&x=y&msg=z", 200, "z"],
      ["msg=%zz&msg=next", 200, "next"],
      ["msg=a;b", 200, ""],
      ["code=503&msg=no", 503, "no"],
      ["msg=no&code=418", 418, "no"],
      ["msg=no&code=%2B299", 299, "no"],
      ["msg=no&code=", 200, "no"],
      ["msg=no&code=abc", 200, `argument 'code' must be an integer or empty, got "abc"\n`],
      ["msg=no&code=99", 400, `argument 'code' must lie between 200 and 999, got "99"\n`],
      ["msg=no&code=1000", 400, `argument 'code' must lie between 200 and 999, got "1000"\n`],
    ])("/echo?%s", async (query, status, body) => {
      expect(await request(server.tcp, `/echo?${query}`)).toMatchObject({ status, body });
    });

    test("/echo with a code that allows no body", async () => {
      const answers = await raw(
        server.tcp,
        "GET /echo?code=204&msg=x HTTP/1.1\r\nHost: x\r\n\r\nGET /echo?code=304&msg=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      );
      expect(answers).toMatch(
        /^HTTP\/1.1 204 No Content\r\nDate: [^\r]*\r\n\r\nHTTP\/1.1 304 Not Modified\r\nDate: [^\r]*\r\nConnection: close\r\n\r\n$/,
      );
    });

    test("/echo as a form", async () => {
      const headers = { "Content-Type": "application/x-www-form-urlencoded" };
      const form = { method: "POST", headers, body: "msg=form+%41&code=201" };
      expect(await request(server.tcp, "/echo?msg=query&code=500", form)).toMatchObject({
        status: 201,
        body: "form A",
      });
      expect(await request(server.tcp, "/echo?msg=query", { ...form, body: "x=y" })).toMatchObject({
        status: 200,
        body: "query",
      });
      expect(await request(server.tcp, "/echo?msg=query", { method: "POST", body: "msg=text" })).toMatchObject({
        status: 200,
        body: "query",
      });
    });

    test("a message as long as a request may be", async () => {
      const msg = "m".repeat(16000);
      expect(await get(server.tcp, `/echo?msg=${msg}`)).toBe(msg);
    });

    test("an answer's headers", async () => {
      const { headers } = await request(server.tcp, "/hostname");
      expect(headers).toMatchObject({ "content-type": "text/plain; charset=utf-8", "content-length": "5" });
      expect(Math.abs(Date.parse(headers.date ?? "") - Date.now())).toBeLessThan(3000);
    });

    test("HEAD is GET without the body", async () => {
      const answer = await raw(server.tcp, "HEAD /hostname HTTP/1.0\r\n\r\n");
      expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\r\nContent-Length: 5\r\n[^]*\r\n\r\n$/);
    });

    test.each(["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])("%s is answered", async (method) => {
      expect(await request(server.tcp, "/hostname", { method })).toMatchObject({ status: 200, body: "web-0" });
    });

    test("bare line feeds do, as a person may type them", async () => {
      expect(await raw(server.tcp, "\nGET /hostname HTTP/1.0\n\n")).toMatch(/\r\n\r\nweb-0$/);
    });

    test("a client that has sent all and closes its side still gets its answer", async () => {
      const wire = new Wire(server.tcp);
      wire.socket.end("GET /hostname HTTP/1.1\r\nHost: x\r\n\r\n");
      expect(await wire.rest()).toMatch(/\r\n\r\nweb-0$/);
    });

    test("a request in many pieces, with the body it announces", async () => {
      const wire = new Wire(server.tcp);
      wire.socket.setNoDelay();
      const text =
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\nConnection: close\r\n\r\nmsg=piece";
      for (const piece of text.match(/[^]{1,7}/g) ?? []) {
        wire.write(piece);
        await sleep(2);
      }
      expect(await wire.rest()).toMatch(/ 200 OK\r\n[^]*\r\n\r\npiece$/);
    });

    test("Expect: 100-continue", async () => {
      const wire = new Wire(server.tcp);
      wire.write(
        "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: 6\r\n\r\n",
      );
      expect(await wire.has(/\r\n\r\n$/)).toBe("HTTP/1.1 100 Continue\r\n\r\n");
      wire.write("msg=hi");
      await wire.has(/\r\n\r\nhi$/);
      wire.socket.destroy();
    });
  });

  describe("connections", () => {
    test("HTTP/1.1 keeps a connection, and answers in order", async () => {
      const wire = new Wire(server.tcp);
      wire.write("GET /hostname HTTP/1.1\r\nHost: x\r\n\r\n");
      expect(await wire.has(/web-0$/)).not.toMatch(/Connection:/i);
      wire.write(
        "GET /echo?msg=1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo?msg=2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nGET GET /echo?msg=3 HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n",
      );
      const text = await wire.rest();
      expect(text.match(/\r\n\r\n[^\r]+?(?=HTTP\/|$)/g)).toEqual([
        "\r\n\r\nweb-0",
        "\r\n\r\n1",
        "\r\n\r\n2",
        "\r\n\r\n3",
      ]);
      expect(text.match(/Connection: close/g)).toHaveLength(1);
    });

    test("what comes after Connection: close is not looked at", async () => {
      const text = await raw(
        server.tcp,
        "GET /echo?msg=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /echo?msg=2 HTTP/1.1\r\nHost: x\r\n\r\n",
      );
      expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(1);
    });

    test("HTTP/1.0 closes", async () => {
      expect(await raw(server.tcp, "GET /hostname HTTP/1.0\r\n\r\n")).toMatch(/\r\nConnection: close\r\n\r\nweb-0$/);
    });

    test("HTTP/1.0 with Connection: keep-alive keeps", async () => {
      const wire = new Wire(server.tcp).write("GET /hostname HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
      await wire.has(/\r\nConnection: keep-alive\r\n\r\nweb-0$/);
      expect(await wire.write("GET /echo?msg=second HTTP/1.0\r\n\r\n").rest()).toMatch(
        /\r\nConnection: close\r\n\r\nsecond$/,
      );
    });

    test("hundreds of requests without waiting for an answer, and a client that does not read", async () => {
      const wire = new Wire(server.tcp);
      wire.socket.pause();
      const count = 3000;
      const msg = "m".repeat(1000);
      for (let i = 0; i < count; i++) wire.write(`GET /echo?msg=${msg} HTTP/1.1\r\nHost: x\r\n\r\n`);
      wire.write("GET /echo?msg=end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      await sleep(300);
      expect(await get(server.tcp, "/hostname")).toBe("web-0");
      wire.socket.resume();
      const text = await wire.rest();
      expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(count + 1);
      expect(text).toMatch(/\r\n\r\nend$/);
    });

    test("many at once", async () => {
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, i) => get(i % 2 ? server.tcp : server.tcp2, `/echo?msg=${i}`)),
      );
      expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    });
  });

  describe("bad requests", () => {
    const host = "Host: x\r\n";
    test.each([
      ["nonsense", "nonsense\r\n\r\n", 400],
      ["HTTP/0.9", "GET /\r\n\r\n", 400],
      ["two blanks", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400],
      ["a control character", `GET /\u0001 HTTP/1.1\r\n${host}\r\n`, 400],
      ["TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\n\n", 400],
      ["no path", `GET hostname HTTP/1.1\r\n${host}\r\n`, 400],
      ["a malformed escape", `GET /%zz HTTP/1.1\r\n${host}\r\n`, 400],
      ["CONNECT", `CONNECT x:443 HTTP/1.1\r\n${host}\r\n`, 400],
      ["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
      ["two Hosts", `GET / HTTP/1.1\r\n${host}${host}\r\n`, 400],
      ["a header without colon", `GET / HTTP/1.1\r\n${host}nonsense\r\n\r\n`, 400],
      ["a blank before the colon", `GET / HTTP/1.1\r\n${host}A : b\r\n\r\n`, 400],
      ["a folded header", `GET / HTTP/1.1\r\n${host}A: b\r\n c\r\n\r\n`, 400],
      ["a negative length", `POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, 400],
      ["two lengths", `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
      ["a body too long", `POST / HTTP/1.1\r\n${host}Content-Length: 16385\r\n\r\n`, 413],
      ["a body without end", `POST / HTTP/1.1\r\n${host}Content-Length: 99999999999999999999\r\n\r\n`, 400],
      ["chunks", `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 501],
      ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
      ["a target too long", `GET /${"x".repeat(20000)} HTTP/1.1\r\n${host}\r\n`, 431],
      ["headers too long", `GET / HTTP/1.1\r\n${host}${"A: b\r\n".repeat(5000)}\r\n`, 431],
      ["a line without end", "x".repeat(100000), 431],
    ])("%s", async (_, bytes, status) => {
      const answer = await raw(server.tcp, bytes);
      expect(answer).toMatch(
        new RegExp(`^HTTP/1\\.1 ${status} [^\r]+\r\n[^]*\r\nConnection: close\r\n\r\n${status} [^\n]+\n$`),
      );
      expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
      const [, length, body] = /Content-Length: (\d+)\r\n[^]*\r\n\r\n([^]*)$/.exec(answer) ?? [];
      expect(body).toHaveLength(Number(length));
    });

    test("who keeps on sending still gets the answer", async () => {
      const wire = new Wire(server.tcp);
      wire.socket.pause();
      for (let i = 0; i < 30; i++) {
        wire.write("x".repeat(10000));
        await sleep(5);
      }
      wire.socket.resume();
      expect(await wire.rest()).toMatch(/^HTTP\/1\.1 431 /);
    });

    test("blanks without end take no time", async () => {
      const begin = Date.now();
      const blanks = " ".repeat(15000);
      expect(await raw(server.tcp, `GET / HTTP/1.0\r\nA: x${blanks}x\r\nConnection:${blanks}x\r\n\r\n`)).toMatch(
        / (?:200|431) /,
      );
      expect(await raw(server.tcp, `GET / HTTP/1.0\r\nA: x${blanks}x\r\n\r\n`)).toMatch(/ 200 /);
      expect(await raw(server.tcp, `GET / HTTP/1.0\r\nConnection: x${blanks}x\r\n\r\n`)).toMatch(/ 200 /);
      expect(Date.now() - begin).toBeLessThan(1000);
    });
  });

  describe("slow and hostile clients", () => {
    test("a request that does not end holds up nobody", async () => {
      const slow = new Wire(server.tcp).write("GET /hostname HTTP/1.1\r\nHo");
      const silent = new Wire(server.tcp);
      await sleep(50);
      const begin = Date.now();
      for (let i = 0; i < 20; i++) expect(await get(server.tcp, "/hostname")).toBe("web-0");
      expect((await udp(server.udp, "hostname")).answers).toEqual(["web-0"]);
      expect(Date.now() - begin).toBeLessThan(2000);
      expect(await slow.write("st: x\r\nConnection: close\r\n\r\n").rest()).toMatch(/web-0$/);
      silent.socket.destroy();
    });

    test("clients that reset leave nothing behind", async () => {
      const before = openFiles(server.process.pid);
      for (let i = 0; i < 30; i++) {
        const wire = new Wire(server.tcp).write("GET /hostname HTTP/1.1\r\nHost: x\r\n\r\nGET /");
        await wire.has(/web-0$/);
        wire.socket.resetAndDestroy();
      }
      await until("the descriptors are closed", () => openFiles(server.process.pid) <= before);
    });

    test("who occupies all connections makes way for others", async () => {
      const silent = Array.from({ length: 520 }, () => new Wire(server.tcp));
      await until("they are connected", () => silent.every(({ socket }) => !socket.connecting));
      expect(await get(server.tcp, "/hostname")).toBe("web-0");
      await until("the oldest are dropped", () => silent.filter(({ ended }) => ended).length >= 20);
      expect(openFiles(server.process.pid)).toBeLessThan(520);
      expect(silent[519]?.ended).toBe(false);
      for (const { socket } of silent) socket.destroy();
    });

    test("nobody occupies a connection for ever", async () => {
      const quick = await startWith({ "(\\$IDLE_TIME += )\\d+": "$12", "(\\$REQUEST_TIME += )\\d+": "$12" });
      try {
        const before = openFiles(quick.process.pid);
        const begin = Date.now();
        const idle = new Wire(quick.tcp);
        const kept = new Wire(quick.tcp).write("GET /hostname HTTP/1.1\r\nHost: x\r\n\r\n");
        const slow = new Wire(quick.tcp);
        const dripping = setInterval(() => slow.write("x"), 100);
        const deaf = new Wire(quick.tcp);
        deaf.socket.pause();
        for (let i = 0; i < 8000; i++) deaf.write(`GET /echo?msg=${"m".repeat(2000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
        await Promise.all([idle.rest(8000), kept.rest(8000), slow.rest(8000)]);
        clearInterval(dripping);
        expect(kept.text).toMatch(/web-0$/);
        expect(slow.text).toBe("");
        await until("the deaf one is dropped", () => openFiles(quick.process.pid) <= before, 8000);
        expect(Date.now() - begin).toBeGreaterThan(1000);
        deaf.socket.destroy();
        expect(await get(quick.tcp, "/hostname")).toBe("web-0");
        expect(await quick.stop()).toBe(0);
        expect(quick.said()).toBe("");
      } finally {
        quick.process.kill("SIGKILL");
        quick.clean();
      }
    }, 20000);
  });

  describe("over UDP", () => {
    test("hostname and clientip", async () => {
      const { from, answers, senders } = await udp(server.udp, "hostname", "clientip");
      expect(answers).toEqual(["web-0", `127.0.0.1:${from}`]);
      expect(senders).toEqual([`127.0.0.1:${server.udp}`, `127.0.0.1:${server.udp}`]);
    });

    test("case, blanks and line ends do not matter, and echo answers in lower case", async () => {
      const { answers } = await udp(
        server.udp,
        "hostName\n",
        " HOSTNAME\r\n",
        "echo Hello World\n",
        "ECHO  two  blanks ",
        "echo a\nb",
      );
      expect(answers).toEqual(["web-0", "web-0", "hello world", " two  blanks", "a\nb"]);
    });

    test("nothing else is answered", async () => {
      const { answers } = await udp(
        server.udp,
        "",
        "\n",
        "echo",
        "echo ",
        "hostname x",
        "echofoo",
        Buffer.alloc(3000),
        " ".repeat(2048),
      );
      expect(answers).toEqual([]);
    });

    test("2048 bytes of a datagram are read", async () => {
      const { answers } = await udp(server.udp, `echo ${"a".repeat(3000)}`);
      expect(answers).toEqual(["a".repeat(2043)]);
    });

    test("blanks without end take no time", async () => {
      const begin = Date.now();
      const hostile = Array.from({ length: 200 }, (_, i) => (i % 2 ? " ".repeat(2048) : `x${" ".repeat(2000)}x`));
      expect((await udp(server.udp, ...hostile)).answers).toEqual([]);
      expect((await udp(server.udp, "hostname")).answers).toEqual(["web-0"]);
      expect(Date.now() - begin).toBeLessThan(2000);
    });
  });

  describe("start and end", () => {
    test("a TCP port that is taken", async () => {
      const { status, stdout, stderr } = refused("--hostname=x", `--tcp=${server.tcp}`);
      expect({ status, stdout, stderr }).toEqual({
        status: 1,
        stdout: "",
        stderr: `agnhost: cannot listen on TCP port ${server.tcp}: Address already in use (EADDRINUSE)\n`,
      });
    });

    test("a UDP port that is taken, and then no other listens", async () => {
      const free = await freePort();
      const { status, stderr } = refused("--hostname=x", `--tcp=${free}`, `--udp=${server.udp}`);
      expect(status).toBe(1);
      expect(stderr).toBe(`agnhost: cannot listen on UDP port ${server.udp}: Address already in use (EADDRINUSE)\n`);
    });

    test("the same port twice", async () => {
      const free = await freePort();
      const { status, stderr } = refused("--hostname=x", `--tcp=${free}`, `--tcp=${free}`);
      expect(status).toBe(1);
      expect(stderr).toBe(`agnhost: cannot listen on TCP port ${free}: Address already in use (EADDRINUSE)\n`);
    });

    test("of two that start at the same instant, one gets the ports", async () => {
      for (let round = 0; round < 20; round++) {
        const [tcp, tcp2] = [await freePort(), await freePort()];
        const both = [
          [`--tcp=${tcp}`, `--tcp=${tcp2}`],
          [`--tcp=${tcp2}`, `--tcp=${tcp}`],
        ].map((ports) => spawn("perl", [AGNHOST, "--hostname=x", ...ports], { stdio: "ignore" }));
        await until("one gives up", () => both.some(({ exitCode }) => exitCode === 1));
        await until("the other listens", async () => (await connects(tcp)) && (await connects(tcp2)));
        expect(both.filter(({ exitCode }) => exitCode === null)).toHaveLength(1);
        for (const child of both) child.kill();
        await Promise.all(both.map(exited));
      }
    });

    test("SCTP, where the kernel has none", async () => {
      const free = await freePort();
      const child = spawn("perl", [AGNHOST, "--hostname=x", `--sctp=${free}`], { stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
      await sleep(300);
      if (child.exitCode === null) {
        expect(readFileSync("/proc/net/protocols", "utf8")).toMatch(/^SCTP /m);
        child.kill();
      } else {
        expect(child.exitCode).toBe(1);
        expect(said).toBe(
          `agnhost: cannot listen on SCTP port ${free}: Protocol not supported (EPROTONOSUPPORT): this kernel has no SCTP\n`,
        );
      }
      await exited(child);
    });

    test.each([
      [["--tcp=80"], "--hostname is missing"],
      [["--hostname="], "--hostname= is not an option"],
      [["--hostname=x", "--tcp=0"], "--tcp=0 is not an option"],
      [["--hostname=x", "--tcp=65536"], "--tcp=65536 is not an option"],
      [["--hostname=x", "--udp=http"], "--udp=http is not an option"],
      [["netexec"], "netexec is not an option"],
    ])("%j", (args, message) => {
      const { status, stderr } = refused(...args);
      expect(status).toBe(2);
      expect(stderr).toBe(
        `agnhost: ${message}\nusage: agnhost --hostname=NAME [--tcp=PORT]... [--udp=PORT]... [--sctp=PORT]...\n`,
      );
    });

    test("it is called agnhost, and its arguments stay as they were", () => {
      const proc = `/proc/${server.process.pid}`;
      expect(readFileSync(`${proc}/comm`, "utf8")).toBe("agnhost\n");
      expect(readFileSync(`${proc}/cmdline`, "utf8")).toBe(
        [
          "perl",
          "-Mstrict",
          "-Mwarnings",
          AGNHOST,
          "--hostname=web-0",
          `--tcp=${server.tcp}`,
          `--tcp=${server.tcp2}`,
          `--udp=${server.udp}`,
          "",
        ].join("\0"),
      );
      expect(readFileSync(`${proc}/task/${server.process.pid}/children`, "utf8")).toBe("");
    });

    test.each(["SIGTERM", "SIGINT"] as const)(
      "%s ends it at once, and the next one can listen right away",
      async (signal) => {
        const port = await freePort();
        const args = [AGNHOST, "--hostname=first", `--tcp=${port}`];
        const first = spawn("perl", args, { stdio: "ignore" });
        await until("it listens", () => connects(port));
        // The server closes first, so that its side of the connection lingers in TIME-WAIT.
        expect(await raw(port, "GET /hostname HTTP/1.0\r\n\r\n")).toMatch(/first$/);
        const kept = new Wire(port).write("GET /hostname HTTP/1.1\r\nHost: x\r\n\r\n");
        await kept.has(/first$/);
        const begin = Date.now();
        first.kill(signal);
        expect(await exited(first)).toBe(0);
        expect(Date.now() - begin).toBeLessThan(500);
        const second = spawn("perl", args, { stdio: "ignore" });
        await until("the next one listens", () => connects(port));
        expect(second.exitCode).toBeNull();
        second.kill();
        await exited(second);
        kept.socket.destroy();
      },
    );

    test("without a port it waits", async () => {
      const child = spawn("perl", [AGNHOST, "--hostname=x"], { stdio: "ignore" });
      await sleep(200);
      expect(child.exitCode).toBeNull();
      child.kill();
      expect(await exited(child)).toBe(0);
    });

    test("one line makes it IPv6", async () => {
      if (!readFileSync("/proc/net/if_inet6", "utf8").includes(" lo\n")) return; // nothing to try it on
      const six = await startWith({
        "^my \\(\\$FAMILY, \\$ANY\\) = \\(2, .*?\\);": 'my ($$FAMILY, $$ANY) = (10, "\\0" x 16);',
      });
      try {
        for (const [host, expected] of [
          ["::1", (port: number) => `[::1]:${port}`],
          [LOOPBACK, (port: number) => `127.0.0.1:${port}`],
        ] as const) {
          const wire = new Wire(six.tcp, host).write("GET /clientip HTTP/1.0\r\n\r\n");
          const text = await wire.has(/\r\n\r\n.*\d$/);
          expect(text.split("\r\n\r\n")[1]).toBe(expected(Number(/(\d+)$/.exec(text)?.[1])));
          await wire.rest();
        }
      } finally {
        await six.stop();
        six.clean();
      }
    });
  });

  test("memory, for information", async () => {
    const count = 20;
    const servers = await Promise.all(
      Array.from({ length: count }, async () => {
        const port = await freePort();
        const child = spawn("perl", [AGNHOST, "--hostname=x", `--tcp=${port}`], { stdio: "ignore" });
        await until("it listens", () => connects(port));
        return child;
      }),
    );
    const kB = servers.reduce((sum, { pid }) => sum + privateKB(pid), 0) / count;
    process.stderr.write(`agnhost: ${Math.round(kB)} kB of private memory each\n`);
    for (const child of servers) child.kill();
    await Promise.all(servers.map(exited));
  });
});
