// What the type checker does not say, and prettier does not mend.
import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores(["**/.*/", "test/golden/"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.ts"],
    extends: [js.configs.recommended, tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-floating-promises": ["error", { ignoreVoid: true }],
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", destructuredArrayIgnorePattern: "^_" },
      ],
      "@typescript-eslint/prefer-readonly": "error",
      "@typescript-eslint/no-unused-expressions": ["error", { allowShortCircuit: true, allowTernary: true }],
      // Interfaces ask for promises where a simple answer is at hand.
      "@typescript-eslint/require-await": "off",
      // Wrong about what was narrowed from unknown; restrict-template-expressions sees the real ones.
      "@typescript-eslint/no-base-to-string": "off",
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // A kind is a record of functions, and none of them uses `this`.
      "@typescript-eslint/unbound-method": "off",
      "no-restricted-syntax": [
        "error",
        {
          selector: "MemberExpression[object.name=/^(test|it|describe)$/][property.name=/^(only|skip|todo|failing)$/]",
          message: "Every test runs, always: fail where it cannot.",
        },
      ],
    },
  },
  {
    files: ["**/*.{mjs,cjs,js}", "provider/pulumi-resource-podnet"],
    extends: [js.configs.recommended],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        require: "readonly",
        module: "writable",
        exports: "writable",
      },
    },
  },
  {
    files: ["**/*.cjs", "provider/pulumi-resource-podnet"],
    languageOptions: { sourceType: "commonjs", globals: { __dirname: "readonly" } },
  },
);
