// Hosts as scripts reach them: by the same connection as the provider.
import { Host, type HostSettings, type Runner } from "../../components/host";
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
