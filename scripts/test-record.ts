// npm run test:record: lets real programs run again and records what they leave behind (test/record/README.md).
import { spawn } from "node:child_process";
import { join } from "node:path";
import { command } from "./lib/command";
import { nodeWithTypeScript, projectRoot } from "./lib/environment";

const programs = ["cni", "kube-proxy"];

export async function main(args: string[]): Promise<void> {
  command("test:record", "Runs the CNI plugins and kube-proxy again, and writes test/record. Needs root and Go.").parse(
    args,
    { from: "user" },
  );
  for (const name of programs) {
    const code = await record(name);
    if (code !== 0) throw new Error(`recording ${name} failed`);
  }
}

function record(name: string): Promise<number> {
  const file = join(projectRoot, "scripts", "record", `${name}.ts`);
  return new Promise((resolve, reject) => {
    const [node = "", ...words] = nodeWithTypeScript;
    const child = spawn(node, [...words, file], { cwd: projectRoot, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
