/** FeatureBase's door: its wire sends browsers away to sign in, so Jeton's answers POST /login beside it. Texts are plain. */
import {
  credentials,
  members,
  refusedBy,
  said,
  type Credentials,
  type DoorAt,
  type Said,
  type SignIn,
} from "./door.ts";

export async function signInAtFeatureBase(
  { server, transport }: DoorAt,
  { username, password }: Pick<SignIn, "username" | "password">,
): Promise<Said<Credentials>> {
  const answer = await transport({ method: "POST", url: new URL(`${server}/login`), body: { username, password } });
  if (answer.status === 200) return said(credentials(members(answer.body)));
  const isWrong = answer.status === 401;
  return refusedBy(answer, isWrong ? { code: "invalid_credentials", title: "the credentials were not accepted" } : {});
}
