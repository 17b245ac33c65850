// What programs of the fake host answer.
import type { Output } from "../../../components/host";

export const said = (stdout = ""): Output => ({ code: 0, stdout, stderr: "" });
export const json = (value: unknown): Output => said(`${JSON.stringify(value)}\n`);

/** A program's refusal. */
export class Refused extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly stdout = "",
  ) {
    super(message);
  }
}

export function refuse(code: number, message: string, stdout = ""): never {
  throw new Refused(code, message, stdout);
}

/** A command that the fake does not know fails the test, not the lab. */
export function unknownCommand(argv: readonly string[]): never {
  throw new Error(`the fake host does not know: ${argv.join(" ")}`);
}
