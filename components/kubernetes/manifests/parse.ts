// From text, or from objects of a program, to a checked lab. Nothing here reads a file or touches a host.

import { checkCapacity } from "./checks/capacity";
import { type Context, contextOf } from "./checks/context";
import { checkEndpoints } from "./checks/endpoints";
import { checkHostIPs } from "./checks/host-ips";
import { checkLab, checkOneLab } from "./checks/lab";
import { checkNetworkNamespaces } from "./checks/namespaces";
import { checkNodes } from "./checks/nodes";
import { checkNamespaces, checkPods } from "./checks/pods";
import { checkProxy } from "./checks/proxy";
import { checkRanges } from "./checks/ranges";
import { checkServices } from "./checks/services";
import { checkWorkloads } from "./checks/workloads";
import { completeEndpoints, completePod, completeService, completeSlice, withHost } from "./complete";
import { withDefaults } from "./defaults";
import { LabSpec } from "./lab-schema";
import { type LabObjects, kindsOfLists } from "./manifest";
import { type Objects, addDocument, addObject, apiVersionOf, noObjects } from "./objects";
import { LabError, type Place, inOrder } from "./problem";
import { pathSource } from "./source";
import type { EndpointSlice, Endpoints, Lab, Namespace, Node, Pod, Problem, WrittenService } from "./types";
import { readYaml } from "./yaml";

export interface SourceFile {
  /** As it is to be called in messages. */
  readonly file: string;
  readonly text: string;
}

/**
 * @param name what to call the lab as a whole in messages: its folder or file
 * @param unreadable what was wrong with files that are not among the sources
 */
export function parseLab(sources: readonly SourceFile[], name = "lab", unreadable: readonly Problem[] = []): Lab {
  const objects = noObjects();
  objects.problems.push(...unreadable);
  for (const { file, text } of sources) {
    const { documents, problems } = readYaml(file, text);
    objects.problems.push(...problems);
    for (const { value, source } of documents) addDocument(objects, value, source);
    objects.incomplete ||= problems.length > 0;
  }
  objects.incomplete ||= unreadable.length > 0;
  return checked(objects, { file: name });
}

/** The same checks for objects written in TypeScript; messages name paths such as `pods[1].spec.containers[0].name`. */
export function validateLab({ metadata, spec, ...lists }: LabObjects): Lab {
  const objects = noObjects();
  const lab = { apiVersion: "podnet.dev/v1", kind: "Lab", metadata, spec };
  addObject(objects, "Lab", lab, pathSource("", lab));
  for (const [list, kind] of Object.entries(kindsOfLists))
    for (const [index, value] of (lists[list as keyof typeof kindsOfLists] ?? []).entries()) {
      const source = pathSource(`${list}[${index}]`, value);
      const typed = { ...value, apiVersion: value.apiVersion ?? apiVersionOf(kind), kind: value.kind ?? kind };
      addDocument(objects, typed, source);
    }
  return checked(objects, { file: "lab" });
}

function checked(objects: Objects, whole: Place): Lab {
  const problems = [...objects.problems, ...checkOneLab(objects, whole)];
  const warnings: Problem[] = [];
  // Of what was wrong in it the spec is free by now, so the defaults complete it.
  const spec = withDefaults(LabSpec, objects.labs[0]?.value.spec) as LabSpec;
  const context = contextOf(objects, spec, problems, warnings);
  checkLab(context);
  const ranges = checkRanges(context);
  const podCIDRs = checkNodes(context, ranges);
  checkWorkloads(context);
  checkPods(context);
  checkHostIPs(context, ranges, podCIDRs);
  checkEndpoints(context, checkServices(context, ranges));
  checkProxy(context);
  checkNamespaces(context);
  checkNetworkNamespaces(context);
  checkCapacity(context, ranges, podCIDRs);
  if (problems.length > 0) throw new LabError(problems);
  return complete(objects, context, inOrder(warnings));
}

/** Without problems nothing is missing any more that a type calls for, except for the defaults. */
function complete(objects: Objects, { pods, spec }: Context, warnings: readonly Problem[]): Lab {
  const values = <T>(entries: readonly { value: unknown }[]): T[] => entries.map(({ value }) => value as T);
  const [lab] = values<{ metadata: { name: string } }>(objects.labs);
  if (lab === undefined) throw new Error("a lab without a Lab passed the checks");
  const [firstHost = ""] = Object.keys(spec.hosts);
  return {
    name: lab.metadata.name,
    spec: { ...spec, proxy: { clusterCIDR: spec.clusterCIDR, ...spec.proxy } },
    nodes: values<Node>(objects.nodes).map((node) => withHost(node, firstHost)),
    pods: values<Pod>(pods).map(completePod),
    services: values<WrittenService>(objects.services).map(completeService),
    endpointSlices: values<EndpointSlice>(objects.endpointSlices).map(completeSlice),
    endpoints: values<Endpoints>(objects.endpoints).map(completeEndpoints),
    namespaces: values<Namespace>(objects.namespaces),
    warnings,
  };
}
