/** Signing in to Jeton's own API by a signature over its challenge: a private key proves who asks, and stays at home. */
import { credentials, members, said, text, type Credentials, type DoorAt, type Said } from "./door.ts";
import { NotUnderstood } from "../faults.ts";
import { problem } from "./native.ts";

export interface SignedSignIn {
  readonly username: string;
  readonly organisation: string | undefined;
  /** RSASSA-PKCS1-v1_5 with SHA-256 over the characters, in UTF-8 (RFC 8017 section 8.2). */
  readonly sign: (challenge: string) => Uint8Array;
}

/** What every challenge of Jeton's begins with: nothing else is signed, whoever asks for it. */
const ours = "jeton-login-v1:";

export async function signInBySignature(
  { server, transport }: DoorAt,
  { username, organisation, sign }: SignedSignIn,
): Promise<Said<Credentials>> {
  const wish = { username, ...(organisation === undefined ? {} : { organisation }) };
  const path = `${server}/api/v1/login`;
  const asked = await transport({ method: "POST", url: new URL(`${path}/challenge`), body: wish });
  if (asked.status !== 200) return problem(asked);
  const challenge = text(members(asked.body), "challenge");
  if (!challenge.startsWith(ours)) throw new NotUnderstood("what it wants signed is no challenge for a sign-in");
  const signature = Buffer.from(sign(challenge)).toString("base64url");
  const answer = await transport({ method: "POST", url: new URL(`${path}/signature`), body: { challenge, signature } });
  return answer.status === 200 ? said(credentials(members(answer.body))) : problem(answer);
}
