import type { Entry, Partly } from "../objects";
import { dnsLabel, envName, nameFault, portName } from "../names";
import type { Path } from "../source";
import { quoted } from "../suggest";
import type { Container, ContainerPort, Pod } from "../types";
import { type Context, placeOf } from "./context";
import { checkOneOf, checkPort, protocols, readAddress } from "./values";

/** Fields of a container that are looked at only to say that they do nothing here. */
interface Ignored {
  readonly envFrom?: readonly unknown[];
}

/** Where a port was first declared, by port and protocol, in one network namespace. */
export type Ports = Map<string, { readonly pod: Entry<Pod>; readonly path: Path }>;

/** @param ports those of the network namespace that the containers share */
export function checkContainers(context: Context, pod: Entry<Pod>, ports: Ports): void {
  const spec: (Partly<Pod["spec"]> & { readonly initContainers?: readonly unknown[] }) | undefined = pod.value.spec;
  const containers = spec?.containers;
  const path: Path = ["spec", "containers"];
  // A spec without the field has been reported with the pod's shape.
  if (spec === undefined ? !pod.isBroken(["spec"]) : containers?.length === 0)
    context.problem(pod, path, 'the pod has no containers; add spec.containers with at least "- name: web"');
  if (spec?.initContainers !== undefined)
    context.warning(
      pod,
      ["spec", "initContainers"],
      "init containers are not run: podnet builds networks, and their images are not pulled",
    );

  const names = new Map<string, Path>();
  for (const [index, container] of (containers ?? []).entries()) {
    const at = [...path, index];
    checkName(context, pod, [...at, "name"], container?.name, names);
    checkCommand(context, pod, at, container);
    checkEnv(context, pod, at, container);
    checkPorts(context, pod, [...at, "ports"], container?.ports ?? [], ports);
  }
}

function checkName(
  context: Context,
  pod: Entry<Pod>,
  path: Path,
  name: string | undefined,
  names: Map<string, Path>,
): void {
  if (name === undefined) return;
  const fault = nameFault("container name", name, dnsLabel);
  const same = names.get(name);
  if (fault !== undefined) context.problem(pod, path, fault);
  else if (same !== undefined)
    context.problem(
      pod,
      path,
      `container ${name} is already in this pod, at ${placeOf(pod, same)}; rename one of the two`,
    );
  else names.set(name, path);
}

function checkCommand(context: Context, pod: Entry<Pod>, at: Path, container: Partly<Container> | undefined): void {
  const { command = [], args = [] } = container ?? {};
  for (const [field, words] of Object.entries({ command, args }))
    for (const [index, word] of words.entries()) checkText(context, pod, [...at, field, index], field, word);
  if (args.length > 0 && command.length === 0)
    context.warning(
      pod,
      [...at, "args"],
      "args without command do nothing: images are not pulled, so there is no entrypoint to give them to; write command",
    );
}

/** Bytes of one argument or variable of a program, with the zero behind it (the kernel's MAX_ARG_STRLEN, 32 pages). */
const longest = 131_072;

/** Whether a program can be given it (execve(2)). */
function checkText(context: Context, pod: Entry<Pod>, path: Path, what: string, text: string | undefined): void {
  if (text === undefined) return;
  const length = Buffer.byteLength(text);
  if (text.includes("\0"))
    context.problem(pod, path, `${what} has a NUL byte, which no program can be given; remove it`);
  else if (!text.isWellFormed())
    context.problem(pod, path, `${what} has half of a character (a lone surrogate), which is no text; remove it`);
  else if (length >= longest)
    context.problem(
      pod,
      path,
      `${what} has ${length} bytes, and no program can be given more than ${longest - 1} in one piece; put it in a file`,
    );
}

function checkEnv(
  context: Context,
  pod: Entry<Pod>,
  at: Path,
  container: (Partly<Container> & Ignored) | undefined,
): void {
  for (const [index, variable] of (container?.env ?? []).entries()) {
    const path = [...at, "env", index];
    const { name, value, valueFrom } = (variable ?? {}) as { name?: string; value?: string; valueFrom?: unknown };
    const fault = name === undefined ? undefined : nameFault("the variable's name", name, envName);
    if (fault !== undefined) context.problem(pod, [...path, "name"], fault);
    checkText(context, pod, [...path, "value"], "value", value);
    if (valueFrom !== undefined)
      context.warning(
        pod,
        [...path, "valueFrom"],
        `valueFrom is not built: the variable ${quoted(name ?? "")} will not be set`,
      );
  }
  if (container?.envFrom !== undefined)
    context.warning(pod, [...at, "envFrom"], "envFrom is not built: its variables will not be set");
}

function checkPorts(
  context: Context,
  pod: Entry<Pod>,
  at: Path,
  written: readonly Partly<ContainerPort>[],
  ports: Ports,
): void {
  const names = new Set<string>();
  for (const [index, port] of written.entries()) {
    const path = [...at, index];
    const { name, containerPort, protocol = "TCP" } = port ?? {};
    const fault = name === undefined ? undefined : nameFault("port name", name, portName);
    if (fault !== undefined) context.problem(pod, [...path, "name"], fault);
    else if (name !== undefined && names.has(name))
      context.problem(pod, [...path, "name"], `port ${name} is already in this container; rename one of the two`);
    if (name !== undefined) names.add(name);
    checkOneOf(context, pod, [...path, "protocol"], protocol, protocols);
    checkHostPort(context, pod, path, port ?? {});
    if (containerPort === undefined || !checkPort(context, pod, [...path, "containerPort"], containerPort)) continue;
    const key = `${containerPort}/${protocol}`;
    const same = ports.get(key);
    if (same === undefined) ports.set(key, { pod, path: [...path, "containerPort"] });
    else
      context.warning(
        pod,
        [...path, "containerPort"],
        `port ${key} is already ${same.pod === pod ? "in this pod" : "on this node, in a pod with hostNetwork"}, at ${placeOf(same.pod, same.path)}; the containers share one network namespace, so only one server can listen on it (EADDRINUSE)`,
      );
  }
}

function checkHostPort(
  context: Context,
  pod: Entry<Pod>,
  path: Path,
  { containerPort, hostPort, hostIP }: Partly<ContainerPort>,
): void {
  // "" is what kubectl prints of a port without one; a pod's address is IPv4, so the one for all is, too.
  if (hostIP) readAddress(context, pod, [...path, "hostIP"], "hostIP", hostIP, "0.0.0.0");
  if (hostPort === undefined || hostPort === 0) return;
  if (!checkPort(context, pod, [...path, "hostPort"], hostPort)) return;
  // With the node's network a container's port is the node's, and the API server wants the two to say so.
  if (pod.value.spec?.hostNetwork && containerPort !== undefined && hostPort !== containerPort)
    context.problem(
      pod,
      [...path, "hostPort"],
      `hostPort ${hostPort} differs from containerPort ${containerPort}, which a pod with hostNetwork cannot have; leave hostPort out`,
    );
}
