import { Host } from "../components/host";
import { functions } from "../components/linux/functions";
(async () => {
  const h = new Host("local", { type: "local" });
  console.log(await functions["podnet:linux:getFiles"]!(h, { folder: "/run/podnet/demo" }).catch((e) => e));
  await h.close();
})();
