/** Adding a key: the challenge of the server, a signature over it by the key, and the key with both. */
import type { Said } from "../../packages/client/src/doors/door.ts";
import type { AuthKey, AuthKeyDoor } from "../../packages/client/src/doors/native-key.ts";
import type { SigningKey } from "../../packages/client/src/signing-key.ts";
import { Complaint } from "./complaint.ts";

export interface KeyWish {
  readonly name: string;
  readonly publicKey: string;
  /** Undefined: it has no end. */
  readonly expiresIn: number | undefined;
}

/** `files`: what a complaint calls the halves. */
export async function proveKey(
  door: AuthKeyDoor,
  accessToken: string,
  wish: KeyWish,
  { key, files }: { readonly key: SigningKey; readonly files: readonly [publicHalf: string, privateHalf: string] },
): Promise<Said<AuthKey>> {
  const asked = await door.challenge(accessToken, wish.publicKey);
  if (!asked.ok) return asked;
  const { challenge, fingerprint } = asked.value;
  if (fingerprint !== key.fingerprint)
    throw new Complaint("usage", `${files[1]} is not the private half of ${files[0]}`, {
      code: "private_key",
      why: `the one is ${key.fingerprint}, the other ${fingerprint}`,
      remedy: "--key FILE names the private half",
    });
  const signature = Buffer.from(key.sign(Buffer.from(challenge))).toString("base64url");
  return door.add(accessToken, { ...wish, challenge, signature });
}
