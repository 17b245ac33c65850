// The host keys that the user's ssh knows. Its file has a format with hashed names, patterns and ports, which is
// ssh-keygen's to read (-F, ssh-keygen(1)).
import { execFile } from "node:child_process";
import type { ServerHostKeyAlgorithm } from "ssh2";

export interface KnownKey {
  readonly type: string;
  readonly key: Buffer;
  /** `@revoked`: whoever shows this key is not the machine; `@cert-authority`: it signs keys, and is none. */
  readonly marker?: string;
}

/** A machine's name in the file. */
export const knownName = (address: string, port: number): string => (port === 22 ? address : `[${address}]:${port}`);

/** @throws Error when ssh-keygen cannot be run */
export function knownKeys(address: string, port: number, file: string): Promise<KnownKey[]> {
  return new Promise((done, failed) => {
    execFile("ssh-keygen", ["-F", knownName(address, port), "-f", file], { timeout: 10_000 }, (error, stdout) => {
      if (error?.code === "ENOENT")
        return failed(new Error("there is no ssh-keygen here; run: apt-get install openssh-client"));
      const entries = stdout.split("\n").filter((entry) => entry !== "" && !entry.startsWith("#"));
      done(entries.map(parse));
    });
  });
}

function parse(entry: string): KnownKey {
  const words = entry.split(/\s+/);
  const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
  const [, type = "", key = ""] = words;
  return { type, key: Buffer.from(key, "base64"), ...(marker === undefined ? {} : { marker }) };
}

/** The names that ssh2 has for a key's signatures; those of other types (FIDO, certificates) it cannot check. */
const algorithms: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
};

/** Asks the server for a key of a type that is known, as ssh(1) does: any other could not be compared. */
export function algorithmsFor(known: readonly KnownKey[]): ServerHostKeyAlgorithm[] {
  return [...new Set(known.flatMap(({ type }) => algorithms[type] ?? []))];
}
