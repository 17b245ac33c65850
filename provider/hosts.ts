// The hosts of the provider's configuration.
import { Host, HostError, type HostSettings } from "../components/host";
import { projectOwner } from "../components/linux/reconcile";

export class Hosts {
  lab = "";
  owner = "";
  private settings: Record<string, HostSettings> = {};
  private readonly open = new Map<string, Host>();

  /** @param owner nothing when the state is older than owners are */
  configure(lab: string, hosts: string, owner = projectOwner()): void {
    this.lab = lab;
    this.owner = owner;
    this.settings = JSON.parse(hosts) as Record<string, HostSettings>;
    // Pulumi reads the state meanwhile.
    for (const name of Object.keys(this.settings)) this.host(name).connect();
  }

  host(name: string): Host {
    const settings = this.settings[name];
    if (!settings)
      throw new HostError(
        `host "${name}" is not in the provider's configuration, which knows: ${Object.keys(this.settings).join(", ")}`,
      );
    const host = this.open.get(name) ?? new Host(name, settings);
    this.open.set(name, host);
    return host;
  }

  cancel(): void {
    for (const host of this.open.values()) host.cancel();
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map((host) => host.close()));
  }
}
