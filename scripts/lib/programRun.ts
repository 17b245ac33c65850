// Runs the Pulumi program (index.ts) once, in this process, as Pulumi asks for it.
import * as pulumi from "@pulumi/pulumi";
import { isGrpcError } from "@pulumi/pulumi/errors";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { type RunRequest, RunResponse } from "@pulumi/pulumi/proto/language_pb";
import {
  disconnect,
  getEngine,
  getMaximumListeners,
  resetOptions,
  runInPulumiStack,
  setAllConfig,
} from "@pulumi/pulumi/runtime";
import "../../components/kubernetes"; // Which the program will need.
import { projectRoot } from "./environment";

export { disconnectSync } from "@pulumi/pulumi/runtime";

/** What Pulumi refused, it knows itself. @param failure of this run */
export async function run(request: RunRequest, failure: Promise<never>): Promise<RunResponse> {
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
