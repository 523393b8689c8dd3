/**
 * The private key that a sign-in is signed with: RSA in PEM, in a file for its owner alone. It is read, used for one
 * signature, and sent nowhere.
 */
import { createPrivateKey, sign, type KeyObject } from "node:crypto";

import { readPrivate } from "../../packages/client/src/private-file.ts";
import type { Client } from "./client.ts";
import { Complaint } from "./complaint.ts";
import { mayAsk } from "./password.ts";
import { ask } from "./prompt.ts";
import { usage } from "./usage.ts";

const wrongKey = (what: string, remedy: string): Complaint =>
  new Complaint("usage", what, { code: "private_key", remedy });

const isEncrypted = (pem: string): boolean =>
  pem.includes("BEGIN ENCRYPTED PRIVATE KEY") || /^Proc-Type: 4,ENCRYPTED/m.test(pem);

function open(file: string, pem: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // The runtimes' messages differ, and may quote what they were given.
    throw passphrase === undefined
      ? wrongKey(`${file} has no private key that can be read`, "give a key in PEM (PKCS#8 or PKCS#1)")
      : wrongKey(
          `the passphrase does not open ${file}`,
          `try again; if it is right, convert it: openssl pkcs8 -topk8 -in ${file} -out NEW`,
        );
  }
}

async function passphraseOf(client: Client, file: string): Promise<string> {
  if (mayAsk(client)) return ask(client.io, { text: `Passphrase of ${file}: `, hidden: true });
  throw wrongKey(
    `${file} is encrypted, and nobody can be asked for its passphrase here`,
    `use a terminal, or a key of its own for scripts: openssl pkcs8 -topk8 -nocrypt -in ${file} -out NEW; chmod 600 NEW`,
  );
}

/** What signs a text: RSASSA-PKCS1-v1_5 with SHA-256. Others must not be able to read the file. */
export async function readSigningKey(client: Client, file: string): Promise<(text: string) => Uint8Array> {
  const pem = readPrivate(file, "to-readers");
  if (pem === undefined) throw usage(`there is no file ${file}`, "--key FILE names your private key");
  if (pem.includes("BEGIN OPENSSH PRIVATE KEY"))
    throw wrongKey(
      `${file} is in OpenSSH's own format, which is not read here`,
      `convert a copy: cp ${file} ${file}.pem; ssh-keygen -p -m PEM -f ${file}.pem`,
    );
  if (!pem.includes("PRIVATE KEY-----"))
    throw wrongKey(`${file} is no private key in PEM`, "name the private half, and not FILE.pub");
  const key = open(file, pem, isEncrypted(pem) ? await passphraseOf(client, file) : undefined);
  if (key.asymmetricKeyType !== "rsa")
    throw wrongKey(`${file} is not an RSA key`, "make one: openssl genrsa -out FILE 3072");
  return (text) => sign("sha256", Buffer.from(text), key);
}
