/** A state without what it knows on a host that is given up. */
import { isNeverMade, withoutHosts } from "../../../scripts/lib/abandon";

const stack = { urn: "stack", type: "pulumi:pulumi:Stack" };
const provider = { urn: "provider", type: "pulumi:providers:podnet", inputs: { hosts: "secret" } };
const on = (host: string, urn: string, more: object = {}) => ({
  urn,
  type: "podnet:linux:Veth",
  inputs: { host },
  ...more,
});

test("goes with all that names it", () => {
  const state = {
    version: 3,
    deployment: {
      secrets: 1,
      resources: [
        stack,
        provider,
        on("vm", "a"),
        on("vm", "b", { dependencies: ["a"] }),
        on("here", "c", {
          dependencies: ["a", "d"],
          propertyDependencies: { name: ["b"], mtu: ["d"] },
          deletedWith: "a",
        }),
        on("here", "d", { deletedWith: "c" }),
      ],
      pending_operations: [
        { resource: on("vm", "e"), type: "creating" },
        { resource: on("here", "f"), type: "creating" },
      ],
    },
  };
  const { deployment, ...rest } = withoutHosts(state, ["vm"]);
  expect(rest).toEqual({ version: 3 });
  expect(deployment).toMatchObject({ secrets: 1, pending_operations: [{ resource: { urn: "f" } }] });
  expect(deployment.resources?.map(({ urn }) => urn)).toEqual(["stack", "provider", "c", "d"]);
  expect(deployment.resources?.[2]).toMatchObject({
    dependencies: ["d"],
    propertyDependencies: { name: [], mtu: ["d"] },
  });
  expect(deployment.resources?.[2]).not.toHaveProperty("deletedWith");
  expect(deployment.resources?.[3]).toMatchObject({ deletedWith: "c" });
});

test.each([
  ["a provider and nothing on a host", [stack, provider], true],
  ["a first up that was killed: the state knows nothing", [], false],
  ["something on a host", [stack, provider, on("vm", "a")], false],
])("never made: %s", (_, resources, is) => {
  expect(isNeverMade({ outputs: undefined, hosts: {}, owner: "ann@laptop:/podnet", resources })).toBe(is);
});
