/**
 * Cuts the schema of the objects that podnet reads or will read out of Kubernetes' own OpenAPI description, and writes
 * it to components/kubernetes/manifests. Needs Go, which fetches the module k8s.io/kubernetes (about 30 MB, once):
 *
 *   node -r ./provider/typescript.cjs scripts/record/kubernetes-schema.ts
 */
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../toolchain/run";

const version = "v1.35.0";
const target = join(__dirname, `../../components/kubernetes/manifests/kubernetes-${version.replace(/\.0$/, "")}.json`);

const roots = [
  ...["ConfigMap", "Endpoints", "Namespace", "Node", "Pod", "Secret", "Service"].map((kind) => `core.v1.${kind}`),
  ...["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"].map((kind) => `apps.v1.${kind}`),
  ...["Ingress", "NetworkPolicy"].map((kind) => `networking.v1.${kind}`),
  "discovery.v1.EndpointSlice",
];

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface Definition {
  [key: string]: Json | undefined;
  properties?: Record<string, Record<string, Json>>;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
}

const prefix = "#/definitions/";

/** `io.k8s.api.core.v1.Pod` and `io.k8s.apimachinery.pkg.api.resource.Quantity` say nothing more than these. */
const shorten = (name: string): string => name.replace(/^io\.k8s\.(api|apimachinery\.pkg(\.apis|\.api|\.util)?)\./, "");

/** What Go's own unmarshalling takes and the description calls a string. */
const rewritten: Record<string, Definition> = {
  "resource.Quantity": { type: ["string", "number"], format: "quantity" },
  "intstr.IntOrString": { type: ["integer", "string"] },
};

async function main(): Promise<void> {
  const { definitions } = JSON.parse(await readFile(await download(), "utf8")) as {
    definitions: Record<string, Definition>;
  };
  const byShortName = new Map(Object.entries(definitions).map(([name, definition]) => [shorten(name), definition]));

  const cuts = new Map<string, Json>();
  const cut = (name: string): void => {
    if (cuts.has(name)) return;
    const definition = rewritten[name] ?? byShortName.get(name);
    if (definition === undefined) throw new Error(`Kubernetes ${version} does not define ${name}`);
    cuts.set(name, null); // before its own references, which may lead back here
    cuts.set(name, { title: name.split(".").at(-1) as string, ...(strict(definition, cut) as object) });
  };
  roots.forEach(cut);

  const lines = [...cuts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, schema]) => line(name, schema));
  const kinds = Object.entries(kindsOf(definitions)).map(([kind, versions]) => line(kind, versions));
  await writeFile(
    target,
    `{\n"source": "k8s.io/kubernetes ${version} api/openapi-spec/swagger.json, cut by scripts/record/kubernetes-schema.ts",\n` +
      `"kinds": {\n${kinds.join(",\n")}\n},\n"definitions": {\n${lines.join(",\n")}\n}\n}\n`,
  );
}

const line = (key: string, value: Json): string => `${JSON.stringify(key)}: ${JSON.stringify(value)}`;

async function download(): Promise<string> {
  // Away from any go.mod, which would have its say in what is fetched.
  const answer = await run(["go", "mod", "download", "-json", `k8s.io/kubernetes@${version}`], { cwd: tmpdir() });
  return join((JSON.parse(answer) as { Dir: string }).Dir, "api/openapi-spec/swagger.json");
}

/** A schema that refuses fields that it does not know, without prose. */
function strict(schema: Json | Definition | undefined, reach: (name: string) => void): Json {
  if (Array.isArray(schema)) return schema.map((item) => strict(item, reach));
  if (schema === null || typeof schema !== "object") return schema as Json;
  const definition: Definition = schema;
  const { $ref, properties, additionalProperties, items, required, type, format } = definition;
  if (typeof $ref === "string") {
    const name = shorten($ref.slice(prefix.length));
    reach(name);
    return { $ref: prefix + name };
  }
  const kept: Record<string, Json> = {};
  if (type !== undefined) kept["type"] = type;
  if (format !== undefined) kept["format"] = format;
  if (required !== undefined) kept["required"] = required;
  if (items !== undefined) kept["items"] = strict(items, reach);
  if (additionalProperties !== undefined) kept["additionalProperties"] = strict(additionalProperties, reach);
  if (properties !== undefined) {
    kept["properties"] = Object.fromEntries(
      Object.entries(properties).map(([field, value]) => [field, strict(value, reach)]),
    );
    kept["additionalProperties"] = false;
  }
  return kept;
}

/** Every kind that Kubernetes itself stores, so that a kind which podnet does not build is told from a misspelt one. */
function kindsOf(definitions: Record<string, Definition>): Record<string, string[]> {
  const kinds: Record<string, string[]> = {};
  for (const definition of Object.values(definitions)) {
    if (definition.properties?.["metadata"]?.["$ref"] !== `${prefix}io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`)
      continue;
    for (const { group, version, kind } of definition["x-kubernetes-group-version-kind"] ?? [])
      (kinds[kind] ??= []).push(group === "" ? version : `${group}/${version}`);
  }
  return Object.fromEntries(Object.entries(kinds).sort(([a], [b]) => (a < b ? -1 : 1)));
}

void main();
