// The plugin's schema, which `pulumi import` and `pulumi package get-schema` read.
import { kinds } from "../../../components/linux/registry";
import { packageSchema } from "../../../provider/schema";

interface Spec {
  readonly resources: Record<string, Resource>;
  readonly functions: Record<string, unknown>;
  readonly provider: { readonly inputProperties: Record<string, { readonly secret?: boolean }> };
}
interface Resource {
  readonly description: string;
  readonly inputProperties: Record<string, Described>;
  readonly requiredInputs: readonly string[];
  readonly properties: Record<string, Described>;
  readonly required: readonly string[];
}

const spec = JSON.parse(packageSchema()) as Spec;

type Described = Type & { readonly description?: string };

interface Type {
  readonly type: string;
  readonly items?: Type;
  readonly additionalProperties?: { readonly $ref: string };
}

/** Whether Pulumi's metaschema takes it for a property's type, as far as podnet uses that. */
function isType({ type, items, additionalProperties }: Type): boolean {
  if (type === "array") return items !== undefined && isType(items);
  if (type === "object") return additionalProperties?.$ref === "pulumi.json#/Any";
  return ["string", "integer", "boolean"].includes(type);
}

test("has every kind, and no other", () => {
  expect(Object.keys(spec.resources)).toEqual(kinds.map(({ token }) => token));
});

test.each(Object.entries(spec.resources))(
  "%s is described in full",
  (_token, { description, inputProperties, requiredInputs, properties, required }) => {
    expect(description).toMatch(/^[A-Z].*\.$/);
    const all = [inputProperties, properties].flatMap((each) => Object.entries(each));
    expect(all.filter(([, { description = "" }]) => description === "")).toEqual([]);
    expect(all.filter(([, property]) => !isType(property))).toEqual([]);

    expect(Object.keys(inputProperties)).toEqual(expect.arrayContaining([...requiredInputs]));
    expect(Object.keys(properties)).toEqual(expect.arrayContaining([...required, ...Object.keys(inputProperties)]));
    expect(requiredInputs).toContain("host");
  },
);

test("how hosts are reached is a secret", () => {
  expect(spec.provider.inputProperties["hosts"]?.secret).toBe(true);
});
