// The npm package `pulumi` says no types; this is what lib/download.js takes.
declare module "pulumi/lib/download" {
  export function installCLI(
    version: string,
    root: string,
    io: { fetchText(url: string): Promise<string>; execScript(scriptPath: string, args: string[]): void },
  ): Promise<void>;
}
