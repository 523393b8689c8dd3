/** The programs that people make keys and signatures with, as child processes; and why one cannot be run here. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

import type { Scratch } from "../cli/program.ts";

/** Debian's, which has the packages of the line below. */
export const python = "/usr/bin/python3";

const has = (program: string, ...words: readonly string[]): boolean => {
  const { error, status } = spawnSync(program, words);
  // Asked for its use, ssh-keygen fails.
  return error === undefined && (status === 0 || words[0] === "-?");
};
export const withoutSsh = has("ssh-keygen", "-?") ? false : "ssh-keygen is missing. Do: apt-get install openssh-client";
export const withoutOpenssl = has("openssl", "version") ? false : "openssl is missing. Do: apt-get install openssl";
export const withoutPython = has(python, "-c", "import Cryptodome")
  ? false
  : "PyCryptodome is missing. Do: apt-get install python3-pycryptodome";
export const withoutCurl = has("curl", "--version") ? false : "curl is missing. Do: apt-get install curl";
export const withoutJq = has("jq", "--version") ? false : "jq is missing. Do: apt-get install jq";

/** What a program prints on standard output. */
export function printed(program: string, words: readonly string[], input?: string): Buffer {
  const { status, stdout, stderr } = spawnSync(program, words, input === undefined ? {} : { input });
  assert.equal(status, 0, String(stderr));
  return stdout;
}

export function fileWith(folder: Scratch, name: string, content: string): string {
  const file = folder.path(name);
  writeFileSync(file, content);
  return file;
}
