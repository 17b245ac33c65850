import { FakeHost } from "./host";
import { walk } from "./walk";
import { Faulty } from "./faults";
test("x", async () => {
  const host = new FakeHost();
  const log: string[] = [];
  const orig = (Faulty.prototype as any).answer;
  (Faulty.prototype as any).answer = async function (c: any) {
    const w = c.argv.join(" ");
    let r: any; try { r = await orig.call(this, c); } catch (e) { if (/server 9090|Process-/.test(w)) log.push("THROW " + w.slice(0, 300)); throw e; }
    if (/server 9090|host\/Process-/.test(w) && !/where=inside/.test(w)) log.push(`${r.code} ${w.slice(0, 60)} ... ${w.slice(-150)} ${r.stderr}`);
    return r;
  };
  await walk(host, Number(process.env["PODNET_SEED"]), 60).catch((e) => log.push(e.message));
  console.log(log.slice(-40).join("\n"));
});
