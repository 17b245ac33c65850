// The documentation against what it speaks of.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { LabError, parseLab } from "../../../components/kubernetes/manifests";
import { projectRoot } from "../../../scripts/lib/environment";
import { blocksOf, followed, missingLines, patched, read, stepsOf } from "../../support/markdown";

const inDocs = readdirSync(join(projectRoot, "docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
const labs = readdirSync(join(projectRoot, "labs"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const inLabs = labs.map((name) => `labs/${name}/README.md`).filter((path) => existsSync(join(projectRoot, path)));
const documents = ["README.md", "CHANGELOG.md", "labs/README.md", ...inDocs, ...inLabs];

const isThere = (path: string): boolean => existsSync(join(projectRoot, path));

/** Text without its blocks of code. */
const prose = (markdown: string): string => markdown.replaceAll(/^(`{3,})[^\n]*\n[^]*?\n\1$/gm, "");

describe.each(documents)("%s", (document) => {
  const markdown = read(document);

  test("leads to files that are there", () => {
    const links = [...prose(markdown).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link = ""]) => link);
    const local = links.filter((link) => !link.startsWith("https://"));
    expect(local.filter((link) => !isThere(join(dirname(document), link)))).toEqual([]);
  });

  test("names commands that are there", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = [...markdown.matchAll(/npm run (?:-s |--silent )?([a-z][a-z:-]*)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test("shows labs without problems", () => {
    const labs = blocksOf(markdown).filter(({ text }) => /^kind: Lab$/m.test(text) && text.startsWith("apiVersion"));
    expect(labs.flatMap(({ line, text }) => problemsOf(text).map((problem) => `line ${line}: ${problem}`))).toEqual([]);
  });

  test("shows files of the project as they are", () => {
    for (const step of stepsOf(markdown))
      if (step.do === "write" && isThere(step.path)) expect(`${step.text}\n`).toBe(read(step.path));
  });
});

test("the index names every document", () => {
  const missing = inDocs.filter(
    (path) => path !== "docs/README.md" && !read("docs/README.md").includes(`(${path.slice(5)})`),
  );
  expect(missing).toEqual([]);
});

test("the list of labs has each of them, and how to start it", () => {
  const list = read("labs/README.md");
  const start = (name: string): string => (name === "demo" ? "`npm run up`" : `\`npm run up -- --lab labs/${name}\``);
  const rows = labs.map((name) => new RegExp(`^\\|.*\\[${name}\\]\\(.*${start(name)} *\\|$`, "m"));
  expect(rows.filter((row) => !row.test(list))).toEqual([]);
});

test("every document with commands is followed by a test", () => {
  const tested = [...followed, "docs/import.md"]; // test/real/docs.test.ts, test/real/import.test.ts
  expect(documents.filter((document) => stepsOf(read(document)).length > 0).sort()).toEqual(tested.sort());
});

test("every path that the architecture names is there", () => {
  const words = [...prose(read("docs/architecture.md")).matchAll(/`([\w.-]+(?:\/[\w.-]+)*)`/g)].map(
    ([, word = ""]) => word,
  );
  const paths = words.filter((word) =>
    /^(index\.ts|\.dependency-cruiser\.cjs|components|provider|scripts|test)(\/|$|\.)/.test(word),
  );
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !isThere(path))).toEqual([]);
});

test("every script has a command, and every command a script", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const called = Object.values(scripts).map(
    (line) => /^node (?:--\S+ )?scripts\/podnet\.mjs ([\w-]+)$/.exec(line)?.[1],
  );
  const there = readdirSync(join(projectRoot, "scripts")).flatMap((name) => /^(.*)\.ts$/.exec(name)?.[1] ?? []);
  expect(called.sort()).toEqual(there.sort());
});

test("the licence is the one that package.json names", () => {
  const { license } = JSON.parse(read("package.json")) as { license: string };
  expect(license).toBe("Apache-2.0");
  expect(readFileSync(join(projectRoot, "LICENSE"), "utf8")).toContain(
    "Apache License\n                           Version 2.0",
  );
});

describe("following a document", () => {
  test("expected lines come in order, `…` stands for anything", () => {
    const printed = "a  1\nb 2\nc 3\n";
    expect(missingLines("a 1\nc …", printed)).toEqual([]);
    expect(missingLines("c 3\na 1", printed)).toEqual(["a 1"]);
    expect(missingLines("a\nb 2", printed)).toEqual(["a"]);
  });

  test("a change fits in one place, or is refused", () => {
    expect(patched("a\nb\nc\nd\n", " a\n+x\n@@\n-c\n+y")).toBe("a\nx\nb\ny\nd\n");
    expect(() => patched("a\na\n", " a\n+x")).toThrow("2 places");
    expect(() => patched("a\n", " b\n+x")).toThrow("0 places");
  });
});

/** What is wrong with a lab that a document shows; a fragment of one gets a node. */
function problemsOf(text: string): string[] {
  const node = "---\napiVersion: v1\nkind: Node\nmetadata: { name: node1 }\n";
  try {
    parseLab([{ file: "block.yaml", text: /^kind: Node$/m.test(text) ? text : `${text}\n${node}` }]);
    return [];
  } catch (error) {
    if (error instanceof LabError) return [error.message];
    throw error;
  }
}
