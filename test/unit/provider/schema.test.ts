// The plugin's schema, which `pulumi import` and `pulumi package get-schema` read.
import Ajv from "ajv";
import { kinds } from "../../../components/linux/registry";
import { packageSchema } from "../../../provider/schema";

interface Spec {
  readonly resources: Record<string, Resource>;
  readonly functions: Record<string, unknown>;
  readonly provider: { readonly inputProperties: Record<string, { readonly secret?: boolean }> };
}
interface Resource {
  readonly description: string;
  readonly inputProperties: Record<string, unknown>;
  readonly requiredInputs: readonly string[];
  readonly properties: Record<string, unknown>;
  readonly required: readonly string[];
}

const spec = JSON.parse(packageSchema()) as Spec;

/** What Pulumi's metaschema says of a property's type, as far as podnet uses it. */
const type = {
  type: "object",
  required: ["type"],
  properties: {
    type: { enum: ["string", "integer", "boolean", "array", "object"] },
    items: { $ref: "#/$defs/type" },
    additionalProperties: {
      type: "object",
      properties: { $ref: { const: "pulumi.json#/Any" } },
      required: ["$ref"],
      additionalProperties: false,
    },
    description: { type: "string", minLength: 1 },
    secret: { type: "boolean" },
  },
  additionalProperties: false,
  allOf: [
    {
      if: { properties: { type: { const: "array" } } },
      then: { required: ["items"] },
      else: { not: { required: ["items"] } },
    },
    { if: { properties: { type: { const: "object" } } }, then: { required: ["additionalProperties"] } },
  ],
};
const described = { allOf: [{ $ref: "#/$defs/type" }, { required: ["description"] }] };
const valid = new Ajv({ strict: false }).compile({ $defs: { type }, type: "object", additionalProperties: described });

test("has every kind, and no other", () => {
  expect(Object.keys(spec.resources)).toEqual(kinds.map(({ token }) => token));
});

test.each(Object.entries(spec.resources))(
  "%s is described in full",
  (_token, { description, inputProperties, requiredInputs, properties, required }) => {
    expect(description).toMatch(/^[A-Z].*\.$/);
    for (const all of [inputProperties, properties]) expect([valid(all), valid.errors]).toEqual([true, null]);
    expect(Object.keys(inputProperties)).toEqual(expect.arrayContaining([...requiredInputs]));
    expect(Object.keys(properties)).toEqual(expect.arrayContaining([...required, ...Object.keys(inputProperties)]));
    expect(requiredInputs).toContain("host");
  },
);

test("how hosts are reached is a secret", () => {
  expect(spec.provider.inputProperties["hosts"]?.secret).toBe(true);
});
