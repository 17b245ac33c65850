// A Service by itself: what the API server would say of it (k8s.io/kubernetes, pkg/apis/core/validation).

import { formatCidr, parseCidr } from "../../addresses/cidr";
import { dnsLabel1035, dnsSubdomain, nameFault } from "../names";
import type { Entry } from "../objects";
import type { Path } from "../source";
import { quoted } from "../suggest";
import type { WrittenService } from "../types";
import { type Context, checkNamespaced } from "./context";
import { checkExternalIPs, checkLoadBalancers } from "./load-balancers";
import type { Ranges } from "./ranges";
import { checkClusterIPs, checkNodePorts } from "./service-addresses";
import { checkServicePorts } from "./service-ports";
import { checkSelection } from "./service-selection";
import { checkOneOf, cidrFault } from "./values";

type Service = Entry<WrittenService>;

/** @returns the Services by `namespace/name` */
export function checkServices(context: Context, ranges: Ranges): ReadonlyMap<string, Service> {
  const services = checkNamespaced(context, "Service", context.services, dnsLabel1035);
  for (const service of context.services) {
    checkWords(context, service);
    checkServicePorts(context, service);
    checkFamily(context, service);
    checkOutside(context, service);
    checkAffinity(context, service);
    checkExternalName(context, service);
  }
  checkSelection(context);
  checkClusterIPs(context, ranges);
  checkNodePorts(context);
  checkLoadBalancers(context, ranges);
  checkExternalIPs(context, ranges);
  return services;
}

const types = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];
const policies = ["Cluster", "Local"];

function checkWords(context: Context, service: Service): void {
  const { spec } = service.value;
  const words = {
    type: types,
    sessionAffinity: ["None", "ClientIP"],
    internalTrafficPolicy: policies,
    externalTrafficPolicy: policies,
    ipFamilyPolicy: ["SingleStack", "PreferDualStack", "RequireDualStack"],
  } as const;
  for (const [field, known] of Object.entries(words))
    checkOneOf(context, service, ["spec", field], spec?.[field as keyof typeof words], known);
  for (const [index, ingress] of (service.value.status?.loadBalancer?.ingress ?? []).entries())
    checkOneOf(context, service, ["status", "loadBalancer", "ingress", index, "ipMode"], ingress?.ipMode, [
      "VIP",
      "Proxy",
    ]);
}

/** As in a cluster that has IPv4 alone (k8s.io/kubernetes, pkg/registry/core/service/storage/alloc.go). */
function checkFamily(context: Context, service: Service): void {
  const { type, selector = {}, ipFamilies = [], ipFamilyPolicy, clusterIP, clusterIPs = [] } = service.value.spec ?? {};
  const six = "is for IPv6, which podnet does not build yet; leave it out";
  const path: Path = ["spec", "ipFamilies"];
  for (const [index, family] of ipFamilies.entries()) {
    checkOneOf(context, service, [...path, index], family, ["IPv4", "IPv6"]);
    if (family !== undefined && ipFamilies.indexOf(family) < index)
      context.problem(service, [...path, index], `IP family ${quoted(family)} is given twice; leave one out`);
  }
  if (clusterIPs.length > 1) context.problem(service, ["spec", "clusterIPs", 1], `a second clusterIP ${six}`);
  if (type === "ExternalName")
    for (const [field, value] of Object.entries({ ipFamilies: ipFamilies[0], ipFamilyPolicy }))
      if (value !== undefined)
        context.problem(service, ["spec", field], `${field} is nothing for a Service of type ${type}; leave it out`);
  // The endpoints of a headless Service without selector are the author's own, of whatever family: such a one has both by default.
  const isFree = (clusterIP || clusterIPs[0]) === "None" && Object.keys(selector).length === 0;
  if (type === "ExternalName" || isFree) return;
  if (ipFamilies.includes("IPv6"))
    context.problem(service, [...path, ipFamilies.indexOf("IPv6")], `this IP family ${six}`);
  if (ipFamilyPolicy === "RequireDualStack")
    context.problem(service, ["spec", "ipFamilyPolicy"], `RequireDualStack ${six}`);
}

/** What concerns connections from outside, and Services that take none. */
function checkOutside(context: Context, service: Service): void {
  const { type = "ClusterIP", externalIPs = [], externalTrafficPolicy, ...spec } = service.value.spec ?? {};
  const has = (value: unknown): boolean => value !== undefined && value !== 0 && value !== "";
  const refuse = (path: Path, value: unknown, message: string): void => {
    if (has(value)) context.problem(service, path, message);
  };
  if (!types.includes(type)) return;
  const balanced = type === "LoadBalancer";
  if (!(balanced || type === "NodePort" || (type === "ClusterIP" && externalIPs.length > 0)))
    refuse(
      ["spec", "externalTrafficPolicy"],
      externalTrafficPolicy,
      `externalTrafficPolicy means nothing to a Service of type ${type} without externalIPs; leave it out, or use type NodePort or LoadBalancer`,
    );
  if (!(balanced && externalTrafficPolicy === "Local"))
    refuse(
      ["spec", "healthCheckNodePort"],
      spec.healthCheckNodePort,
      "healthCheckNodePort is for Services of type LoadBalancer with externalTrafficPolicy Local only; leave it out",
    );
  if (!balanced)
    for (const field of [
      "loadBalancerSourceRanges",
      "loadBalancerIP",
      "loadBalancerClass",
      "allocateLoadBalancerNodePorts",
    ] as const)
      refuse(["spec", field], spec[field], `${field} is for Services of type LoadBalancer only; leave it out`);
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries())
    checkSourceRange(context, service, ["spec", "loadBalancerSourceRanges", index], range ?? "");
  if (spec.trafficDistribution !== undefined)
    context.warning(
      service,
      ["spec", "trafficDistribution"],
      "trafficDistribution is not built: all endpoints are used, wherever they are",
    );
}

/** Of both families, with host bits, and with spaces around it from the time when it was an annotation. */
function checkSourceRange(context: Context, service: Service, path: Path, text: string): void {
  const range = text.trim();
  const parsed = parseCidr(range);
  if (parsed === undefined)
    context.problem(service, path, `loadBalancerSourceRange ${quoted(text)} ${cidrFault(range)}`);
  else if (parsed.cidr.family === 6)
    context.warning(
      service,
      path,
      `loadBalancerSourceRange ${range} is IPv6, and the proxy of an IPv4 cluster leaves it out (without any other, everybody may connect); write an IPv4 range`,
    );
  else if (parsed.address !== parsed.cidr.first)
    context.warning(
      service,
      path,
      `loadBalancerSourceRange ${range} has host bits set, which the proxy leaves out; write ${formatCidr(parsed.cidr)}`,
    );
}

/** The longest time that session affinity may last: a day. */
const longestAffinity = 86400;

function checkAffinity(context: Context, service: Service): void {
  const { sessionAffinity = "None", sessionAffinityConfig } = service.value.spec ?? {};
  const path = ["spec", "sessionAffinityConfig"];
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (sessionAffinityConfig !== undefined && sessionAffinity === "None")
    context.problem(
      service,
      path,
      'sessionAffinityConfig needs "sessionAffinity: ClientIP"; add that, or leave the config out',
    );
  else if (seconds !== undefined && (seconds < 1 || seconds > longestAffinity))
    context.problem(
      service,
      [...path, "clientIP", "timeoutSeconds"],
      `timeoutSeconds ${seconds} is out of range; write 1 to ${longestAffinity}`,
    );
}

function checkExternalName(context: Context, service: Service): void {
  const { type, externalName } = service.value.spec ?? {};
  const path = ["spec", "externalName"];
  if (type !== "ExternalName" || service.isBroken(path)) return;
  const fault = externalName
    ? nameFault("externalName", externalName.replace(/\.$/, ""), dnsSubdomain)
    : "a Service of type ExternalName needs spec.externalName, the name that it stands for; add it";
  if (fault !== undefined) context.problem(service, path, fault);
}
