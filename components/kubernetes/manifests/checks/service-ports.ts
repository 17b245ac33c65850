import { dnsLabel, nameFault, portName } from "../names";
import type { Entry, Partly } from "../objects";
import type { Path } from "../source";
import type { ServicePort, WrittenService } from "../types";
import { type Context, placeOf } from "./context";
import { checkOneOf, checkPort, protocols } from "./values";

export function checkServicePorts(context: Context, service: Entry<WrittenService>): void {
  const path: Path = ["spec", "ports"];
  if (service.isBroken(path)) return;
  const { type = "ClusterIP", clusterIP, ports = [] } = service.value.spec ?? {};
  if (ports.length === 0 && type !== "ExternalName" && clusterIP !== "None")
    context.problem(service, path, 'the Service has no ports; add spec.ports with at least "- port: 80"');

  const names = new Map<string, Path>();
  const numbers = new Map<string, Path>();
  const nodePorts = new Map<string, Path>();
  const once = (seen: Map<string, Path>, key: string, at: Path, message: (place: string) => string): void => {
    const same = seen.get(key);
    if (same === undefined) seen.set(key, at);
    else context.problem(service, at, message(placeOf(service, same)));
  };
  for (const [index, port] of ports.entries()) {
    const at = [...path, index];
    const { name = "", protocol = "TCP", nodePort = 0 } = port ?? {};
    if (name !== "") checkName(context, service, [...at, "name"], name);
    else if (ports.length > 1 && !service.isBroken([...at, "name"]))
      context.problem(
        service,
        at,
        "this port has no name, which a Service with several ports needs for each; add one, such as http",
      );
    if (name !== "")
      once(names, name, [...at, "name"], (place) => `port ${name} is already at ${place}; rename one of the two`);
    checkOneOf(context, service, [...at, "protocol"], protocol, protocols);
    checkTarget(context, service, at, port?.targetPort);
    if (port?.port === undefined || !checkPort(context, service, [...at, "port"], port.port)) continue;
    const key = `${port.port}/${protocol}`;
    once(numbers, key, [...at, "port"], (place) => `port ${key} is already at ${place}; use another number`);
    checkNodePort(context, service, at, type, port);
    if (nodePort !== 0)
      once(
        nodePorts,
        `${nodePort}/${protocol}`,
        [...at, "nodePort"],
        (place) => `nodePort ${nodePort}/${protocol} is already at ${place}; use another number`,
      );
  }
}

function checkName(context: Context, service: Entry<WrittenService>, path: Path, name: string): void {
  const fault = nameFault("port name", name, dnsLabel);
  if (fault !== undefined) context.problem(service, path, fault);
}

function checkTarget(
  context: Context,
  service: Entry<WrittenService>,
  at: Path,
  targetPort: number | string | undefined,
): void {
  const path = [...at, "targetPort"];
  if (typeof targetPort === "number" && targetPort !== 0) checkPort(context, service, path, targetPort);
  const fault =
    typeof targetPort === "string" && targetPort !== "" ? nameFault("targetPort", targetPort, portName) : undefined;
  if (fault !== undefined) context.problem(service, path, fault);
}

function checkNodePort(
  context: Context,
  service: Entry<WrittenService>,
  at: Path,
  type: string,
  { nodePort }: Partly<ServicePort>,
): void {
  if (!nodePort || type === "NodePort" || type === "LoadBalancer") return;
  if (type === "ClusterIP")
    context.problem(
      service,
      [...at, "nodePort"],
      'a Service of type ClusterIP has no node ports; leave nodePort out, or add "type: NodePort"',
    );
}
