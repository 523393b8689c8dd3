/** Ending one session at Jeton's own API, for doors whose wire has no word for it. */
import { unverifiedClaims } from "../jwt.ts";
import { NotUnderstood } from "../faults.ts";
import { said, type Door, type DoorAt, type Said } from "./door.ts";
import { problem } from "./native.ts";

/** A refresh token is good at the door that gave it only; the access token that it is good for, at every door. */
export async function endBySession(
  { server, transport }: DoorAt,
  door: Pick<Door, "refresh">,
  refreshToken: string,
): Promise<Said<null>> {
  const renewed = await door.refresh(refreshToken);
  // What is over need not be ended.
  if (!renewed.ok) return renewed.code === "invalid_grant" ? said(null) : renewed;
  const { access_token: token } = renewed.value;
  const sid = unverifiedClaims(token)?.sid;
  if (sid === undefined) throw new NotUnderstood("its tokens do not say which session is theirs");
  const url = new URL(`${server}/api/v1/sessions/${encodeURIComponent(sid)}`);
  const answer = await transport({ method: "DELETE", url, token });
  return answer.status === 200 ? said(null) : problem(answer);
}
