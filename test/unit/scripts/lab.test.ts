/** Which lab a command line means. */
import { join } from "node:path";
import { command, parsePulumiOptions, withLab, withPulumiOptions } from "../../../scripts/lib/command";
import { projectRoot } from "../../../scripts/lib/environment";
import { labName, labPath } from "../../../scripts/lib/lab";

const parse = (...args: string[]) => parsePulumiOptions(withPulumiOptions(withLab(command("up", ""))), args);

test("a name comes before Pulumi's options, which stay as they are", () => {
  expect(parse("node-port", "--diff")).toEqual({ lab: {}, name: "node-port", rest: ["--diff"] });
  expect(parse("--target", "urn", "--diff")).toEqual({ lab: {}, name: undefined, rest: ["--target", "urn", "--diff"] });
  expect(parse("--diff", "--lab", "x")).toEqual({ lab: { lab: "x" }, name: undefined, rest: ["--diff"] });
  expect(parse("--", "--diff")).toEqual({ lab: {}, name: undefined, rest: ["--diff"] });
  expect(() => parse("node-port", "demo")).toThrow('"demo" is no option');
  expect(parse()).toEqual({ lab: {}, name: undefined, rest: [] });
});

test("a name stands for the files that are known of it", () => {
  expect(labPath({}, "node-port")).toBe(join(projectRoot, "labs/node-port"));
  expect(labPath({ stack: "node-port" })).toBe(join(projectRoot, "labs/node-port"));
  expect(labPath({})).toBe(join(projectRoot, "labs/demo"));
  expect(labName({})).toBe("demo");
  expect(labName({}, "of-nobody")).toBe("of-nobody");
});

test.each([
  ["node-prot", 'there is no lab "node-prot" whose files are known; did you mean "node-port"?'],
  [
    "labs/nodes-and-ports",
    /there is no lab "labs\/nodes-and-ports" whose files are known; there are .*\bdemo, .*--lab FOLDER/,
  ],
])("%s: what there is, is said", (name, message) => {
  expect(() => labPath({}, name)).toThrow(message);
});

test("two ways to say which are one too many", () => {
  const message = "say which lab in one way";
  expect(() => labPath({ lab: "labs/demo" }, "demo")).toThrow(message);
  expect(() => labPath({ lab: "labs/demo", stack: "demo" })).toThrow(message);
  expect(() => labName({ stack: "demo" }, "demo")).toThrow(message);
});
