// Images are not pulled: the programs that pods and nodes need are put on their host, as files of the lab.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { File } from "../linux";
import { imagesFolder } from "./network";
import type { Container } from "./manifests/types";

const image = (name: string): string => readFileSync(join(__dirname, "images", name), "utf8");

export class Images extends pulumi.ComponentResource {
  readonly pause: pulumi.Output<string>;
  readonly agnhost: pulumi.Output<string>;

  private readonly placed = new Map<string, pulumi.Output<string>>();

  constructor(
    name: string,
    private readonly args: { readonly lab: string; readonly host: string },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("podnet:kubernetes:Images", name, {}, opts);
    this.pause = this.place("pause");
    this.agnhost = this.place("agnhost");
    this.registerOutputs();
  }

  /** The path of a program on the host, where it is put when it is first needed. */
  place(program: string): pulumi.Output<string> {
    const { lab, host } = this.args;
    const path = `${imagesFolder(lab)}/${program}`;
    const placed =
      this.placed.get(program) ??
      new File(`${lab}/${program}`, { host, path, content: image(program), mode: "0755" }, { parent: this }).path;
    this.placed.set(program, placed);
    return placed;
  }

  /** The words that start a pod's pause process. Many hosts mount /run with noexec, so its shell is named. */
  pauseCommand(pod: string): pulumi.Output<string[]> {
    return pulumi.all(["sh", this.pause, pod]);
  }

  /** The words that start a container: its own command, or else the stand-in server on its ports. */
  containerCommand(hostname: string, { command = [], args = [], ports = [] }: Container): pulumi.Output<string[]> {
    if (command.length > 0) return pulumi.output([...command, ...args]);
    const options = ports.map(({ protocol, containerPort }) => `--${protocol.toLowerCase()}=${containerPort}`);
    // A port that stands there twice is still one.
    return pulumi.all(["perl", this.agnhost, `--hostname=${hostname}`, ...new Set(options)]);
  }
}
