// The Pulumi program (index.ts), run by this process instead of a language host and a Node.js that Pulumi starts for it: this one
// has most of it loaded already. It is what Pulumi's Automation API does for programs that are functions.
//
// It also keeps large labs alive. Pulumi's own language host is reached by a connection on which nothing is said for minutes, and
// gives it up when the loopback interface loses one keep-alive packet of it (grpc-go sets TCP_USER_TIMEOUT, tcp(7)); many pods on one
// bridge that greet each other make the kernel lose packets (net.core.netdev_max_backlog).
import { Server, type ServerUnaryCall, type sendUnaryData, ServerCredentials } from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import { isGrpcError } from "@pulumi/pulumi/errors";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { GetRequiredPluginsResponse, type RunRequest, RunResponse } from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import {
  disconnect,
  disconnectSync,
  getEngine,
  getMaximumListeners,
  resetOptions,
  runInPulumiStack,
  setAllConfig,
} from "@pulumi/pulumi/runtime";
import { projectRoot } from "./environment";

/** While `work` runs, Pulumi can have the program run: with these words on its command line. */
export async function withProgram<T>(work: (words: readonly string[]) => Promise<T>): Promise<T> {
  const server = new Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  let failed = (_: Error): void => undefined;
  const hearNoMore = hearOfFailures((error) => failed(error));
  server.addService(LanguageRuntimeService, {
    run: (call: ServerUnaryCall<RunRequest, RunResponse>, callback: sendUnaryData<RunResponse>) => {
      const failure = new Promise<never>((_, reject) => (failed = reject));
      void run(call.request, failure).then((response) => callback(null, response));
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
    return await work([`--client=127.0.0.1:${port}`, "--exec-kind", "auto.inline"]);
  } finally {
    Error.stackTraceLimit = limit;
    hearNoMore();
    disconnectSync();
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

/** What Pulumi refused, it knows itself. @param failure of this run */
async function run(request: RunRequest, failure: Promise<never>): Promise<RunResponse> {
  try {
    await Promise.race([runProgram(request), failure]);
    return new RunResponse().setBail(pulumi.log.hasErrors());
  } catch (error) {
    if (!isGrpcError(error as Error)) await tell(told(error as Error));
    return new RunResponse().setBail(true);
  }
}

/** Not by Pulumi's `log`, which complains when Pulumi has ended meanwhile, because of another failure. */
const tell = (message: string): Promise<void> =>
  new Promise((done) => {
    const error = new LogRequest().setSeverity(LogSeverity.ERROR).setMessage(message);
    const engine = getEngine();
    if (engine) engine.log(error, () => done());
    else done();
  });

async function runProgram(request: RunRequest): Promise<void> {
  const [engine = ""] = request.getArgsList();
  resetOptions(
    ...([request.getProject(), request.getStack(), request.getParallel(), engine] as const),
    ...([request.getMonitorAddress(), request.getDryrun(), request.getOrganization()] as const),
  );
  setAllConfig(Object.fromEntries(request.getConfigMap().toArray()), request.getConfigsecretkeysList());
  process.setMaxListeners(getMaximumListeners());
  process.chdir(projectRoot);
  // It declares resources while it is loaded, and a preview and the update behind it are two runs. What it exports becomes the stack's
  // outputs, as when Pulumi runs it.
  delete require.cache[require.resolve("../../index")];
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded anew, and not before it is to run
  await runInPulumiStack(async () => require("../../index") as unknown);
  await disconnect(true);
}

/** A sentence for the user says it all; a mistake in the program needs its stack. */
function told(error: Error): string {
  const isForUsers: boolean = pulumi.RunError.isInstance(error) || pulumi.ResourceError.isInstance(error);
  return isForUsers ? error.message : `the program failed: ${error.stack ?? error.message}`;
}
