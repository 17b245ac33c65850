// The Pulumi program: read the lab, build the cluster, export what people and scripts need.
import * as pulumi from "@pulumi/pulumi";
import { Cluster, LabError, loadLab } from "./components/kubernetes";

// Pulumi notes a stack trace for every promise of every resource, which takes longer than all else that the program does. A mistake
// in a lab is said without one; who looks for one in the program removes this line.
Error.stackTraceLimit = 0;

/** The lab's folder or file; without `pulumi config set lab`, the ready lab that is called as the stack. */
const path = new pulumi.Config("podnet").get("lab") ?? `labs/${pulumi.getStack()}`;

function readLab() {
  try {
    return loadLab(path);
  } catch (error) {
    // For the user: what is wrong and where, without a stack.
    if (error instanceof LabError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

const lab = readLab();
if (lab.name !== pulumi.getStack())
  throw new pulumi.RunError(
    `${path} is lab "${lab.name}", but the stack is "${pulumi.getStack()}"; a lab's stack has its name`,
  );

export = new Cluster(lab.name, lab).outputs;
