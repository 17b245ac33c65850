// From text, or from objects of a program, to a checked lab. Nothing here reads a file or touches a host.

import { checkCapacity } from "./checks/capacity";
import { contextOf } from "./checks/context";
import { checkLab, checkOneLab } from "./checks/lab";
import { checkNetworkNamespaces } from "./checks/namespaces";
import { checkNodes } from "./checks/nodes";
import { checkNamespaces, checkPods, defaultNamespace } from "./checks/pods";
import { checkRanges } from "./checks/ranges";
import { withDefaults } from "./defaults";
import { LabSpec } from "./lab-schema";
import type { LabObjects } from "./manifest";
import { type Objects, addDocument, addObject, noObjects } from "./objects";
import { LabError, type Place, inOrder } from "./problem";
import { pathSource } from "./source";
import { type Lab, type Namespace, type Node, type Pod, type Problem, hostAnnotation } from "./types";
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
export function validateLab({ metadata, spec, nodes, pods = [], namespaces = [] }: LabObjects): Lab {
  const objects = noObjects();
  const lab = { apiVersion: "podnet.dev/v1", kind: "Lab", metadata, spec };
  addObject(objects, "Lab", lab, pathSource("", lab));
  const lists = { nodes: ["Node", nodes], pods: ["Pod", pods], namespaces: ["Namespace", namespaces] } as const;
  for (const [list, [kind, values]] of Object.entries(lists))
    for (const [index, value] of values.entries()) {
      const source = pathSource(`${list}[${index}]`, value);
      addDocument(objects, { ...value, apiVersion: value.apiVersion ?? "v1", kind: value.kind ?? kind }, source);
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
  checkPods(context);
  checkNamespaces(context);
  checkNetworkNamespaces(context);
  checkCapacity(context, ranges, podCIDRs);
  if (problems.length > 0) throw new LabError(problems);
  return complete(objects, spec, inOrder(warnings));
}

/** Without problems nothing is missing any more that a type calls for, except for the defaults. */
function complete(objects: Objects, spec: LabSpec, warnings: readonly Problem[]): Lab {
  const values = <T>(entries: readonly { value: unknown }[]): T[] => entries.map(({ value }) => value as T);
  const [lab] = values<{ metadata: { name: string } }>(objects.labs);
  if (lab === undefined) throw new Error("a lab without a Lab passed the checks");
  const [firstHost = ""] = Object.keys(spec.hosts);
  return {
    name: lab.metadata.name,
    spec,
    nodes: values<Node>(objects.nodes).map((node) => withHost(node, firstHost)),
    pods: values<Pod>(objects.pods).map(completePod),
    namespaces: values<Namespace>(objects.namespaces),
    warnings,
  };
}

function withHost(node: Node, host: string): Node {
  return {
    ...node,
    metadata: { ...node.metadata, annotations: { [hostAnnotation]: host, ...node.metadata.annotations } },
  };
}

function completePod(pod: Pod): Pod {
  const { metadata, spec } = pod;
  const containers = spec.containers.map((container) =>
    container.ports === undefined
      ? container
      : {
          ...container,
          ports: container.ports.map((port) => ({ ...port, protocol: port.protocol ?? ("TCP" as const) })),
        },
  );
  return {
    ...pod,
    metadata: { ...metadata, namespace: metadata.namespace ?? defaultNamespace },
    spec: { ...spec, containers },
  };
}
