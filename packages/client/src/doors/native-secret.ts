/** Signing an application in to Jeton's own API, by its id and a client secret. */
import { credentials, members, said, type Credentials, type DoorAt, type Said } from "./door.ts";
import { problem } from "./native.ts";

export interface SecretSignIn {
  readonly clientId: string;
  readonly clientSecret: string;
}

export async function signInBySecret(
  { server, transport }: DoorAt,
  { clientId, clientSecret }: SecretSignIn,
): Promise<Said<Credentials>> {
  const body = { client_id: clientId, client_secret: clientSecret };
  const answer = await transport({ method: "POST", url: new URL(`${server}/api/v1/login/secret`), body });
  return answer.status === 200 ? said(credentials(members(answer.body))) : problem(answer);
}
