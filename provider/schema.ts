// The plugin's schema, which `pulumi import` and `pulumi package get-schema` read, made from the kinds.
import { kinds } from "../components/linux/registry";

type Json = Record<string, unknown>;

/** JSON Schema's words as Pulumi's; an object without a name of its own is a map to Pulumi, or anything. */
function typeSpec(schema: Json): Json {
  if (schema["anyOf"]) return { type: "string" };
  if (schema["type"] === "array") return { type: "array", items: typeSpec(schema["items"] as Json) };
  if (schema["type"] === "object") return { type: "object", additionalProperties: { $ref: "pulumi.json#/Any" } };
  return { type: schema["type"] };
}

export function packageSchema(): string {
  const resources = kinds.map(({ token, description, args }) => {
    const all = Object.entries(args.properties as Record<string, Json>);
    const properties = Object.fromEntries(
      all.map(([name, spec]) => [name, { ...typeSpec(spec), description: spec["description"] }]),
    );
    const commands = {
      type: "array",
      items: { type: "string" },
      description: "The plain commands that make it; filled in by podnet.",
    };
    const required = all.filter(
      ([name, { default: fallback }]) => args.required?.includes(name) && fallback === undefined,
    );
    return [
      token,
      {
        description,
        inputProperties: properties,
        requiredInputs: required.map(([name]) => name),
        properties: { ...properties, commands },
        required: ["commands"],
      },
    ] as const;
  });
  return JSON.stringify({
    name: "podnet",
    version: "0.1.0",
    description: "Kubernetes' pod network out of plain Linux primitives",
    config: { variables: {} },
    provider: {
      inputProperties: {
        lab: { type: "string", description: "Name of the lab." },
        hosts: { type: "string", secret: true, description: "How each host is reached, as JSON." },
      },
      requiredInputs: ["lab", "hosts"],
    },
    resources: Object.fromEntries(resources),
    functions: {
      "podnet:linux:getFiles": {
        description: "All files of the lab below one of its folders on a host.",
        inputs: { properties: { host: { type: "string" }, folder: { type: "string" } }, required: ["host", "folder"] },
        outputs: {
          properties: { files: { type: "object", additionalProperties: { type: "string" } } },
          required: ["files"],
        },
      },
      "podnet:linux:getFeatures": {
        description: "Which of the things that only some hosts have a host has.",
        inputs: { properties: { host: { type: "string" } }, required: ["host"] },
        outputs: {
          properties: { nfacct: { type: "boolean" }, nftables: { type: "boolean" }, conntrack: { type: "boolean" } },
          required: ["nfacct", "nftables", "conntrack"],
        },
      },
    },
  });
}
