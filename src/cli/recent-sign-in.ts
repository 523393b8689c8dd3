/** What a server does only for those who gave their password a moment ago: it is asked for where it is missing. */
import type { Said } from "../../packages/client/src/doors/door.ts";
import { signIn } from "../../packages/client/src/sign-in.ts";
import type { Client } from "./client.ts";
import { refusal } from "./complaint-of.ts";
import { liveToken, signInCommand } from "./live-token.ts";
import { mayAsk, readPassword, type PasswordFlags } from "./password.ts";
import { refusePlainText } from "./plain-text.ts";
import type { Target } from "./target.ts";

const wantsPassword = (flags: PasswordFlags): boolean =>
  [flags["password-stdin"], flags["password-file"], flags["password-command"]].some((given) => given !== undefined);

/** Does `ask` with a live token, and once more with a new one where the server wants a sign-in of now. */
export async function afterRecentSignIn<T>(
  client: Client,
  flags: PasswordFlags,
  ask: (accessToken: string) => Promise<Said<T>>,
  target: Target = client.target,
): Promise<Said<T>> {
  const { voice } = client;
  const { accessToken, tokens } = await liveToken(client, target);
  const answer = await ask(accessToken);
  if (answer.ok || answer.code !== "reauthentication_needed") return answer;
  const username = target.known?.username;
  // A token out of the environment has no place for its successor.
  if (tokens === undefined || username === undefined || (!wantsPassword(flags) && !mayAsk(client)))
    throw refusal("your sign-in is not of a moment ago", answer, signInCommand(target));
  voice.note("For this the server wants your password once more.");
  refusePlainText(client, target.server);
  const password = await readPassword(client, flags, `Password of ${username} at ${target.server}: `);
  const door = await client.openDoor(target);
  const { tokenFile: path } = target;
  const again = await signIn({ path, door, lock: client.lock }, () => door.signIn({ username, password }), {
    endBefore: true,
  });
  if (!again.ok) throw refusal(`cannot sign in to ${target.server}`, again);
  return ask(again.tokens.access_token);
}
