// What the plugin says to the engine: sentences for the user beside a resource.
import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export class Engine {
  private readonly client: EngineClient | undefined;

  constructor(address: string | undefined) {
    if (address && /:\d+$/.test(address)) this.client = new EngineClient(address, credentials.createInsecure());
  }

  warn(urn: string, message: string): Promise<void> {
    const request = new LogRequest();
    request.setSeverity(LogSeverity.WARNING);
    request.setUrn(urn);
    request.setMessage(message);
    return new Promise((done) => (this.client ? this.client.log(request, () => done()) : done()));
  }
}
