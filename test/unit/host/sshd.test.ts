/** The keys with which a machine's own server is reached. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keysIn } from "../../../components/host/sshd";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "podnet-keys-"));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const nobody = 65534;

/** As a user who may not read everything. */
function asOrdinaryUser(work: () => void): void {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(nobody);
  try {
    work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

test("of another user: who may use them", () => {
  writeFileSync(join(folder, "client_key"), "", { mode: 0 });
  asOrdinaryUser(() =>
    expect(() => keysIn(folder)).toThrow(
      /client_key: EACCES.*belongs to another user: run podnet as that user or as root/,
    ),
  );
});

test("that are none: they are made anew", () => {
  writeFileSync(join(folder, "client_key"), "no key");
  expect(() => keysIn(folder)).toThrow(/client_key: .*; delete the folder .*, it is made anew/);
});
