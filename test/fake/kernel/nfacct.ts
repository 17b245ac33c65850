// nfacct(8): counters of a namespace, which count nothing here.
import type { Output } from "../../../components/host";
import { refuse, said, unknownCommand } from "./answer";
import type { Space } from "./kernel";

export function nfacct(space: Space, [, verb, name = ""]: readonly string[]): Output {
  const { counters } = space;
  const nothing = "0".repeat(20);
  if (verb === "list")
    return said([...counters].map((name) => `{ pkts = ${nothing}, bytes = ${nothing} } = ${name};\n`).join(""));
  if (verb !== "add" && verb !== "delete") return unknownCommand(["nfacct", verb ?? ""]);
  if (counters.has(name) === (verb === "add"))
    return refuse(
      1,
      `nfacct v1.0.2: error: ${verb === "add" ? "Device or resource busy" : "No such file or directory"}`,
    );
  if (verb === "add") counters.add(name);
  else counters.delete(name);
  return said();
}
