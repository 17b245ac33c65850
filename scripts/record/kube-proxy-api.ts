/**
 * As much of an API server as kube-proxy asks for: it lists what it gets on its standard input, and holds watches open.
 * The recorder (kube-proxy.ts) runs it beside kube-proxy, in the same namespace. Usage: kube-proxy-api.ts PORT
 */
import { text } from "node:stream/consumers";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";

interface Item {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

const collections: Readonly<Record<string, { readonly apiVersion: string; readonly kind: string }>> = {
  "/api/v1/services": { apiVersion: "v1", kind: "Service" },
  "/api/v1/nodes": { apiVersion: "v1", kind: "Node" },
  "/apis/discovery.k8s.io/v1/endpointslices": { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" },
  "/apis/networking.k8s.io/v1/servicecidrs": { apiVersion: "networking.k8s.io/v1", kind: "ServiceCIDR" },
};

/** kube-proxy writes the service ranges into rules only if it knows them before the Services. */
let serviceRangesAreKnown = (): void => undefined;
const serviceRanges = new Promise<void>((resolve) => (serviceRangesAreKnown = resolve));

async function main(): Promise<void> {
  const objects = JSON.parse(await text(process.stdin)) as Record<string, Item[]>;
  const server = createServer((request, response) => {
    answer(objects, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("listening"));
}

async function answer(objects: Record<string, Item[]>, request: IncomingMessage, response: ServerResponse) {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
  const say = (code: number, body: object): void => {
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const collection = collections[pathname];
  if (request.method === "POST") return say(201, JSON.parse(await text(request)) as object); // an event
  // Who asks for a list through a watch asks again for a plain list.
  if (searchParams.has("sendInitialEvents")) return say(422, { kind: "Status", status: "Failure", code: 422 });
  if (!collection) {
    const node = objects["/api/v1/nodes"]?.find(({ metadata }) => pathname === `/api/v1/nodes/${metadata.name}`);
    return node ? say(200, node) : say(404, { kind: "Status", status: "Failure", code: 404 });
  }
  if (searchParams.has("watch")) {
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    if (collection.kind === "ServiceCIDR") serviceRangesAreKnown();
    return;
  }
  if (collection.kind === "Service") await serviceRanges;
  const wanted = absentLabels(searchParams.get("labelSelector") ?? "");
  say(200, {
    apiVersion: collection.apiVersion,
    kind: `${collection.kind}List`,
    metadata: { resourceVersion: "1" },
    items: (objects[pathname] ?? []).filter(({ metadata }) => wanted.every((label) => !metadata.labels?.[label])),
  });
}

/** The one kind of selector that kube-proxy uses: `!label,!label`. */
const absentLabels = (selector: string): string[] =>
  selector.split(",").flatMap((term) => /^!(.+)$/.exec(term)?.[1] ?? []);

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
