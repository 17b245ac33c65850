#!/usr/bin/env node
// What every `npm run NAME` calls: node scripts/podnet.mjs NAME [ARGUMENT ...]
// Works in a fresh clone. Sees to the npm packages, then runs scripts/NAME.ts in this process, so that signals, exit code and
// standard streams are the script's own. A script exports `main(args)`; an error that it throws is told in one line.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const scripts = dirname(fileURLToPath(import.meta.url));
const root = resolve(scripts, "..");
const { withLock } = require("./toolchain/lock.cjs");

const linesShown = 30; // npm says the cause first, and much about itself after it.
const say = (line) => process.stderr.write(`podnet: ${line}\n`);
const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/** What a programming mistake throws: here a person needs the stack, elsewhere the message says it all. */
const mistakes = [TypeError, ReferenceError, RangeError, SyntaxError];

/** What to do about what the system refused (errno(3)), by its code. */
const advice = {
  EACCES: "this user may not; run the command as root, or as whoever the file belongs to",
  EPERM: "this user may not; run the command as root",
  EROFS: "the file system is mounted read-only; remount it (mount -o remount,rw), and run the command again",
  ENOSPC: "the disk is full; make room (df -h says which is), and run the command again",
  EDQUOT: "the disk quota is used up; make room, and run the command again",
};

const told = ({ code, message }) => (advice[code] ? `${message}: ${advice[code]}` : message);

function fail(error) {
  const bare = error instanceof Error && !mistakes.some((kind) => error instanceof kind) && !process.env.PODNET_DEBUG;
  say(bare ? told(error) : (error?.stack ?? error));
  process.exit(1);
}

function checkNode() {
  const wanted = readJson(join(root, "package.json")).engines.node;
  const numbers = (text) => text.match(/\d+/g).map(Number);
  const [has, needs] = [numbers(process.versions.node), numbers(wanted)];
  const first = needs.findIndex((n, i) => n !== has[i]);
  if (first >= 0 && has[first] < needs[first])
    throw new Error(
      `needs Node.js ${wanted}, and ${process.execPath} is ${process.versions.node}. Install a newer Node.js.`,
    );
}

const scriptNames = () => readdirSync(scripts).flatMap((file) => /^(.+)\.ts$/.exec(file)?.[1] ?? []);

function scriptFile(name) {
  const names = scriptNames();
  if (names.includes(name)) return join(scripts, `${name}.ts`);
  throw new Error(`${name ? `there is no script "${name}".` : "which script?"} There are: ${names.sort().join(", ")}.`);
}

/** One line for each script: the comment that it begins with. */
function help() {
  const lines = scriptNames().map((name) => {
    const [first] = readFileSync(join(scripts, `${name}.ts`), "utf8").split("\n");
    return `  ${name.padEnd(12)} ${first.slice(first.indexOf(": ") + 2)}`;
  });
  return `Usage: npm run SCRIPT -- [ARGUMENT ...], or: node scripts/podnet.mjs SCRIPT [ARGUMENT ...]\n\n${lines.sort().join("\n")}\n\nEach has its own --help.\n`;
}

/** Whether node_modules holds what package-lock.json says. npm writes node_modules/.package-lock.json last. */
function packagesAreThere() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const wanted = Object.entries(readJson(join(root, "package-lock.json")).packages);
  const present = readJson(installed).packages;
  return wanted.every(([path, { version, integrity, optional }]) => {
    if (path === "") return true;
    const found = present[path];
    return found ? found.version === version && found.integrity === integrity : optional === true;
  });
}

async function installPackages() {
  if (packagesAreThere()) return;
  say("installing the npm packages (npm ci) ...");
  // Where setpriv(1) is, npm ends with this process, or two would write node_modules after a kill and a new start.
  const setpriv = ["/usr/bin/setpriv", "--pdeathsig", "KILL"];
  const [program, ...args] = [
    ...(existsSync(setpriv[0]) ? setpriv : []),
    "npm",
    "ci",
    "--include=dev",
    "--loglevel=error",
  ];
  await new Promise((resolve, reject) => {
    execFile(program, args, { cwd: root, maxBuffer: Infinity }, (error, stdout, stderr) => {
      if (!error) return resolve();
      const said = (stderr || stdout || error.message).split("\n").slice(0, linesShown);
      reject(new Error(`npm ci in ${root} failed:\n${said.join("\n")}`));
    });
  });
}

async function run(name, args) {
  if (name === "--help" || name === "-h") return void process.stdout.write(help());
  checkNode();
  const file = scriptFile(name);
  if (!packagesAreThere()) {
    const onWait = () => say("the npm packages are being installed already: waiting ...");
    await withLock(`npm ci ${root}`, installPackages, onWait);
  }
  require("../provider/typescript.cjs");
  process.argv = [process.execPath, file, ...args];
  await require(file).main(args);
}

process.on("uncaughtException", fail);
// Whoever reads what is said may have enough of it (`| head -1`), which is no reason to stop in the middle of a change.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error) => {
    if (error.code !== "EPIPE") throw error;
  });
run(process.argv[2], process.argv.slice(3)).catch(fail);
