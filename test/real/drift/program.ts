// The Pulumi program that makes the objects of all rows, each row's in a namespace of its own.
import * as pulumi from "@pulumi/pulumi";
import * as linux from "../../../components/linux";
import { kindOf } from "../../../components/linux/registry";
import { type NamedRow, type Place, placesOf, rows } from "./tables";

type Resource = new (name: string, args: pulumi.Inputs, options: pulumi.CustomResourceOptions) => pulumi.CustomResource;

const classes = linux as unknown as Readonly<Record<string, Resource>>;
const lab = pulumi.getStack();
const host = "local";
const provider = new linux.Provider(lab, { lab, hosts: { [host]: { type: "local" } } });

const isInside = (kind: string): boolean => "netns" in kindOf(`podnet:linux:${kind}`).args.properties;

function declare(row: NamedRow): void {
  const places = placesOf(lab, row);
  let last: pulumi.Resource[] = [];
  const make = (name: string, kind: string, args: pulumi.Inputs): void => {
    const text = JSON.stringify(args).replaceAll(/\$([NOF])/g, (_, place: Place) => places[place]);
    const Class = classes[kind] as Resource;
    last = [new Class(`${row.name}/${name}`, JSON.parse(text) as pulumi.Inputs, { provider, dependsOn: last })];
  };
  const objects = Object.entries(row.objects);
  if (objects.some(([, [kind]]) => isInside(kind))) make("netns", "NetworkNamespace", { host, name: "$N" });
  for (const [name, [kind, args]] of objects)
    make(name, kind, { host, ...(isInside(kind) && { netns: "$N" }), ...args });
}

rows.forEach(declare);
