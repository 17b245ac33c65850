// Each rule about imports bites: a small project that breaks every one of them, and what dependency-cruiser says to it.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { projectRoot } from "../../../scripts/lib/environment";

/** Which file must not import which, by the rule that says so. */
const violations: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>> = {
  "no-cycles": [["components/host/a.ts", "components/host/b.ts"]],
  "host-is-the-ground": [
    ["components/host/x.ts", "components/linux/ok.ts"],
    ["components/host/x.ts", "provider/ok.ts"],
  ],
  "linux-knows-hosts-only": [
    ["components/linux/x.ts", "components/kubernetes/ok.ts"],
    ["components/linux/x.ts", "scripts/ok.ts"],
  ],
  "kubernetes-stands-on-linux": [
    ["components/kubernetes/x.ts", "components/host/ok.ts"],
    ["components/kubernetes/x.ts", "provider/ok.ts"],
  ],
  "reading-a-lab-touches-no-host": [
    ["components/kubernetes/manifests/x.ts", "components/linux/ok.ts"],
    ["components/kubernetes/workloads/x.ts", "components/linux/ok.ts"],
    ["components/kubernetes/addresses/x.ts", "components/linux/ok.ts"],
    ["components/kubernetes/addresses/x.ts", "components/kubernetes/ok.ts"],
  ],
  "manifests-give-no-addresses-but-check-them": [
    ["components/kubernetes/manifests/x.ts", "components/kubernetes/addresses/allocate.ts"],
  ],
  "provider-knows-no-kubernetes": [["provider/x.ts", "components/kubernetes/ok.ts"]],
  "provider-knows-no-kind-by-name": [["provider/x.ts", "components/linux/bridge.ts"]],
  "the-program-knows-kubernetes-only": [
    ["index.ts", "components/linux/ok.ts"],
    ["index.ts", "components/kubernetes/ok.ts"],
  ],
  "scripts-learn-labs-from-outputs": [
    ["scripts/x.ts", "components/kubernetes/index.ts"],
    ["scripts/x.ts", "components/kubernetes/addresses/allocate.ts"],
    ["scripts/x.ts", "provider/ok.ts"],
  ],
  "scripts-make-no-resources": [["scripts/x.ts", "components/linux/resources.ts"]],
  "only-tests-import-tests": [["components/host/x.ts", "test/ok.ts"]],
  "packages-that-run-are-dependencies": [["components/host/x.ts", "node_modules/for-developers/index.js"]],
  resolvable: [["scripts/x.ts", "scripts/missing.ts"]],
};

/** What each layer may import. */
const allowed: readonly (readonly [from: string, to: string])[] = [
  ["index.ts", "components/kubernetes/index.ts"],
  ["components/kubernetes/ok.ts", "components/linux/index.ts"],
  ["components/kubernetes/ok.ts", "components/kubernetes/manifests/ok.ts"],
  ["components/kubernetes/ok.ts", "components/kubernetes/addresses/allocate.ts"],
  ["components/kubernetes/addresses/allocate.ts", "components/kubernetes/manifests/ok.ts"],
  ["components/kubernetes/manifests/ok.ts", "components/kubernetes/workloads/ok.ts"],
  ["components/kubernetes/manifests/x.ts", "components/kubernetes/addresses/cidr.ts"],
  ["components/linux/ok.ts", "components/host/ok.ts"],
  ["provider/ok.ts", "components/linux/registry.ts"],
  ["provider/ok.ts", "components/host/ok.ts"],
  ["scripts/ok.ts", "components/kubernetes/manifests/ok.ts"],
  ["scripts/ok.ts", "components/linux/owned.ts"],
  ["scripts/ok.ts", "components/host/ok.ts"],
  ["scripts/record/ok.ts", "test/ok.ts"],
  ["test/real/ok.ts", "scripts/ok.ts"],
  ["test/real/ok.ts", "components/linux/resources.ts"],
];

const config = join(projectRoot, ".dependency-cruiser.cjs");

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

let found: Violation[];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "podnet-layers-"));
  try {
    writeProject(folder);
    found = await cruise(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("every rule has a violation here", () => {
  const { forbidden } = createRequire(__filename)(config) as { forbidden: { name: string }[] };
  expect(Object.keys(violations).sort()).toEqual(forbidden.map(({ name }) => name).sort());
});

test.each(Object.entries(violations).flatMap(([rule, pairs]) => pairs.map(([from, to]) => [rule, from, to])))(
  "%s: %s must not import %s",
  (rule, from = "", to = "") => {
    const seen = found.filter(
      (violation) => violation.from === from && (violation.to === to || to.endsWith("missing.ts")),
    );
    expect(seen.map((violation) => violation.rule.name)).toContain(rule);
  },
);

test.each(allowed)("%s may import %s", (from, to) => {
  expect(found.filter((violation) => violation.from === from && violation.to === to)).toEqual([]);
});

function writeProject(folder: string): void {
  const imports = new Map<string, Set<string>>();
  const pairs = [
    ...Object.values(violations).flat(),
    ...allowed,
    ["components/host/b.ts", "components/host/a.ts"] as const,
  ];
  for (const [from, to] of pairs) {
    imports.set(from, (imports.get(from) ?? new Set()).add(to));
    if (!to.endsWith("missing.ts") && !imports.has(to)) imports.set(to, new Set());
  }
  for (const [file, targets] of imports) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, [...targets].map((target) => `import "${specifier(file, target)}";\n`).join(""));
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { module: "node16" } }));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ devDependencies: { "for-developers": "1.0.0" } }));
  writeFileSync(
    join(folder, "node_modules", "for-developers", "package.json"),
    JSON.stringify({ name: "for-developers", version: "1.0.0", main: "index.js" }),
  );
}

function specifier(from: string, to: string): string {
  const [, name] = /^node_modules\/([^/]+)/.exec(to) ?? [];
  if (name !== undefined) return name;
  const path = relative(dirname(from), to).replace(/\.ts$/, "");
  return path.startsWith(".") ? path : `./${path}`;
}

function cruise(folder: string): Promise<Violation[]> {
  const program = join(projectRoot, "node_modules", ".bin", "depcruise");
  const inputs = ["index.ts", "components", "provider", "scripts", "test"];
  return new Promise((resolve, reject) => {
    // Violations make its exit code.
    execFile(
      program,
      ["--config", config, "--output-type", "json", ...inputs],
      { cwd: folder },
      (_, stdout, stderr) => {
        try {
          resolve((JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations);
        } catch {
          reject(new Error(stderr || stdout));
        }
      },
    );
  });
}
