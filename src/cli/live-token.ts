/** A live access token for a command, or the complaint that says why there is none. */
import { isToken, type Credentials } from "../../packages/client/src/doors/door.ts";
import { secondsLeft } from "../../packages/client/src/jwt.ts";
import { liveTokens, type Need } from "../../packages/client/src/keeper.ts";
import type { Client } from "./client.ts";
import { Complaint } from "./complaint.ts";
import { refusal } from "./complaint-of.ts";
import { defaultServer, type Target } from "./target.ts";

export const signInCommand = ({ server, known, signIn }: Target): string =>
  signIn ?? (known === undefined && server !== defaultServer ? `jeton login --server ${server}` : "jeton login");

export const signInNeeded = (target: Target, why?: string): Complaint =>
  new Complaint("signInNeeded", `you are not signed in at ${target.server}`, {
    code: "sign_in_needed",
    why,
    remedy: signInCommand(target),
  });

export interface Live {
  readonly accessToken: string;
  readonly renewed: boolean;
  readonly tokens: Credentials | undefined;
}

/** A token to be used now; every reason why there is none is a complaint. */
export async function liveToken(client: Client, target: Target, need: Partial<Need> = {}): Promise<Live> {
  if (target.token !== undefined)
    return { accessToken: fromEnvironment(target.token, client.now()), renewed: false, tokens: undefined };
  if (!target.stored) throw signInNeeded(target);
  const kept = await liveTokens(client.keeping(target), { minTtl: 30, ...need });
  switch (kept.kind) {
    case "live":
      return { accessToken: kept.tokens.access_token, renewed: kept.renewed, tokens: kept.tokens };
    case "nobody":
      throw signInNeeded(target);
    case "over":
      throw refusal(`your sign-in at ${target.server} is over`, kept.refused, signInCommand(target));
    case "refused":
      throw refusal(`cannot refresh your sign-in at ${target.server}`, kept.refused);
  }
}

function fromEnvironment(token: string, now: number): string {
  const wrong = (why: string): Complaint =>
    new Complaint("signInNeeded", "the token in JETON_TOKEN is of no use", {
      code: "jeton_token",
      why,
      remedy: "unset JETON_TOKEN, or put a live token there",
    });
  if (!isToken(token)) throw wrong("it has characters that no token has");
  if ((secondsLeft(token, now) ?? 1) <= 0) throw wrong("it has expired, and cannot be renewed");
  return token;
}
