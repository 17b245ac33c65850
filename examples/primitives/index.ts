import * as pulumi from "@pulumi/pulumi";
import { NetworkNamespace, Provider, Route, Veth } from "../../components/linux";

// Without a cluster the program says itself which lab its objects belong to, and how its hosts are reached.
const lab = pulumi.getStack();
const host = "local";
const provider = new Provider(lab, { lab, hosts: { [host]: { type: "local" } } });

// Two namespaces on one cable. Each end of a veth pair is said where it lies; a namespace's name is an output, so Pulumi
// knows what has to be made first.
const red = new NetworkNamespace("red", { host, name: `${lab}.red` }, { provider });
const blue = new NetworkNamespace("blue", { host, name: `${lab}.blue` }, { provider });
const cable = new Veth(
  "cable",
  {
    ...{ host, netns: red.name, name: "eth0", addresses: ["10.0.0.1/30"] },
    peer: { netns: blue.name, name: "eth0", addresses: ["10.0.0.2/30"] },
  },
  { provider, deletedWith: red },
);

// What red sends elsewhere goes by way of blue.
new Route(
  "red-default",
  { host, netns: red.name, destination: "default", via: "10.0.0.2", dev: cable.name },
  { provider, deletedWith: red },
);

export = { red: red.name, blue: blue.name, cable: cable.commands };
