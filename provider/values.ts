// Pulumi's property values, as they travel: a google.protobuf.Struct with a magic word for what is not yet known.
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";

export type Values = Record<string, unknown>;

/** Stands for a value that a preview does not know (sdk/go/common/resource/plugin/rpc.go, UnknownStringValue). */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const hasUnknown = (values: unknown): boolean => JSON.stringify(values).includes(unknown);

export const fromStruct = (struct: Struct | undefined): Values => struct?.toJavaScript() ?? {};

/** Drops what is undefined: a Struct has no word for it. */
export const toStruct = (values: object): Struct =>
  Struct.fromJavaScript(JSON.parse(JSON.stringify(values)) as Record<string, JavaScriptValue>);
