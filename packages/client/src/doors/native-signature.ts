/** Signing in to Jeton's own API by a signature over its challenge: a private key proves who asks, and stays at home. */
import { credentials, members, said, text, type Credentials, type DoorAt, type Said } from "./door.ts";
import { NotUnderstood } from "../faults.ts";
import type { SigningKey } from "../signing-key.ts";
import { problem } from "./native.ts";

export interface SignedSignIn {
  readonly username: string;
  readonly organisation: string | undefined;
  readonly key: SigningKey;
}

/** What every challenge of Jeton's begins with: nothing else is signed, whoever asks for it. */
const ours = "jeton-login-v1:";

export async function signInBySignature(
  { server, transport }: DoorAt,
  { username, organisation, key }: SignedSignIn,
): Promise<Said<Credentials>> {
  // The key is named, so that the server looks at one and no other.
  const wish = { username, key: key.fingerprint, ...(organisation === undefined ? {} : { organisation }) };
  const path = `${server}/api/v1/login`;
  const asked = await transport({ method: "POST", url: new URL(`${path}/challenge`), body: wish });
  if (asked.status !== 200) return problem(asked);
  const challenge = text(members(asked.body), "challenge");
  if (!challenge.startsWith(ours)) throw new NotUnderstood("what it wants signed is no challenge for a sign-in");
  const signature = Buffer.from(key.sign(Buffer.from(challenge))).toString("base64url");
  const answer = await transport({ method: "POST", url: new URL(`${path}/signature`), body: { challenge, signature } });
  return answer.status === 200 ? said(credentials(members(answer.body))) : problem(answer);
}
