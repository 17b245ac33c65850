// The Pulumi program (index.ts), run by this process instead of a language host and a Node.js that Pulumi starts for it: this one
// has most of it loaded already. It is what Pulumi's Automation API does for programs that are functions.
//
// It also keeps large labs alive. Pulumi's own language host is reached by a connection on which nothing is said for minutes, and
// gives it up when the loopback interface loses one keep-alive packet of it (grpc-go sets TCP_USER_TIMEOUT, tcp(7)); many pods on one
// bridge that greet each other make the kernel lose packets (net.core.netdev_max_backlog).
import { Server, type ServerUnaryCall, type sendUnaryData, ServerCredentials } from "@grpc/grpc-js";
import { isGrpcError } from "@pulumi/pulumi/errors";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { GetRequiredPluginsResponse, type RunRequest, type RunResponse } from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import type * as ProgramRun from "./programRun";

/** What runs the program takes half a second to load, which is about what Pulumi takes to start. */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- not before Pulumi has been started
const loaded = async () => require("./programRun") as typeof ProgramRun;

/** While `work` runs, Pulumi can have the program run: with these words on its command line. */
export async function withProgram<T>(work: (words: readonly string[]) => Promise<T>): Promise<T> {
  const server = new Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  let failed = (_: Error): void => undefined;
  const hearNoMore = hearOfFailures((error) => failed(error));
  server.addService(LanguageRuntimeService, {
    run: (call: ServerUnaryCall<RunRequest, RunResponse>, callback: sendUnaryData<RunResponse>) => {
      const failure = new Promise<never>((_, reject) => (failed = reject));
      void loaded()
        .then(({ run }) => run(call.request, failure))
        .then((response) => callback(null, response));
    },
    getRequiredPlugins: (_: unknown, callback: sendUnaryData<GetRequiredPluginsResponse>) =>
      callback(null, new GetRequiredPluginsResponse()),
    getPluginInfo: (_: unknown, callback: sendUnaryData<PluginInfo>) =>
      callback(null, new PluginInfo().setVersion("1.0.0")),
  });
  const port = await new Promise<number>((done, failed) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? failed(error) : done(port),
    ),
  );
  const limit = Error.stackTraceLimit; // The program sets it.
  try {
    const [result] = await Promise.all([work([`--client=127.0.0.1:${port}`, "--exec-kind", "auto.inline"]), loaded()]);
    return result;
  } finally {
    Error.stackTraceLimit = limit;
    hearNoMore();
    (await loaded()).disconnectSync();
    server.forceShutdown();
  }
}

/** What nobody catches in the program is no mistake of this script's, so it goes to the run under way. @returns what undoes it */
function hearOfFailures(failed: (error: Error) => void): () => void {
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", failed);
  // Also of resources that Pulumi does not get to any more: they are told so, and then there is nothing to wait for.
  process.on("unhandledRejection", failed);
  return () => {
    process.off("uncaughtException", failed);
    process.off("unhandledRejection", failed);
    for (const listener of before) process.on("uncaughtException", listener);
    // Some are told so only now, when Pulumi is gone.
    process.on("unhandledRejection", (error: Error) => {
      if (!isGrpcError(error)) throw error;
    });
  };
}
