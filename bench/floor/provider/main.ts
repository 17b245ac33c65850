// A provider that does nothing: whatever it is asked for is there at once, and as it should be.
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

const answer =
  <Request, Response>(make: (request: Request) => Response) =>
  ({ request }: ServerUnaryCall<Request, Response>, respond: sendUnaryData<Response>): void =>
    respond(null, make(request));

function check(request: rpc.CheckRequest): rpc.CheckResponse {
  const response = new rpc.CheckResponse();
  response.setInputs(request.getNews());
  return response;
}

function diff(): rpc.DiffResponse {
  const response = new rpc.DiffResponse();
  response.setChanges(rpc.DiffResponse.DiffChanges.DIFF_NONE);
  return response;
}

const handlers = {
  handshake: answer(() => new rpc.ProviderHandshakeResponse()),
  getPluginInfo: answer(() => {
    const info = new PluginInfo();
    info.setVersion("0.1.0");
    return info;
  }),
  checkConfig: answer(check),
  diffConfig: answer(diff),
  configure: answer(() => {
    const response = new rpc.ConfigureResponse();
    response.setSupportspreview(true);
    return response;
  }),
  check: answer(check),
  diff: answer(diff),
  create: answer((request: rpc.CreateRequest) => {
    const response = new rpc.CreateResponse();
    response.setId(request.getUrn());
    response.setProperties(request.getProperties());
    return response;
  }),
  read: answer((request: rpc.ReadRequest) => {
    const response = new rpc.ReadResponse();
    response.setId(request.getId());
    response.setProperties(request.getProperties());
    response.setInputs(request.getInputs());
    return response;
  }),
  delete: answer(() => new Empty()),
  cancel: answer(() => new Empty()),
};

export function serve(): void {
  const server = new Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  server.addService(ResourceProviderService, handlers);
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.stdout.write(`${port}\n`);
  });
}
