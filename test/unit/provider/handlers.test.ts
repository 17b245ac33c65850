// The plugin's methods, called as the engine calls them, over a host in memory.
import { type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { HostError, type Runner } from "../../../components/host";
import { projectOwner } from "../../../components/linux/owned";
import type { Engine } from "../../../provider/engine";
import { handlers } from "../../../provider/handlers";
import type { Hosts } from "../../../provider/hosts";
import { FakeHost } from "../../fake/host";
import { typed } from "../../fake/objects";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

let host: FakeHost;
let hosts: object;
let warnings: string[];
let service: ReturnType<typeof handlers>;
beforeEach(() => {
  host = new FakeHost("local");
  warnings = [];
  hosts = {
    lab: "lab",
    owner: "ann@laptop:/home/ann/podnet",
    host: (name: string): Runner => {
      if (name === "local") return host;
      throw new HostError(`host "${name}" is not in the provider's configuration, which knows: local`);
    },
    configure(lab: string, _: string, owner: string) {
      Object.assign(this, { lab, owner });
    },
    cancel: jest.fn(),
  };
  const engine = { warn: async (_urn: string, message: string) => void warnings.push(message) };
  service = handlers(hosts as unknown as Hosts, engine as unknown as Engine);
});

const urn = (kind: string): string => `urn:pulumi:lab::podnet::podnet:kubernetes:Node$podnet:linux:${kind}::name`;
const struct = (values: object): Struct => Struct.fromJavaScript(values as Record<string, JavaScriptValue>);
const js = (values: Struct | undefined): Record<string, unknown> => values?.toJavaScript() ?? {};

function call<Response>(method: string, request: unknown): Promise<Response> {
  const handle = service[method] as (
    call: ServerUnaryCall<unknown, Response>,
    respond: sendUnaryData<Response>,
  ) => void;
  return new Promise((done, failed) =>
    handle({ request } as ServerUnaryCall<unknown, Response>, (error, response) => {
      if (error) failed(new Error((error as { details?: string }).details));
      else done(response as Response);
    }),
  );
}

async function check(kind: string, news: object, olds: object = {}) {
  const request = new rpc.CheckRequest();
  request.setUrn(urn(kind));
  request.setOlds(struct(olds));
  request.setNews(struct(news));
  const response = await call<rpc.CheckResponse>("check", request);
  return {
    inputs: js(response.getInputs()),
    failures: response.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]),
  };
}

async function diff(kind: string, olds: object, news: object, oldInputs: object = olds) {
  const request = new rpc.DiffRequest();
  request.setUrn(urn(kind));
  request.setOldInputs(struct(oldInputs));
  request.setOlds(struct(olds));
  request.setNews(struct(news));
  return call<rpc.DiffResponse>("diff", request);
}

async function create(kind: string, properties: object, preview = false) {
  const request = new rpc.CreateRequest();
  request.setUrn(urn(kind));
  request.setProperties(struct(properties));
  request.setPreview(preview);
  const response = await call<rpc.CreateResponse>("create", request);
  return { id: response.getId(), state: js(response.getProperties()) };
}

async function update(kind: string, olds: object, news: object, preview = false) {
  const request = new rpc.UpdateRequest();
  request.setUrn(urn(kind));
  request.setOlds(struct(olds));
  request.setNews(struct(news));
  request.setPreview(preview);
  return js((await call<rpc.UpdateResponse>("update", request)).getProperties());
}

async function read(kind: string, id: string, properties: object = {}) {
  const request = new rpc.ReadRequest();
  request.setUrn(urn(kind));
  request.setId(id);
  request.setProperties(struct(properties));
  const response = await call<rpc.ReadResponse>("read", request);
  return { id: response.getId(), state: js(response.getProperties()), inputs: js(response.getInputs()) };
}

async function remove(kind: string, properties: object) {
  const request = new rpc.DeleteRequest();
  request.setUrn(urn(kind));
  request.setProperties(struct(properties));
  await call("delete", request);
}

const bridge = { host: "local", name: "br0" };
const commands = ["ip link add dev br0 type bridge", "ip link set dev br0 mtu 1500", "ip link set dev br0 up"];
const full = {
  ...bridge,
  mtu: 1500,
  addresses: [],
  stp: false,
  ageingTime: 300,
  conf: { ipv4: {}, ipv6: {} },
  up: true,
};

describe("check", () => {
  test("fills in defaults and commands, and touches no host", async () => {
    expect(await check("Bridge", bridge)).toEqual({ inputs: { ...full, commands }, failures: [] });
    expect(host.kernel.host.links).toHaveLength(1);
  });

  test("takes its own answer again", async () => {
    const { inputs } = await check("Bridge", bridge);
    expect(await check("Bridge", inputs)).toEqual({ inputs, failures: [] });
  });

  test.each<[object, [string, string][]]>([
    [{ name: "br0" }, [["host", "host is missing"]]],
    [{ ...bridge, mtu: 60 }, [["mtu", "mtu 60: expected integer to be greater or equal to 68"]]],
    [
      { ...bridge, name: "br%d" },
      [
        [
          "name",
          'name "br%d": an interface has 1-15 letters, digits, "_", "." or "-", and is not called all or default',
        ],
      ],
    ],
    [
      { ...bridge, addresses: ["10.0.0.1/33"] },
      [["addresses", "addresses 10.0.0.1/33 has no prefix length; write an address as 10.244.0.1/24"]],
    ],
    [
      { ...bridge, agingTime: 5 },
      [
        [
          "agingTime",
          "agingTime is no property of Bridge, which has: host, netns, name, mtu, mac, addresses, stp, ageingTime, conf, up",
        ],
      ],
    ],
    [{ ...bridge, conf: { ipv9: {} } }, [["conf.ipv9", "conf.ipv9 is no property here"]]],
    [
      { ...bridge, mtu: "x", stp: "y" },
      [
        ["mtu", 'mtu "x": expected integer'],
        ["stp", 'stp "y": expected boolean'],
      ],
    ],
  ])("refuses %j with a sentence for each", async (news, failures) => {
    expect((await check("Bridge", news)).failures).toEqual(failures);
  });

  test("a property that is null was left out", async () => {
    expect(await check("Bridge", { ...bridge, mtu: null, mac: null, netns: null })).toEqual({
      inputs: { ...full, commands },
      failures: [],
    });
    const veth = { host: "local", name: "a", peer: { name: "b", mtu: null, mac: null } };
    expect((await check("Veth", veth)).failures).toEqual([]);
  });

  test("what a preview does not know yet is let pass, and so are its commands", async () => {
    const { inputs, failures } = await check("Bridge", { ...bridge, netns: unknown, addresses: unknown });
    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({ netns: unknown, addresses: unknown, mtu: 1500, commands: unknown });
    const nested = await check("Veth", { host: "local", name: "a", peer: unknown });
    expect(nested).toMatchObject({ failures: [], inputs: { peer: unknown, commands: unknown } });
    const misspelt = await check("Bridge", { ...bridge, netns: unknown, nme: 1 });
    expect(misspelt.failures.map(([property]) => property)).toEqual(["nme"]);
  });

  test("Pulumi's own keys are kept", async () => {
    expect((await check("Bridge", { ...bridge, __defaults: [] })).inputs).toMatchObject({ __defaults: [] });
  });

  test("an unknown kind is a sentence", async () => {
    await expect(check("Nonsense", {})).rejects.toThrow(/podnet:linux:Nonsense is no kind that podnet knows/);
  });
});

describe("diff", () => {
  test("nothing", async () => {
    const response = await diff("Bridge", { ...full, commands }, { ...full, commands: ["other"] });
    expect(response.getChanges()).toBe(rpc.DiffResponse.DiffChanges.DIFF_NONE);
    expect(response.getDeletebeforereplace()).toBe(false);
  });

  test("in place", async () => {
    const response = await diff("Bridge", full, { ...full, mtu: 1400 });
    expect(response.getChanges()).toBe(rpc.DiffResponse.DiffChanges.DIFF_SOME);
    expect([response.getDiffsList(), response.getReplacesList()]).toEqual([["mtu"], []]);
    expect(response.getDetaileddiffMap().get("mtu")?.getKind()).toBe(rpc.PropertyDiff.Kind.UPDATE);
    expect(response.getDeletebeforereplace()).toBe(false);
  });

  test("deep in a property", async () => {
    const chains = (rule: string): object => ({ host: "local", table: "nat", chains: { "A-1": [rule], B: [rule] } });
    const response = await diff("IptablesChains", chains("-j RETURN"), chains("-j ACCEPT"));
    expect(response.getDiffsList()).toEqual(["chains"]);
    const paths = response.getDetaileddiffMap().toArray();
    expect(paths.map(([path]) => path).sort()).toEqual(['chains["A-1"]', "chains.B"].sort());
  });

  test("shows with which commands, in place the changing ones", async () => {
    const old = await check("Bridge", bridge);
    const changed = await check("Bridge", { ...bridge, mtu: 1400 }, old.inputs);
    expect(changed.inputs["commands"]).toEqual(["ip link set dev br0 mtu 1400"]);
    const response = await diff("Bridge", old.inputs, changed.inputs, old.inputs);
    expect(response.getDetaileddiffMap().has("commands")).toBe(true);
    expect(response.getDiffsList()).toEqual(["mtu"]);
    const anew = await check("Bridge", { ...bridge, name: "br1" }, old.inputs);
    expect(anew.inputs["commands"]).toContain("ip link add dev br1 type bridge");
    expect((await check("Bridge", bridge, old.inputs)).inputs).toEqual(old.inputs);
  });

  test("another object: the old one goes first, for they have one name", async () => {
    const response = await diff("Bridge", full, { ...full, name: "br1", mtu: 1400 });
    expect([response.getDiffsList().sort(), response.getReplacesList()]).toEqual([["mtu", "name"], ["name"]]);
    expect(response.getDetaileddiffMap().get("name")?.getKind()).toBe(rpc.PropertyDiff.Kind.UPDATE_REPLACE);
    expect(response.getDeletebeforereplace()).toBe(true);
  });

  test("of what is not known yet", async () => {
    const response = await diff("Bridge", full, { ...full, netns: unknown, commands: unknown });
    expect(response.getReplacesList()).toEqual(["netns"]);
  });
});

describe("create, read, update, delete", () => {
  test("a preview does nothing, known or not", async () => {
    expect(await create("Bridge", { ...full, commands }, true)).toEqual({ id: "", state: { ...full, commands } });
    expect((await create("Bridge", { ...full, netns: unknown, commands: unknown }, true)).state).toMatchObject({
      netns: unknown,
    });
    expect(await update("Bridge", full, { ...full, mtu: unknown }, true)).toMatchObject({ mtu: unknown });
    expect(host.kernel.host.links).toHaveLength(1);
  });

  test("a preview of a change keeps what podnet computed", async () => {
    const chains = { host: "local", table: "nat", chains: { A: [] } };
    const state = await update(
      "IptablesChains",
      { ...chains, saved: { A: [] } },
      { ...chains, chains: { A: ["-j RETURN"] } },
      true,
    );
    expect(state).toMatchObject({ saved: { A: [] }, chains: { A: ["-j RETURN"] } });
  });

  test("a life", async () => {
    const made = await create("Bridge", { ...full, commands });
    expect(made).toEqual({ id: "local,,br0", state: { ...full, commands } });
    await host.run([typed("ip link set dev br0 mtu 1400")]);
    const drifted = await read("Bridge", made.id, made.state);
    // As inputs too, else the next `up` would see no difference.
    expect(drifted).toEqual({
      id: made.id,
      state: { ...full, mtu: 1400, commands },
      inputs: { ...full, mtu: 1400, commands },
    });
    expect((await diff("Bridge", drifted.state, { ...full, commands })).getDiffsList()).toEqual(["mtu"]);
    expect(await update("Bridge", drifted.state, { ...full, commands })).toEqual({ ...full, commands });
    await remove("Bridge", made.state);
    expect((await read("Bridge", made.id, made.state)).id).toBe("");
    await remove("Bridge", made.state);
    expect(host.kernel.host.links).toHaveLength(1);
  });

  test("import by an id", async () => {
    await host.run([typed("ip link add dev br0 type bridge"), typed("ip link set dev br0 mtu 1400")]);
    const { id, inputs, state } = await read("Bridge", "local,,br0");
    expect(id).toBe("local,,br0");
    expect(inputs).toMatchObject({ host: "local", name: "br0", mtu: 1400, mac: expect.any(String) as string });
    expect((state["commands"] as string[])[1]).toBe("ip link set dev br0 mtu 1400");
    expect((await read("Bridge", "local,,nosuch")).id).toBe("");
  });

  test.each([
    ["Bridge", "nonsense", /is no id; write <host>,/],
    ["Bridge", "local,,", /is no id of a Bridge/],
    ["Veth", "local,,a", /is no id of a Veth/],
    ["Route", "local,,default,main,x", /is no id of a Route/],
    ["Bridge", "elsewhere,,br0", /host "elsewhere" is not in the provider's configuration, which knows: local/],
  ])("%s %s: a sentence, and no stack", async (kind, id, message) => {
    const error = await read(kind, id).catch((error: Error) => error);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toMatch(/\n\s+at /);
  });

  test("of a failure one hears what was said, where, and of which command", async () => {
    const error = await create("Bridge", { ...full, netns: "none", commands }).catch((error: Error) => error);
    expect((error as Error).message).toMatch(
      /^on host "local": Cannot open network namespace "none": No such file or directory\n {2}exit code 255 of: ip -n none link add/,
    );
    expect((error as Error).message).not.toMatch(/\n\s+at /);
  });

  test("what is somebody else's is named, and stays behind a delete with a warning", async () => {
    await host.run([typed("ip link add dev br0 type dummy")]);
    await create("Bridge", { ...full, name: "ours", commands });
    await expect(create("Bridge", { ...full, commands })).rejects.toThrow(
      /^host "local": Bridge br0 is there already, .*its kind is dummy, not bridge/,
    );
    await remove("Bridge", full);
    expect(warnings).toEqual([expect.stringMatching(/Bridge br0 is there already, .*; it stays$/)]);
    expect(host.kernel.host.links).toHaveLength(3);
  });

  test("a server that never listens is a warning", async () => {
    const silent = { host: "local", name: "p", command: ["silent"], env: {}, listens: [{ protocol: "UDP", port: 53 }] };
    await create("Process", silent);
    expect(warnings).toEqual(["local,,p: it runs, but does not listen on 53 after 30 seconds"]);
  });
});

describe("the rest", () => {
  test("what stops all resources is told in full once", async () => {
    const refusal = "It was made by somebody else, who has a state of his own; give this one another name. ".repeat(2);
    (hosts as { host: (name: string) => Runner }).host = () => {
      throw new HostError(refusal);
    };
    await expect(create("Bridge", full)).rejects.toThrow(refusal);
    const again = await create("Bridge", full).catch((error: Error) => error.message);
    expect(again).toBe(`${refusal.slice(0, 80)} ... (as for another resource)`);
  });

  test("files of the lab", async () => {
    const request = new rpc.InvokeRequest();
    request.setTok("podnet:linux:nosuch");
    request.setArgs(struct({ host: "local" }));
    await expect(call("invoke", request)).rejects.toThrow("podnet has no function podnet:linux:nosuch");
  });

  test("a provider without its configuration is told what it needs", async () => {
    const request = new rpc.CheckRequest();
    request.setNews(struct({ lab: "lab" }));
    const response = await call<rpc.CheckResponse>("checkConfig", request);
    expect(response.getFailuresList().map((failure) => failure.getReason())).toEqual([
      "the provider needs hosts; pass an explicit Provider",
    ]);
  });

  describe("whose lab it is", () => {
    const here = projectOwner();
    const checkConfig = async (olds: object): Promise<Record<string, unknown>> => {
      const request = new rpc.CheckRequest();
      request.setOlds(struct(olds));
      request.setNews(struct({ lab: "lab", hosts: "{}" }));
      return js((await call<rpc.CheckResponse>("checkConfig", request)).getInputs());
    };
    const diffConfig = async (olds: object, news: object): Promise<number> => {
      const request = new rpc.DiffRequest();
      request.setOlds(struct(olds));
      request.setNews(struct(news));
      return (await call<rpc.DiffResponse>("diffConfig", request)).getChanges();
    };
    const configure = async (variables: Record<string, string>): Promise<void> => {
      const request = new rpc.ConfigureRequest();
      for (const [key, value] of Object.entries(variables))
        request.getVariablesMap().set(`podnet:config:${key}`, value);
      await call("configure", request);
    };
    const getFiles = async (): Promise<Record<string, unknown>> => {
      const request = new rpc.InvokeRequest();
      request.setTok("podnet:linux:getFiles");
      request.setArgs(struct({ host: "local", folder: "/run/podnet/lab" }));
      return js((await call<rpc.InvokeResponse>("invoke", request)).getReturn());
    };

    test("says the state, else the running project", async () => {
      expect(here).toMatch(/^[^@]+@[^:]+:\/.*/);
      expect(await checkConfig({})).toEqual({ lab: "lab", hosts: "{}", owner: here });
      expect(await checkConfig({ owner: "ann@laptop:/old" })).toEqual({
        ...{ lab: "lab", hosts: "{}" },
        owner: "ann@laptop:/old",
      });
    });

    test("is no change in a state that did not have it", async () => {
      const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
      const olds = { lab: "lab", hosts: "{}" };
      expect(await diffConfig(olds, { ...olds, owner: here })).toBe(DIFF_NONE);
      expect(await diffConfig(olds, { ...olds, owner: here, hosts: "{ }" })).toBe(DIFF_SOME);
    });

    test("decides what the plugin may touch, and whose addresses are given again", async () => {
      await configure({ lab: "lab", hosts: "{}", owner: "ann@laptop:/home/ann" });
      const { state } = await create("Bridge", { ...full, commands });
      expect(await getFiles()).toEqual({ files: {} });
      service = handlers(hosts as unknown as Hosts, { warn: async () => undefined } as unknown as Engine);
      await configure({ lab: "lab", hosts: "{}", owner: "bob@laptop:/home/bob" });
      for (const attempt of [() => getFiles(), () => remove("Bridge", state)])
        await expect(attempt()).rejects.toThrow(
          /^host "local": the lab "lab" there is another's. It was made by ann@laptop:\/home\/ann, and this is bob@laptop:\/home\/bob/,
        );
      expect(host.kernel.host.links).toHaveLength(2);
    });
  });

  test("cancel reaches the hosts", async () => {
    await call("cancel", undefined);
  });

  test("a fault of podnet's own keeps its stack", async () => {
    const error = await call("create", {}).catch((error: Error) => error);
    expect((error as Error).message).toMatch(/TypeError.*\n\s+at /);
  });
});
