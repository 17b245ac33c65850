// Lets this process load TypeScript, without checking types, which `npm test` does. Many short processes are podnet's (the plugin, each
// script), and ts-node takes a quarter of a second to begin: it loads the whole of TypeScript's compiler.
"use strict";
const { addHook } = require("pirates");
const { transformSync } = require("@swc/core");

const options = {
  ...{ swcrc: false, configFile: false, sourceMaps: "inline" },
  jsc: { parser: { syntax: "typescript" }, target: "es2022" },
  module: { type: "commonjs" },
};

process.setSourceMapsEnabled(true);
addHook((text, filename) => transformSync(text, { ...options, filename }).code, { exts: [".ts"] });
