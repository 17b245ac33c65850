// Endpoints that authors write by hand: of which Service, with which addresses and ports.

import { dnsLabel, dnsSubdomain, nameFault } from "../names";
import type { Entry, Partly } from "../objects";
import type { Path } from "../source";
import { listed, nearest, quoted } from "../suggest";
import {
  type EndpointPort,
  type EndpointSlice,
  type Endpoints,
  type WrittenService,
  controllers,
  managedByLabel,
  serviceNameLabel,
} from "../types";
import { type Context, checkNamespaced, keyOf, nameOf, namePath, namespaceOf, unknownNode } from "./context";
import { checkOneOf, checkPort, protocols, readDestination } from "./values";

type Services = ReadonlyMap<string, Entry<WrittenService>>;

export function checkEndpoints(context: Context, services: Services): void {
  checkNamespaced(context, "EndpointSlice", context.endpointSlices, dnsSubdomain);
  checkNamespaced(context, "Endpoints", context.endpoints, dnsSubdomain);
  for (const slice of context.endpointSlices) checkSlice(context, slice, services);
  for (const endpoints of context.endpoints) checkSubsets(context, endpoints, services);
}

function checkSlice(context: Context, slice: Entry<EndpointSlice>, services: Services): void {
  const { addressType, endpoints = [], ports = [], metadata } = slice.value;
  const manager = metadata?.labels?.[managedByLabel];
  if (manager !== undefined && controllers.includes(manager))
    context.warning(
      slice,
      ["metadata", "labels", managedByLabel],
      "a controller of Kubernetes made this EndpointSlice of other objects, as podnet makes its own, so this one is not used; remove it, or this label",
    );
  if (addressType === "IPv4") checkAddresses();
  else if ((addressType as unknown) === "IPv6" || (addressType as unknown) === "FQDN")
    context.problem(slice, ["addressType"], `addressType ${addressType} is not built yet; write IPv4`);
  else checkOneOf(context, slice, ["addressType"], addressType, ["IPv4", "IPv6", "FQDN"]);

  const service = serviceOf(
    context,
    slice,
    ["metadata", "labels", serviceNameLabel],
    services,
    metadata?.labels?.[serviceNameLabel],
  );
  checkEndpointPorts(context, slice, ["ports"], ports, service);

  function checkAddresses(): void {
    for (const [index, endpoint] of endpoints.entries()) {
      const path = ["endpoints", index];
      const { addresses = [] } = endpoint ?? {};
      if (addresses.length === 0 && !slice.isBroken([...path, "addresses"]))
        context.problem(slice, [...path, "addresses"], "this endpoint has no address; add one");
      for (const [at, address = ""] of addresses.entries())
        readDestination(context, slice, [...path, "addresses", at], "address", address, "10.244.0.2");
      checkWhere(context, slice, path, endpoint ?? {});
    }
  }
}

function checkSubsets(context: Context, endpoints: Entry<Endpoints>, services: Services): void {
  const service = serviceOf(context, endpoints, namePath, services, nameOf(endpoints));
  if (Object.keys(service?.value.spec?.selector ?? {}).length > 0)
    context.warning(
      endpoints,
      namePath,
      `the endpoints of Service ${keyOf(endpoints)} follow from its selector, so these are not used; remove them, or the selector`,
    );
  for (const [index, subset] of (endpoints.value.subsets ?? []).entries()) {
    const path = ["subsets", index];
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset ?? {};
    if (addresses.length + notReadyAddresses.length === 0 && !endpoints.isPartial(path))
      context.problem(endpoints, path, "this subset has no addresses; add some, or remove it");
    for (const [field, list] of Object.entries({ addresses, notReadyAddresses }))
      for (const [at, address] of list.entries()) {
        const { ip } = address ?? {};
        if (ip !== undefined) readDestination(context, endpoints, [...path, field, at, "ip"], "ip", ip, "10.244.0.2");
        checkWhere(context, endpoints, [...path, field, at], address ?? {});
      }
    checkEndpointPorts(context, endpoints, [...path, "ports"], ports, service);
  }
}

/** Of a node the API server wants no more than a name. Nobody asks for an endpoint by its hostname here. */
function checkWhere(
  context: Context,
  entry: Entry<unknown>,
  path: Path,
  { nodeName, hostname }: { readonly nodeName?: string; readonly hostname?: string },
): void {
  const nodeFault = nodeName === undefined ? undefined : nameFault("nodeName", nodeName, dnsSubdomain);
  const unknown =
    nodeName === undefined ? undefined : unknownNode(context, nodeName, ", so this endpoint is local to no node");
  if (nodeFault !== undefined) context.problem(entry, [...path, "nodeName"], nodeFault);
  else if (unknown !== undefined) context.warning(entry, [...path, "nodeName"], unknown);
  const hostFault = hostname === undefined ? undefined : nameFault("hostname", hostname, dnsLabel);
  if (hostFault !== undefined) context.problem(entry, [...path, "hostname"], hostFault);
}

/** The Service whose endpoints these are; a warning if there is none. */
function serviceOf(
  context: Context,
  entry: Entry<EndpointSlice> | Entry<Endpoints>,
  path: Path,
  services: Services,
  name: string | undefined,
): Entry<WrittenService> | undefined {
  if (entry.isBroken(path)) return undefined;
  if (name === undefined) {
    if (path !== namePath)
      context.warning(
        entry,
        path,
        `nobody uses these endpoints: the label ${serviceNameLabel}, which names their Service, is missing; add it`,
      );
    return undefined;
  }
  const namespace = namespaceOf(entry);
  const service = services.get(`${namespace}/${name}`);
  if (service !== undefined || context.incomplete) return service;
  const known = [...services.keys()]
    .filter((key) => key.startsWith(`${namespace}/`))
    .map((key) => key.split("/")[1] ?? "");
  const meant = nearest(name, known);
  context.warning(
    entry,
    path,
    `nobody uses these endpoints: there is no Service ${quoted(name)} in namespace ${namespace}; ${meant === undefined ? "add it" : `did you mean "${meant}"?`}`,
  );
  return undefined;
}

function checkEndpointPorts(
  context: Context,
  entry: Entry<unknown>,
  path: Path,
  ports: readonly Partly<EndpointPort>[],
  service: Entry<WrittenService> | undefined,
): void {
  const names = new Set<string>();
  const known = (service?.value.spec?.ports ?? []).map((port) => port?.name ?? "");
  for (const [index, { name = "", protocol, port }] of ports.map((port) => port ?? {}).entries()) {
    const at = [...path, index];
    const fault = name === "" ? undefined : nameFault("port name", name, dnsLabel);
    if (fault !== undefined) context.problem(entry, [...at, "name"], fault);
    else if (names.has(name))
      context.problem(
        entry,
        name === "" ? at : [...at, "name"],
        name === ""
          ? "only one port can be without a name; add one"
          : `port ${name} is already in this list; rename one of the two`,
      );
    else if (service !== undefined && !service.isPartial(["spec", "ports"]) && !known.includes(name))
      warnOfPort(context, entry, name === "" ? at : [...at, "name"], name, known.filter(Boolean));
    names.add(name);
    checkOneOf(context, entry, [...at, "protocol"], protocol, protocols);
    if (port !== undefined) checkPort(context, entry, [...at, "port"], port);
  }
}

function warnOfPort(context: Context, entry: Entry<unknown>, path: Path, name: string, known: readonly string[]): void {
  const meant = nearest(name, known);
  const has = known.length === 0 ? "its one port has no name, so leave the name out" : `it has ${listed(known)}`;
  const called = name === "" ? "without a name" : `called ${quoted(name)}`;
  context.warning(
    entry,
    path,
    `the Service has no port ${called}, so this one is not used; ${meant === undefined ? has : `did you mean "${meant}"?`}`,
  );
}
