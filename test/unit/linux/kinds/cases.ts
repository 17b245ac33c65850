// What ring 1 asks of a kind: one table for each of its verbs. kinds.test.ts runs them, and fails where one is missing.
import type { Output } from "../../../../components/host";
import type { Context } from "../../../../components/linux/kind";
import recorded from "../../../fake/real-kernel/answers.json";

export type Values = Record<string, unknown>;

export interface Cases {
  readonly token: string;
  /** Arguments that mean something, defaults left out. */
  readonly args: Values;
  /** Arguments that are refused: what is different from `args`, the property that is named, and a part of the reason. */
  readonly refused: readonly (readonly [different: Values, property: string, reason: RegExp])[];
  /** Arguments that look odd and are right. */
  readonly accepted?: readonly Values[];
  /** What makes it. */
  readonly create: readonly (readonly [different: Values, commands: readonly string[]])[];
  /** What changes it: by property, as it is found and as it is wanted, both as differences from `args`. */
  readonly change: Readonly<
    Record<
      string,
      readonly (readonly [found: Values, wanted: Values, commands: readonly string[], context?: Partial<Context>])[]
    >
  >;
  /** Properties whose change is no command of the object's, with the reason. */
  readonly unchangeable?: Readonly<Record<string, string>>;
  readonly remove: readonly (readonly [found: Values, commands: readonly string[], context?: Partial<Context>])[];
  /** What podnet put beside it goes even where nothing is found. */
  readonly removeNothing: readonly string[];
  /** What the probe's commands answered, and what that means: a state, nothing, or an error. */
  readonly found: readonly (readonly [
    what: string,
    wanted: Values,
    outputs: readonly Output[],
    state: Values | undefined | RegExp,
  ])[];
  readonly ids: readonly (readonly [different: Values, id: string])[];
}

export const said = (stdout: string, code = 0, stderr = ""): Output => ({ code, stdout, stderr });
export const json = (value: unknown): Output => said(JSON.stringify(value));
export const failed = (stderr: string, code = 1, stdout = ""): Output => ({ code, stdout, stderr: `${stderr}\n` });

/** What a real kernel answered to a command, the n-th time that it was asked. */
export function answer(argv: string, time = 1): Output {
  const found = recorded.filter((one) => one.argv === argv)[time - 1];
  if (!found) throw new Error(`nothing recorded for: ${argv}`);
  return { code: found.code ?? -1, stdout: found.stdout, stderr: found.stderr };
}

export const noNamespace = answer("ip -n kt-none -j link show dev lo");
