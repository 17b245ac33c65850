// The environment in which podnet runs Pulumi: which CLI, and where the state is.
import { mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import packageJson from "../../package.json";

type Environment = Readonly<Record<string, string | undefined>>;

export const projectRoot = resolve(__dirname, "..", "..");
/** Node.js, for a file in TypeScript. */
export const nodeWithTypeScript = [process.execPath, "-r", join(projectRoot, "provider", "typescript.cjs")];
export const pulumiVersion: string = packageJson.dependencies.pulumi;

export const pulumiHome = (env: Environment = process.env): string =>
  resolve(env.PULUMI_HOME || join(homedir(), ".pulumi"));

/** Where the npm package `pulumi` keeps the release (its lib/cache.js). */
export const releaseFolder = (env: Environment = process.env): string =>
  join(pulumiHome(env), "versions", pulumiVersion);

/** What comes before everything else on the PATH. */
export const toolFolders = (root = projectRoot, env: Environment = process.env): string[] => [
  join(releaseFolder(env), "bin"),
  join(root, "node_modules", ".bin"),
];

/** What to set for `pulumi`, on top of the environment that is there. */
export function pulumiEnvironment(root = projectRoot, env: Environment = process.env): Record<string, string> {
  return {
    PATH: [...toolFolders(root, env), env.PATH].filter(Boolean).join(delimiter),
    PULUMI_HOME: pulumiHome(env),
    PULUMI_SKIP_UPDATE_CHECK: "1",
    // Every plugin that podnet itself uses comes with it.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: env.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION || "1",
    // Work on the lab that may go together goes together, and most of it waits for a host.
    PULUMI_PARALLEL: env.PULUMI_PARALLEL || "256",
    ...backend(root, env),
  };
}

/** The user's own choice, else a folder of the project's that needs no login and no passphrase.
 * A login must be said again, because Pulumi.yaml's backend would come before it (pulumi/pkg/workspace/creds.go). */
function backend(root: string, env: Environment): Record<string, string> {
  const folder = join(root, ".podnet", "state");
  const own = pathToFileURL(folder).href;
  const chosen = env.PULUMI_BACKEND_URL || currentLogin(env) || own;
  if (chosen !== own) return { PULUMI_BACKEND_URL: chosen };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passphraseIsSet = env.PULUMI_CONFIG_PASSPHRASE !== undefined || env.PULUMI_CONFIG_PASSPHRASE_FILE !== undefined;
  return {
    PULUMI_BACKEND_URL: own,
    ...(passphraseIsSet ? {} : { PULUMI_CONFIG_PASSPHRASE: "" }),
  };
}

/** Where `pulumi login` went to. */
function currentLogin(env: Environment): string | undefined {
  const file = join(env.PULUMI_CREDENTIALS_PATH || pulumiHome(env), "credentials.json");
  const text = readIfThere(file);
  if (!text) return undefined;
  try {
    return (JSON.parse(text) as { current?: string }).current || undefined;
  } catch (error) {
    throw new Error(`${file}: not JSON (${(error as Error).message}). Run pulumi login again, or delete it.`, {
      cause: error,
    });
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
