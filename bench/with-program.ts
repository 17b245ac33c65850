// `pulumi`, with the program in this process: as `npm run up` and `npm run preview` call it. Takes Pulumi's arguments.
import { withProgram } from "../scripts/lib/program";
import { pulumi } from "../scripts/lib/pulumi";

void withProgram(async (words) => {
  process.exitCode = (await pulumi([...process.argv.slice(2), ...words])).code;
});
