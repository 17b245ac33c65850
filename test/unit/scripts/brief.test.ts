/** What Pulumi says, as a file gets it, and what is passed on. */
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { brief } from "../../../scripts/lib/brief";

async function passed(text: string): Promise<string[]> {
  const from = new PassThrough();
  const lines: string[] = [];
  brief(from, (line) => lines.push(line));
  from.end(text);
  await once(from, "end");
  await new Promise(setImmediate);
  return lines;
}

test("changes stay, steps and what is as it was go", async () => {
  const text = `Updating (lab):

@ updating....
    pulumi:pulumi:Stack podnet-lab running 
 ~  podnet:linux:Route lab.node1/default refreshing (0s) 
    podnet:linux:Route lab.node1/default  
 +  podnet:linux:Veth lab.node1/eth0 creating (0s) 
 +  podnet:linux:Veth lab.node1/eth0 created (0.10s) 
 +- podnet:linux:Bridge lab.node1/cbr0 replaced (12s) 
    pulumi:pulumi:Stack podnet-lab  
Resources:
    + 1 created

Duration: 2s
`;
  expect(await passed(text)).toEqual([
    "Updating (lab):",
    "",
    " +  podnet:linux:Veth lab.node1/eth0 created (0.10s)",
    " +- podnet:linux:Bridge lab.node1/cbr0 replaced (12s)",
    "Resources:",
    "    + 1 created",
    "",
    "Duration: 2s",
  ]);
});

test("of a preview all changes stay", async () => {
  const created = Array.from({ length: 30 }, (_, i) => ` +  podnet:linux:Link lab/${i} create `);
  const text = `Previewing update (lab):

 ~  podnet:linux:Route lab.node1/default refreshing 
 ~  podnet:linux:Route lab.node1/default refresh 
 ~  podnet:linux:Bridge lab.node1/cbr0 refreshing 
 ~  podnet:linux:Bridge lab.node1/cbr0 refresh [diff: ~mtu]
@ previewing update....
    podnet:linux:Route lab.node1/default  
${created.join("\n")}
Resources:
    + 30 to create
`;
  expect(await passed(text)).toEqual([
    "Previewing update (lab):",
    "",
    " ~  podnet:linux:Bridge lab.node1/cbr0 refresh [diff: ~mtu]",
    ...created.map((line) => line.trimEnd()),
    "Resources:",
    "    + 30 to create",
  ]);
});

test("problems stay, however many changes there are", async () => {
  const created = Array.from({ length: 50 }, (_, i) => ` +  podnet:linux:Link lab/${i} created (0.01s) \n`).join("");
  const problems = [
    " +  podnet:linux:Link lab/x **creating failed** error: on host local: no",
    " +  podnet:linux:Link lab/y creating failed (0.1s)",
    "    pulumi:pulumi:Stack podnet-lab running error: update failed",
  ];
  const diagnostics = ["Diagnostics:", "  podnet:linux:Link (lab/x):", "    error: on host local: no"];
  const lines = await passed(`${created}${problems.join("\n")}\n${diagnostics.join("\n")}\n`);
  expect(lines.filter((line) => line.includes(" created ")).length).toBe(20);
  expect(lines[20]).toBe("    ... and more, which the summary counts");
  expect(lines.slice(-6)).toEqual([...problems, ...diagnostics]);
});

test("a warning is told once, at the end", async () => {
  const warning = "warning: lab.yaml:12:19: no pod in namespace default";
  const text = ` +  podnet:kubernetes:Cluster lab creating (0s) ${warning}
 +  podnet:kubernetes:Cluster lab created (0.01s) ${warning}
 ~  podnet:linux:Link lab/a updated (0.02s) [diff: ~mtu], ${warning}
    podnet:kubernetes:Cluster lab  ${warning}
 +  podnet:linux:Link lab/b **creating failed** error: it said warning: no
Diagnostics:
  podnet:kubernetes:Cluster (lab):
    ${warning}
`;
  expect(await passed(text)).toEqual([
    " +  podnet:kubernetes:Cluster lab created (0.01s)",
    " ~  podnet:linux:Link lab/a updated (0.02s) [diff: ~mtu]",
    " +  podnet:linux:Link lab/b **creating failed** error: it said warning: no",
    "Diagnostics:",
    "  podnet:kubernetes:Cluster (lab):",
    `    ${warning}`,
  ]);
});

test("Pulumi's advice on its own commands goes", async () => {
  const text =
    "The resources in the stack have been deleted, but the history and configuration associated with the stack are still maintained. \n" +
    "If you want to remove the stack completely, run `pulumi stack rm lab`.\n";
  expect(await passed(text)).toEqual([]);
});
