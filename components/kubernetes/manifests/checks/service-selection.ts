// What a Service's selector finds among the pods, and whether they have the ports that it sends to.

import { LabelIndex, hasLabels } from "../labels";
import { nameFault, portName } from "../names";
import type { Entry, Partly } from "../objects";
import { listed, nearest, quoted } from "../suggest";
import type { Pod, ServicePort, WrittenService } from "../types";
import { type Context, namespaceOf } from "./context";
import { labelsText } from "./workloads";

type Service = Entry<WrittenService>;
type Labels = Readonly<Record<string, string>>;

export function checkSelection(context: Context): void {
  // Of a workload with no replicas its template says what there could be.
  const pods = new LabelIndex([...context.pods, ...context.templates], (pod) => ({
    namespace: namespaceOf(pod),
    labels: pod.value.metadata?.labels as Labels | undefined,
  }));
  for (const service of context.services) {
    const { type, selector = {}, ports = [] } = service.value.spec ?? {};
    if (type === "ExternalName" || Object.keys(selector).length === 0 || service.isPartial(["spec", "selector"]))
      continue;
    const selected = pods.select(namespaceOf(service), selector as Labels);
    if (selected.length === 0) warnOfNobody(context, service, selector);
    else for (const [index, port] of ports.entries()) if (port) checkTarget(context, service, index, port, selected);
  }
}

function warnOfNobody(
  context: Context,
  service: Service,
  selector: Readonly<Record<string, string | undefined>>,
): void {
  // Pods that could not be read may have the labels.
  if (context.incomplete || context.pods.some((pod) => pod.isPartial(["metadata"]))) return;
  const namespace = namespaceOf(service);
  const here = context.pods.filter((pod) => namespaceOf(pod) === namespace);
  const known = new Set(here.flatMap(({ value }) => pairs(value.metadata?.labels ?? {})));
  const wrong = pairs(selector).find((pair) => !known.has(pair));
  const meant = wrong === undefined ? undefined : nearest(wrong, [...known]);
  const elsewhere = context.pods.find(({ value }) =>
    hasLabels((value.metadata?.labels ?? {}) as Labels, selector as Labels),
  );
  const hint =
    elsewhere !== undefined
      ? `; namespace ${namespaceOf(elsewhere)} has some, but a Service selects in its own`
      : meant !== undefined
        ? `; did you mean ${quoted(meant)}?`
        : "";
  context.warning(
    service,
    ["spec", "selector"],
    `no pod in namespace ${namespace} has the labels ${labelsText(selector)}, so the Service has no endpoints${hint}`,
  );
}

const pairs = (labels: Readonly<Record<string, string | undefined>>): string[] =>
  Object.entries(labels).map(([key, value]) => `${key}=${value}`);

function checkTarget(
  context: Context,
  service: Service,
  index: number,
  port: Partly<ServicePort>,
  pods: readonly Entry<Pod>[],
): void {
  const path = ["spec", "ports", index, "targetPort"];
  const { protocol = "TCP", targetPort } = port;
  const target = targetPort === 0 || targetPort === "" ? port.port : (targetPort ?? port.port);
  if (target === undefined || pods.some((pod) => pod.isPartial(["spec"])) || service.isBroken(path)) return;
  const containers = pods.flatMap(({ value }) => value.spec?.containers ?? []);
  const has = containers.flatMap((container) =>
    (container?.ports ?? []).filter((one) => (one?.protocol ?? "TCP") === protocol),
  );
  if (typeof target === "string") {
    if (nameFault("targetPort", target, portName) !== undefined) return; // has been reported
    if (has.some((one) => one?.name === target)) return;
    const names = [...new Set(has.flatMap((one) => one?.name ?? []))];
    const meant = nearest(target, names);
    const hint =
      meant !== undefined
        ? `did you mean "${meant}"?`
        : names.length > 0
          ? `they have ${listed(names)}`
          : "give a container's port that name, or write a number";
    context.problem(
      service,
      path,
      `no container of the pods that this Service selects names a ${protocol} port ${quoted(target)}; ${hint}`,
    );
  } else if (
    !has.some((one) => one?.containerPort === target) &&
    // A command may listen on whatever it likes; podnet's stand-in server listens on the containers' ports.
    containers.every((container) => container?.command === undefined)
  )
    context.warning(
      service,
      path,
      `no container of the pods that this Service selects has the ${protocol} port ${target}, so nobody will listen there`,
    );
}
