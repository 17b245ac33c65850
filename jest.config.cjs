// Three rings of tests (docs/architecture.md): unit and fake need nothing but Node.js, real needs root and a Linux kernel.
const swc = {
  jsc: { parser: { syntax: "typescript" }, target: "es2022" },
  module: { type: "commonjs" },
};

/** @param {string} ring a folder below test */
const project = (ring) => ({
  displayName: ring,
  rootDir: __dirname,
  roots: ["<rootDir>/test"],
  testMatch: [`<rootDir>/test/${ring}/**/*.test.ts`],
  testEnvironment: "node",
  transform: { "\\.ts$": ["@swc/jest", swc] },
});

/** @type {import("jest").Config} */
module.exports = {
  projects: ["unit", "fake", "real"].map(project),
  testTimeout: 180_000, // of one test or hook; jest knows no limit per project
  watchman: false,
};
