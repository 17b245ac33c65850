// Who may import whom. Imports point down only:
//   index.ts -> components/kubernetes -> components/linux -> components/host
//   provider -> components/linux, components/host
// docs/architecture.md says why; test/unit/lint/layers.test.ts shows that each rule bites.

/** @param {string} name @param {string} comment @param {object} from @param {object} to */
const forbid = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

/** Everything of the project but what is named. */
const allBut = (...allowed) => ({
  path: "^(index\\.ts|components|provider|scripts|test|bench|examples)",
  pathNot: allowed,
});

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    forbid("no-cycles", "What imports each other is one thing.", {}, { circular: true }),
    forbid(
      "host-is-the-ground",
      "components/host knows how to run commands, and nothing of what they are for.",
      { path: "^components/host/" },
      allBut("^components/host/"),
    ),
    forbid(
      "linux-knows-hosts-only",
      "components/linux knows kernel objects and hosts, and nothing of Kubernetes.",
      { path: "^components/linux/" },
      allBut("^components/(linux|host)/"),
    ),
    forbid(
      "kubernetes-stands-on-linux",
      "components/kubernetes says everything in the words of components/linux.",
      { path: "^components/kubernetes/" },
      allBut("^components/(kubernetes|linux)/"),
    ),
    forbid(
      "reading-a-lab-touches-no-host",
      "Labs are read, pods made of templates and addresses given without any host.",
      { path: "^components/kubernetes/(manifests|workloads|addresses)/" },
      allBut("^components/kubernetes/(manifests|workloads|addresses)/"),
    ),
    forbid(
      "manifests-give-no-addresses-but-check-them",
      "components/kubernetes/manifests uses only the arithmetic of addresses, not their allocation.",
      { path: "^components/kubernetes/manifests/" },
      { path: "^components/kubernetes/addresses/", pathNot: "^components/kubernetes/addresses/(cidr|ranges)\\.ts$" },
    ),
    forbid(
      "provider-knows-no-kubernetes",
      "The plugin serves kinds of kernel objects on hosts.",
      { path: "^provider/" },
      allBut("^provider/", "^components/(linux|host)/"),
    ),
    forbid(
      "provider-knows-no-kind-by-name",
      "The plugin gets its kinds from the registry.",
      { path: "^provider/" },
      {
        path: "^components/linux/",
        pathNot: "^components/linux/(kind|registry|reconcile|schema|properties|functions)\\.ts$",
      },
    ),
    forbid(
      "the-program-knows-kubernetes-only",
      "index.ts reads the lab and builds the cluster.",
      { path: "^index\\.ts$" },
      allBut("^components/kubernetes/index\\.ts$"),
    ),
    forbid(
      "scripts-learn-labs-from-outputs",
      "Scripts read labs' files, and what is written down on hosts; a running lab they learn from the stack. One runs the program.",
      { path: "^scripts/", pathNot: "^scripts/lib/programRun\\.ts$" },
      allBut(
        "^scripts/",
        "^index\\.ts$",
        "^bench/",
        "^components/kubernetes/manifests/",
        "^components/(linux|host)/",
        "^provider/typescript\\.cjs$",
        "^test/",
      ),
    ),
    forbid(
      "scripts-make-no-resources",
      "Declaring resources is the program's part.",
      { path: "^scripts/" },
      { path: "^components/linux/(resources|provider|index)\\.ts$" },
    ),
    forbid(
      "only-tests-import-tests",
      "Nothing that is used depends on a test.",
      { path: "^(index\\.ts|components|provider|scripts|bench|examples)", pathNot: "^scripts/record/" },
      { path: "^test/" },
    ),
    forbid(
      "packages-that-run-are-dependencies",
      "What components, provider and program need must be there without the developers' packages.",
      { path: "^(index\\.ts|components|provider)" },
      // google-protobuf must be the very copy that @pulumi/pulumi's messages are made with, so it comes with that.
      { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], pathNot: "^node_modules/google-protobuf/" },
    ),
    forbid("resolvable", "It must be there.", {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^test/golden/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true, // An import of a type is an import.
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
