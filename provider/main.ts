// The plugin's process: a gRPC server on loopback that lives as long as the engine that started it.
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Engine } from "./engine";
import { Hosts } from "./hosts";
import { handlers } from "./handlers";

export function serve(): void {
  const hosts = new Hosts();
  const engine = new Engine(process.argv.at(-1));
  const server = new Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  server.addService(ResourceProviderService, handlers(hosts, engine));
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.stdout.write(`${port}\n`);
  });
  // The plugin is in a process group of its own, so Ctrl-C does not reach it: the engine says Cancel, and ends it by a signal.
  const leave = (): void => void hosts.close().finally(() => process.exit(0));
  process.on("SIGINT", leave);
  process.on("SIGTERM", leave);
  // An engine that was killed says nothing; then this process has another parent.
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || leave(), 500).unref();
}
