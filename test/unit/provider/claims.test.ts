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

test("what a resource gives up another may take", () => {
  claims.claim("urn:1", kind("Veth"), veth("x", "y"));
  expect(claims.claim("urn:1", kind("Veth"), veth("x", "z"))).toBeUndefined();
  expect(claims.claim("urn:2", kind("Veth"), veth("w", "y"))).toBeUndefined();
});
