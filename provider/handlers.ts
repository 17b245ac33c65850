// pulumirpc.ResourceProvider: each method translates Pulumi's words to the kinds' and back. It knows kinds, and no kind by name.
import {
  type ServerUnaryCall,
  type UntypedServiceImplementation,
  type sendUnaryData,
  Metadata,
  status,
} from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { HostError, line } from "../components/host";
import { functions } from "../components/linux/functions";
import { type Args, type Kind, hostOfId } from "../components/linux/kind";
import { Reconciler, projectOwner } from "../components/linux/reconcile";
import { differences } from "../components/linux/properties";
import { kindOf } from "../components/linux/registry";
import { type Fault, faultsOf, fill } from "../components/linux/schema";
import { Claims } from "./claims";
import { type Difference, diff } from "./diff";
import type { Engine } from "./engine";
import type { Hosts } from "./hosts";
import { packageSchema } from "./schema";
import { type Values, fromStruct, hasUnknown, toStruct, unknown } from "./values";

/** How old what a refresh says may be, in milliseconds. */
const aMoment = 5000;

/** Behind its type. */
const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";

export function handlers(hosts: Hosts, engine: Engine): UntypedServiceImplementation {
  const told = new Set<string>();
  const claims = new Claims();
  /** What this operation has made, by URN. */
  const created = new Map<string, string>();
  let known: Reconciler | undefined;
  const reconciler = (): Reconciler =>
    (known ??= new Reconciler(hosts.lab, hosts.owner, (name) => hosts.host(name), aMoment, claims.declared));

  /** @param olds the arguments of an object that is there: where it can be changed in place, the commands that change it */
  function commandsFor(kind: Kind, args: Values, olds?: Values): string[] {
    const lines = (found?: Values): string[] =>
      kind
        .commands(args as unknown as Args, found as Args | undefined, {
          lab: hosts.lab,
          earlier: found ? [found as unknown as Args] : [],
        })
        .map(line);
    const changes = olds && diff(kind, olds, args);
    const isChanged = changes && changes.length > 0 && changes.every(({ replaces }) => !replaces);
    // Some changes need no command, as another port to wait for.
    const changing = isChanged ? lines(olds) : [];
    return changing.length > 0 ? changing : lines();
  }

  async function check(request: rpc.CheckRequest): Promise<rpc.CheckResponse> {
    const kind = kindOf(typeOf(request.getUrn()));
    const given = withoutNulls(fromStruct(request.getNews())) as Values;
    const args = withoutDerived(kind, fill(kind.args, given));
    const known = !hasUnknown(args);
    const faults = [...strangers(kind, given), ...(known ? faultsOf(kind.args, args) : [])];
    if (known && faults.length === 0) faults.push(...(kind.validate?.(args as unknown as Args) ?? []));
    if (known && faults.length === 0) faults.push(...doubles(kind, args, request.getUrn()));
    const response = new rpc.CheckResponse();
    response.setFailuresList(faults.map(({ property, reason }) => failure(property, `${property} ${reason}`)));
    const commands = known && faults.length === 0 ? commandsFor(kind, args, oldArgs(kind, request)) : unknown;
    response.setInputs(toStruct(faults.length === 0 ? { ...args, commands } : args));
    return response;
  }

  function doubles(kind: Kind, args: Values, urn: string): Fault[] {
    const double = claims.claim(urn, kind, args as unknown as Args);
    const property = kind.identity.includes("name") ? "name" : (kind.identity.at(-1) ?? "");
    return double
      ? [
          {
            property,
            reason: `makes it ${double.what}, which is resource "${nameOf(double.by)}" already; give one of them another name, or declare it once`,
          },
        ]
      : [];
  }

  function oldArgs(kind: Kind, request: rpc.CheckRequest): Values | undefined {
    const olds = fromStruct(request.getOlds());
    return Object.keys(olds).length === 0 || hasUnknown(olds)
      ? undefined
      : fill(kind.args, argsOnly(kind, olds as unknown as Args));
  }

  async function diffResource(request: rpc.DiffRequest): Promise<rpc.DiffResponse> {
    const kind = kindOf(typeOf(request.getUrn()));
    const found = diff(kind, fromStruct(request.getOlds()), fromStruct(request.getNews()));
    const response = new rpc.DiffResponse();
    const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
    response.setChanges(found.length > 0 ? DIFF_SOME : DIFF_NONE);
    response.setHasdetaileddiff(true);
    const replaces = found.filter((difference) => difference.replaces);
    // These two name whole properties, and the detailed diff says where in them.
    response.setReplacesList(propertiesOf(replaces));
    response.setDiffsList(propertiesOf(found));
    // Two kernel objects cannot have one name at the same time.
    response.setDeletebeforereplace(replaces.length > 0);
    const detail = (path: string, word: keyof typeof rpc.PropertyDiff.Kind): void => {
      const detail = new rpc.PropertyDiff().setKind(rpc.PropertyDiff.Kind[word]).setInputdiff(true);
      response.getDetaileddiffMap().set(path, detail);
    };
    for (const { path, change, replaces } of found)
      detail(path, `${change.toUpperCase()}${replaces ? "_REPLACE" : ""}` as keyof typeof rpc.PropertyDiff.Kind);
    // Whoever reads a preview sees with which commands. An addition: those that made it are no part of the change.
    const [before, now] = [request.getOldInputs(), request.getNews()].map((values) => fromStruct(values)["commands"]);
    if (found.length > 0 && differences(before, now).length > 0) detail("commands", "ADD");
    return response;
  }

  async function create(request: rpc.CreateRequest): Promise<rpc.CreateResponse> {
    const kind = kindOf(typeOf(request.getUrn()));
    const { commands, ...args } = fromStruct(request.getProperties());
    const response = new rpc.CreateResponse();
    if (request.getPreview()) {
      response.setProperties(toStruct({ ...args, commands }));
      return response;
    }
    const { id, state, warnings } = await reconciler().create(kind, args as unknown as Args);
    created.set(request.getUrn(), id);
    for (const warning of warnings) await engine.warn(request.getUrn(), warning);
    response.setId(id);
    response.setProperties(toStruct({ ...state, commands }));
    return response;
  }

  async function update(request: rpc.UpdateRequest): Promise<rpc.UpdateResponse> {
    const kind = kindOf(typeOf(request.getUrn()));
    const { commands, ...args } = fromStruct(request.getNews());
    const olds = fromStruct(request.getOlds());
    const response = new rpc.UpdateResponse();
    if (request.getPreview()) {
      const computed = Object.fromEntries((kind.computed ?? []).map((key) => [key, olds[key]]));
      response.setProperties(toStruct({ ...computed, ...args, commands }));
      return response;
    }
    const { state, warnings } = await reconciler().update(kind, args as unknown as Args, olds as unknown as Args);
    for (const warning of warnings) await engine.warn(request.getUrn(), warning);
    response.setProperties(
      toStruct({ ...state, commands: commandsFor(kind, argsOnly(kind, args as unknown as Args)) }),
    );
    return response;
  }

  async function read(request: rpc.ReadRequest): Promise<rpc.ReadResponse> {
    const kind = kindOf(typeOf(request.getUrn()));
    const { commands, ...olds } = fromStruct(request.getProperties());
    const known = Object.keys(olds).length > 0;
    const found = known
      ? await reconciler().read(kind, olds as unknown as Args)
      : await importById(kind, request.getId());
    const response = new rpc.ReadResponse();
    if (!found) return response;
    const state = { ...found, commands: commands ?? commandsFor(kind, argsOnly(kind, found)) };
    response.setId(request.getId());
    response.setProperties(toStruct(state));
    response.setInputs(toStruct({ ...argsOnly(kind, found), commands: state.commands }));
    return response;
  }

  async function importById(kind: Kind, id: string): Promise<Args | undefined> {
    const [host, rest] = hostOfId(id);
    const named = kind.fromId(rest);
    const args = fill(kind.args, { host, ...named }) as unknown as Args;
    // An id says no more than which object it is; what else it has to have, the host says.
    if (faultsOf(kind.args, args).some(({ property }) => (property.split(".")[0] ?? "") in named))
      throw new HostError(`"${id}" is no id of a ${kind.token.split(":")[2]}; docs/import.md shows one for each kind`);
    return reconciler().import(kind, args);
  }

  async function remove(request: rpc.DeleteRequest): Promise<Empty> {
    // Behind a replacement that failed, Pulumi makes the next one before it deletes what that stands for, which went at first.
    if (created.get(request.getUrn()) === request.getId()) return new Empty();
    const kind = kindOf(typeOf(request.getUrn()));
    const { commands: _, ...state } = fromStruct(request.getProperties());
    const holder = claims.holder(request.getUrn(), kind, state as unknown as Args);
    if (holder !== undefined) {
      await engine.warn(request.getUrn(), `is resource "${nameOf(holder)}" by now, so it stays`);
      return new Empty();
    }
    for (const warning of await reconciler().delete(kind, state as unknown as Args))
      await engine.warn(request.getUrn(), warning);
    return new Empty();
  }

  async function invoke(request: rpc.InvokeRequest): Promise<rpc.InvokeResponse> {
    const answer = functions[request.getTok()];
    if (!answer) throw new HostError(`podnet has no function ${request.getTok()}`);
    const args = fromStruct(request.getArgs());
    const response = new rpc.InvokeResponse();
    response.setReturn(toStruct(await answer(hosts.host(String(args["host"])), args, hosts)));
    return response;
  }

  async function configure(request: rpc.ConfigureRequest): Promise<rpc.ConfigureResponse> {
    // Of the two forms in which the configuration comes, this is the one without wrapped secrets.
    const variables = request.getVariablesMap();
    const settings = variables.get("podnet:config:hosts");
    const owner = variables.get("podnet:config:owner");
    if (settings !== undefined) hosts.configure(variables.get("podnet:config:lab") ?? "", settings, owner);
    const response = new rpc.ConfigureResponse();
    response.setSupportspreview(true);
    return response;
  }

  return {
    handshake: unary(async () => new rpc.ProviderHandshakeResponse()),
    getSchema: unary(async () => {
      const response = new rpc.GetSchemaResponse();
      response.setSchema(packageSchema());
      return response;
    }),
    getPluginInfo: unary(async () => {
      const info = new PluginInfo();
      info.setVersion("0.1.0");
      return info;
    }),
    checkConfig: unary(async (request: rpc.CheckRequest) => {
      const response = new rpc.CheckResponse();
      const news = fromStruct(request.getNews());
      const absent = ["lab", "hosts"].filter((key) => news[key] === undefined);
      response.setFailuresList(
        absent.map((key) => failure(key, `the provider needs ${key}; pass an explicit Provider`)),
      );
      // Kept in the state, so that a lab has the same owner when its project has moved, and for a destroy from elsewhere.
      const owner = fromStruct(request.getOlds())["owner"] ?? projectOwner();
      response.setInputs(toStruct({ ...news, owner }));
      return response;
    }),
    // Another way to reach the hosts makes no other lab of it, and an owner that the state had not yet is no change.
    diffConfig: unary(async (request: rpc.DiffRequest) => {
      const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
      const isSame = differences(olds, news).every(([first]) => first === "owner");
      const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
      const response = new rpc.DiffResponse();
      response.setChanges(isSame ? DIFF_NONE : DIFF_SOME);
      return response;
    }),
    configure: unary(configure),
    check: unary(check),
    diff: unary(diffResource),
    create: unary(create, told),
    read: unary(read, told),
    update: unary(update, told),
    delete: unary(remove, told),
    invoke: unary(invoke),
    cancel: unary(async () => {
      hosts.cancel();
      return new Empty();
    }),
  };
}

/** Keys with two underscores are Pulumi's own. */
const propertiesOf = (differences: readonly Difference[]): string[] => [
  ...new Set(differences.map(({ property }) => property)),
];

const isPulumis = (key: string): boolean => key.startsWith("__");

function withoutDerived(kind: Kind, values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key in kind.args.properties || isPulumis(key)));
}

/** A property that is null was left out by the program. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const given = Object.entries(value).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([key, value]) => [key, withoutNulls(value)]));
}

/** What a program without types may have misspelled. */
function strangers(kind: Kind, given: Values): Fault[] {
  const known = new Set([...Object.keys(kind.args.properties), ...(kind.computed ?? []), "commands"]);
  const reason = `is no property of ${kind.token.split(":")[2]}, which has: ${Object.keys(kind.args.properties).join(", ")}`;
  return Object.keys(given)
    .filter((key) => !known.has(key) && !isPulumis(key))
    .map((property) => ({ property, reason }));
}

const argsOnly = (kind: Kind, state: Args): Values =>
  Object.fromEntries(Object.entries(state).filter(([key]) => key in kind.args.properties));

function failure(property: string, reason: string): rpc.CheckFailure {
  const failure = new rpc.CheckFailure();
  failure.setProperty(property);
  failure.setReason(reason);
  return failure;
}

/**
 * A user's mistake or a host's trouble is a sentence; anything else is a fault of podnet's and keeps its stack. What stops one resource may
 * stop them all, and is told in full once.
 */
function unary<Request, Response>(handle: (request: Request) => Promise<Response>, told?: Set<string>) {
  return (call: ServerUnaryCall<Request, Response>, respond: sendUnaryData<Response>): void => {
    handle(call.request).then(
      (response) => respond(null, response),
      (error: Error) => {
        const text = error instanceof HostError ? error.message : (error.stack ?? error.message);
        const details =
          told?.has(text) && text.length > shortest ? `${text.slice(0, shortest)} ... (as for another resource)` : text;
        told?.add(text);
        respond({ code: status.UNKNOWN, details, metadata: new Metadata() });
      },
    );
  };
}

/** Of a message that is told again, in characters. */
const shortest = 80;
