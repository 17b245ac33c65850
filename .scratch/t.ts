import { Host } from "/work/main/components/host";
(async () => {
  const t0 = Date.now();
  const h = new Host("local", { type: "local" });
  console.log(await h.run([{ argv: ["echo", "a'b\n$(id) ü"] }, { argv: ["cat"], stdin: "x\r\ny" }, { argv: ["cat"], stdin: "EOF\nz\n" }]), Date.now() - t0);
  const t1 = Date.now();
  for (let i = 0; i < 100; i++) await h.run([{ argv: ["ip", "-V"] }]);
  console.log("per command", (Date.now() - t1) / 100);
  const t2 = Date.now();
  await Promise.all(Array.from({ length: 200 }, () => h.run([{ argv: ["ip", "-V"] }])));
  console.log("parallel per command", (Date.now() - t2) / 200);
  console.log(await h.ask([{ argv: ["false"] }, { argv: ["sh", "-c", "echo oops >&2; exit 3"] }, { argv: ["true"] }]));
  await h.run([{ argv: ["true"] }, { argv: ["sh", "-c", "echo oops >&2; exit 3"] }, { argv: ["true"] }]).catch((e) => console.log(e.message));
  await h.close();
})();
