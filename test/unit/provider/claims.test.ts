import type { Args } from "../../../components/linux/kind";
import { kindOf } from "../../../components/linux/registry";
import { fill } from "../../../components/linux/schema";
import { Claims } from "../../../provider/claims";

const kind = (name: string) => kindOf(`podnet:linux:${name}`);
const args = (name: string, values: object): Args =>
  fill(kind(name).args, { host: "local", ...values }) as unknown as Args;
const veth = (name: string, peer: string): Args =>
  args("Veth", { netns: "lab.a", name, peer: { netns: "lab.b", name: peer } });
const file = args("File", { path: "/srv/x", content: "" });

let claims: Claims;
beforeEach(() => void (claims = new Claims()));

test("an object is one resource's", () => {
  expect(claims.claim("urn:1", kind("File"), file)).toBeUndefined();
  expect(claims.claim("urn:1", kind("File"), file)).toBeUndefined();
  expect(claims.claim("urn:2", kind("File"), file)).toEqual({ what: "File local,/srv/x", by: "urn:1" });
  expect(claims.holder("urn:2", kind("File"), file)).toBe("urn:1");
  expect(claims.holder("urn:1", kind("File"), file)).toBeUndefined();
});

test("interfaces of a namespace share their names, and so do both ends of a pair", () => {
  expect(claims.claim("urn:1", kind("Veth"), veth("x", "y"))).toBeUndefined();
  expect(claims.claim("urn:2", kind("Veth"), veth("z", "y"))).toEqual({
    what: 'interface y in lab.b on host "local"',
    by: "urn:1",
  });
  expect(claims.claim("urn:3", kind("Bridge"), args("Bridge", { netns: "lab.a", name: "x" }))?.by).toBe("urn:1");
  expect(claims.claim("urn:4", kind("Bridge"), args("Bridge", { netns: "lab.b", name: "x" }))).toBeUndefined();
});

test("a port of a namespace is one process's, and goes to another when the first is asked for no more", () => {
  const server = (netns: string, name: string, port: number): Args =>
    args("Process", { netns, name, command: ["serve"], listens: [{ protocol: "TCP", port }] });
  expect(claims.claim("urn:1", kind("Process"), server("lab.a", "x", 80))).toBeUndefined();
  expect(claims.claim("urn:2", kind("Process"), server("lab.a", "y", 80))).toEqual({
    ...{ property: "listens", what: 'TCP port 80 in lab.a on host "local"' },
    by: "urn:1",
  });
  expect(claims.claim("urn:3", kind("Process"), server("lab.b", "x", 80))).toBeUndefined();
  expect(claims.claim("urn:1", kind("Process"), server("lab.a", "x", 81))).toBeUndefined();
  expect(claims.claim("urn:2", kind("Process"), server("lab.a", "y", 80))).toBeUndefined();
  // What of it is still there goes with it, whoever has the port by now.
  expect(claims.holder("urn:4", kind("Process"), server("lab.a", "z", 80))).toBeUndefined();
});

test("what a resource gives up another may take", () => {
  claims.claim("urn:1", kind("Veth"), veth("x", "y"));
  expect(claims.claim("urn:1", kind("Veth"), veth("x", "z"))).toBeUndefined();
  expect(claims.claim("urn:2", kind("Veth"), veth("w", "y"))).toBeUndefined();
});
