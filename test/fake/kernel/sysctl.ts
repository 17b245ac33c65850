// sysctl(8). Settings below conf/<interface> come and go with their interface.
import type { Output } from "../../../components/host";
import { refuse, said, unknownCommand } from "./answer";
import type { Kernel, Space } from "./kernel";

/** With a slash as its first separator a name means dots as they stand; otherwise dots separate (sysctl(8)). */
function path(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === "/" ? name : name.replaceAll(/[./]/g, (sign) => (sign === "." ? "/" : "."));
}

const dotted = (path: string): string => path.replaceAll(/[./]/g, (sign) => (sign === "." ? "/" : "."));

interface Setting {
  get(): string | undefined;
  set(value: string): void;
}

function setting(kernel: Kernel, space: Space, key: string): Setting {
  const [, family, name, what] = /^net\/(ipv[46])\/conf\/(.+)\/([^/]+)$/.exec(key) ?? [];
  const link = space.links.find((link) => link.name === name);
  const [map, inMap] = link ? [kernel.confOf(link), `${family}/${what}`] : [space.sysctls, key];
  return { get: () => map.get(inMap), set: (value) => void map.set(inMap, value) };
}

export function sysctl(kernel: Kernel, space: Space, argv: readonly string[]): Output {
  const words = argv.slice(1);
  const isWrite = words[0] === "-q" && words[1] === "-w";
  const isBare = words[0] === "-n";
  if (!isWrite && words[0]?.startsWith("-") && !isBare) unknownCommand(argv);
  const missing: string[] = [];
  const lines: string[] = [];
  for (const word of words.slice(isWrite ? 2 : isBare ? 1 : 0)) {
    const [name = "", ...value] = isWrite ? word.split("=") : [word];
    const key = path(name);
    const { get, set } = setting(kernel, space, key);
    const found = get();
    if (found === undefined) missing.push(`sysctl: cannot stat /proc/sys/${key}: No such file or directory`);
    else if (isWrite && !/^[\d\s-]+$/.test(value.join("=")))
      missing.push(`sysctl: setting key "${name}": Invalid argument`);
    else if (isWrite) set(value.join("=").trim().split(/\s+/).join("\t"));
    else lines.push(isBare ? found : `${dotted(key)} = ${found}`);
  }
  const stdout = lines.map((line) => `${line}\n`).join("");
  return missing.length > 0 ? refuse(1, missing.join("\n"), stdout) : said(stdout);
}
