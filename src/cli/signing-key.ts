/**
 * The private key that a sign-in is signed with: RSA, P-256 or Ed25519, in PEM or in OpenSSH's own format, in a file for its
 * owner alone. It is read, used for one signature, and sent nowhere.
 */
import { createPrivateKey, type KeyObject } from "node:crypto";

import { readPrivate } from "../../packages/client/src/private-file.ts";
import { signingKey, type SigningKey } from "../../packages/client/src/signing-key.ts";
import type { Client } from "./client.ts";
import { Complaint } from "./complaint.ts";
import { readOpenSshKey } from "./openssh-key.ts";
import { mayAsk } from "./password.ts";
import { ask } from "./prompt.ts";
import { usage } from "./usage.ts";

const wrongKey = (what: string, remedy: string): Complaint =>
  new Complaint("usage", what, { code: "private_key", remedy });

const unreadable = (file: string): Complaint =>
  wrongKey(
    `${file} has no private key that can be read`,
    "give a key in PEM or in OpenSSH's format: jeton key generate",
  );

const isEncrypted = (pem: string): boolean =>
  pem.includes("BEGIN ENCRYPTED PRIVATE KEY") || /^Proc-Type: 4,ENCRYPTED/m.test(pem);

function openPem(file: string, pem: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // The runtimes' messages differ, and may quote what they were given.
    throw passphrase === undefined
      ? unreadable(file)
      : wrongKey(
          `the passphrase does not open ${file}`,
          `try again; if it is right, convert it: openssl pkcs8 -topk8 -in ${file} -out NEW`,
        );
  }
}

function openOpenSsh(file: string, text: string): KeyObject {
  const key = readOpenSshKey(text);
  switch (key) {
    case "encrypted":
      throw wrongKey(
        `${file} is encrypted in OpenSSH's own way, which is not read here`,
        `convert a copy: cp ${file} ${file}.pem; ssh-keygen -p -m PKCS8 -f ${file}.pem (Ed25519: with an empty passphrase)`,
      );
    case "other":
      throw wrongSort(file);
    case "damaged":
      throw unreadable(file);
    default:
      return key;
  }
}

const wrongSort = (file: string): Complaint =>
  wrongKey(`${file} is not an RSA, P-256 or Ed25519 key`, "make one: jeton key generate");

async function passphraseOf(client: Client, file: string): Promise<string> {
  if (mayAsk(client)) return ask(client.io, { text: `Passphrase of ${file}: `, hidden: true });
  throw wrongKey(
    `${file} is encrypted, and nobody can be asked for its passphrase here`,
    `use a terminal, or a key of its own for scripts: openssl pkcs8 -topk8 -nocrypt -in ${file} -out NEW; chmod 600 NEW`,
  );
}

/** Others must not be able to read the file. */
export async function readSigningKey(client: Client, file: string): Promise<SigningKey> {
  const text = readPrivate(file, "to-readers");
  if (text === undefined) throw usage(`there is no file ${file}`, "--key FILE names your private key");
  if (!text.includes("PRIVATE KEY-----"))
    throw wrongKey(`${file} is no private key in PEM`, "name the private half, and not FILE.pub");
  const key = text.includes("BEGIN OPENSSH PRIVATE KEY")
    ? openOpenSsh(file, text)
    : openPem(file, text, isEncrypted(text) ? await passphraseOf(client, file) : undefined);
  const found = signingKey(key);
  if (found === undefined) throw wrongSort(file);
  return found;
}
