// Which lab a command means: its files and its name, which is also its stack's.
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { extname, join, relative, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { nearest } from "../../components/kubernetes/manifests";
import type { LabOptions } from "./command";
import { projectRoot } from "./environment";
import { stackConfig } from "./pulumi";

const defaultLab = join("labs", "demo");
export const labKey = "podnet:lab";

/** The lab's file or folder. */
export function labPath(options: LabOptions, name?: string): string {
  const stack = givenName(options, name);
  // npm runs scripts in the project's folder and says in INIT_CWD where the user is.
  if (options.lab !== undefined) return resolve(process.env.INIT_CWD ?? process.cwd(), options.lab);
  if (stack === undefined) return join(projectRoot, defaultLab);
  const path = isName(stack) ? knownPath(stack) : undefined;
  if (path !== undefined) return path;
  const known = knownLabs();
  const meant = nearest(stack, known);
  const hint = meant === undefined ? `there are ${known.join(", ")}.` : `did you mean "${meant}"?`;
  throw new Error(`there is no lab "${stack}" whose files are known; ${hint} ${forFiles}`);
}

/** The lab's name; its files need not be there when the name is given, nor be free of problems when it is not. */
export function labName(options: LabOptions, name?: string): string {
  const given = givenName(options, name);
  return given === undefined ? nameIn(labPath(options)) : checkedName(given);
}

function givenName({ lab, stack }: LabOptions, name: string | undefined): string | undefined {
  const given = [name, lab, stack].filter((choice) => choice !== undefined);
  if (given.length > 1) throw new Error("say which lab in one way: by NAME, --lab or --stack");
  return name ?? stack;
}

/** Those that have been brought up, and the ready ones. */
function knownLabs(): string[] {
  const stacks = readdirSync(projectRoot).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
  const ready = readdirSync(join(projectRoot, "labs"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  return [...new Set([...stacks, ...ready])].filter((name) => knownPath(name) !== undefined).sort();
}

/** Where the lab's files were at the last `up`, or would be looked for. */
export function knownPath(name: string): string | undefined {
  const configured = stackConfig(name)[labKey];
  const path = resolve(projectRoot, typeof configured === "string" ? configured : join("labs", name));
  return existsSync(path) ? path : undefined;
}

/** As the stack's configuration has it: it stays right when the project is moved together with its labs. */
export function inProject(path: string): string {
  const inside = relative(projectRoot, path);
  return inside.startsWith("..") || inside === "" ? path : inside;
}

const isName = (text: string): boolean => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);

const forFiles = "For files: -- --lab FOLDER (options that have no -- before them are npm's)";

function checkedName(name: string): string {
  if (isName(name)) return name;
  throw new Error(`"${name}" is no lab's name: 1-63 lower case letters, digits and "-". ${forFiles}`);
}

/** Reads no more than the name, so a lab whose files are being worked on can still be looked at and removed. */
function nameIn(path: string): string {
  const names = yamlFiles(path).flatMap((file) =>
    parseAllDocuments(readFileSync(file, "utf8"), { logLevel: "silent" }).flatMap((document) => {
      const object = document.errors.length > 0 ? undefined : (document.toJS() as unknown);
      const { kind, metadata } = (object ?? {}) as { kind?: unknown; metadata?: { name?: unknown } };
      return kind === "Lab" && typeof metadata?.name === "string" ? [metadata.name] : [];
    }),
  );
  const [name] = names;
  if (name !== undefined && names.length === 1) return checkedName(name);
  throw new Error(
    `${path}: ${names.length} objects of kind Lab with a name, not one; name the lab instead: --stack NAME`,
  );
}

function yamlFiles(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Error(`${path}: there is no such file or folder; name a lab's folder or its YAML file`);
  if (!found.isDirectory()) return [path];
  return readdirSync(path)
    .filter((file) => [".yaml", ".yml"].includes(extname(file)))
    .map((file) => join(path, file))
    .filter(isFile);
}

/** What is none is told when the lab is loaded; its name can be had without. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
