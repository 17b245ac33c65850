// The kinds of names that Kubernetes has, with what its API server says of them.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/

import { quoted } from "./suggest";

export interface Rule {
  readonly pattern: RegExp;
  readonly longest: number;
  readonly wants: string;
}

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const letters = 'lower case letters, digits and "-", with a letter or digit at both ends';

export const dnsLabel: Rule = { pattern: new RegExp(`^${label}$`), longest: 63, wants: letters };

export const dnsSubdomain: Rule = {
  pattern: new RegExp(`^${label}(\\.${label})*$`),
  longest: 253,
  wants: `${letters}, in parts divided by "."`,
};

/** RFC 1035; of a Service, since its name is one in DNS. */
export const dnsLabel1035: Rule = {
  pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
  longest: 63,
  wants: `${letters}, beginning with a letter`,
};

/** RFC 6335; what the API server calls an IANA_SVC_NAME. */
export const portName: Rule = {
  pattern: /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/,
  longest: 15,
  wants: 'lower case letters (at least one), digits and single "-" between them',
};

/** Any printable ASCII but "=", since Kubernetes v1.34 (RelaxedEnvironmentVariableValidation). */
export const envName: Rule = {
  pattern: /^[ -<>-~]+$/,
  longest: Infinity,
  wants: 'printable ASCII characters other than "="',
};

/** @returns what is wrong with a name, if anything */
export function nameFault(what: string, name: string, { pattern, longest, wants }: Rule): string | undefined {
  if (name === "") return `${what} is empty; write a name`;
  if (!pattern.test(name))
    return `${what} ${quoted(name)} is not allowed; use ${wants}${pattern === envName.pattern ? "" : instead(name, pattern)}`;
  if (name.length > longest) return `${what} ${quoted(name)} has ${name.length} characters; use at most ${longest}`;
  return undefined;
}

function instead(name: string, pattern: RegExp): string {
  const repaired = name
    .toLowerCase()
    .replace(/[^-a-z0-9.]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return pattern.test(repaired) && repaired.length <= 40 ? `, such as "${repaired}"` : "";
}
