// Hosts as scripts reach them: by the same connection as the provider.
import { ConnectionFailed, Host, type HostSettings, type Runner } from "../../components/host";
import { projectRoot } from "./environment";

/** Connects when `work` first runs a command. */
export async function withHost<T>(
  name: string,
  settings: HostSettings,
  work: (host: Runner) => Promise<T>,
): Promise<T> {
  process.chdir(projectRoot); // As the provider, which finds keys from there.
  const host = new Host(name, settings);
  try {
    return await work(host);
  } finally {
    await host.close();
  }
}

/** Why a host cannot be reached; nothing when it can, whatever else may be wrong with it. */
export async function unreachable(name: string, settings: HostSettings): Promise<string | undefined> {
  try {
    await withHost(name, settings, (host) => host.ask([{ argv: ["true"] }]));
    return undefined;
  } catch (error) {
    return error instanceof ConnectionFailed ? error.message : undefined;
  }
}
