// Lets this process load TypeScript, without checking types, which `npm test` does. Many short processes are podnet's (the plugin, each
// script), and ts-node takes a quarter of a second to begin: it loads the whole of TypeScript's compiler. What a file becomes is kept
// in node_modules/.cache, which may be removed at any time.
"use strict";
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { addHook } = require("pirates");
const { version } = require("@swc/core/package.json");

const options = {
  ...{ swcrc: false, configFile: false, sourceMaps: "inline" },
  jsc: { parser: { syntax: "typescript" }, target: "es2022" },
  module: { type: "commonjs" },
};

const folder = join(__dirname, "..", "node_modules", ".cache", "podnet");

function translate(text, filename) {
  const key = createHash("sha256")
    .update(JSON.stringify([version, options, filename, text]))
    .digest("hex");
  const kept = join(folder, `${key.slice(0, 32)}.js`);
  try {
    return readFileSync(kept, "utf8");
  } catch {
    const { code } = require("@swc/core").transformSync(text, { ...options, filename });
    keep(kept, code);
    return code;
  }
}

/** In one step, because others may read it at the same time; and only where that is possible. */
function keep(path, code) {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.${process.pid}`, code);
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // Another user's folder, or a full disk: then it is translated again.
  }
}

process.setSourceMapsEnabled(true);
addHook(translate, { exts: [".ts"] });
