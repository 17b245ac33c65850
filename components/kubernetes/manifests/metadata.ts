export interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const defaultNamespace = "default";

/** The namespace is "default" where the file says nothing. */
export type Namespaced = Metadata & { readonly namespace: string };

export type Protocol = "TCP" | "UDP" | "SCTP";

/** `default/pod1`: how a namespaced object is named in outputs and messages. */
export const keyOf = ({ metadata }: { readonly metadata: Namespaced }): string =>
  `${metadata.namespace}/${metadata.name}`;
