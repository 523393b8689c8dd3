/** People who sign in by a signature: their keys, and both doors that they use. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { byPassword } from "../../src/core/amr.ts";
import { clientId } from "../../src/core/ids.ts";
import { nativePolicy } from "../../src/core/policy.ts";
import { opening } from "../../src/engine/opening.ts";
import type { StatusVerb } from "../../src/engine/ports.ts";
import { authKeys } from "../../src/keys/auth-keys.ts";
import { good, issuer, type Authority, type WirePair } from "../authority.ts";
import { bobsPair, type RsaPair } from "../keys/rsa-pairs.ts";
import { bearer } from "./asking.ts";

/** As their owner does it: with a token of a password that was just typed. */
export async function setKey(jeton: Authority, publicKey: string = bobsPair.spki, username = "bob"): Promise<Response> {
  const headers = bearer(await jeton.login(username));
  return jeton.ask("/api/v1/me/auth-key", { method: "PUT", headers, body: { public_key: publicKey } });
}

/**
 * For whoever has no password, an application, or may not sign in: by a session that is opened and ended beside the
 * doors. Who was disabled or locked is so again after it.
 */
export async function giveKey(jeton: Authority, username: string, { spki }: RsaPair = bobsPair): Promise<void> {
  const { store, clock } = jeton;
  const now = clock.now();
  const find = () => store.findCredential("root", { kind: "username", canonical: username });
  const { subject } = (await find())!.holder;
  const { status } = (await store.findSubject(subject))!;
  const set = async (verb: StatusVerb): Promise<void> => {
    const done = await store.setSubjectStatus({ id: subject, verb, by: { kind: "operator" }, now });
    assert.equal(done.kind, "done");
  };
  if (status !== "active") await set(status === "locked" ? "unlock" : "enable");
  const [read, credential] = [await authKeys().read(spki), (await find())!];
  const door = { client: clientId("native"), issuer, policy: nativePolicy, claims: () => ({}) };
  const from = { address: "192.0.2.1", requestId: "r" };
  const wish = { subject, authTime: now, amr: byPassword, door, from, instance: credential.instance, now };
  const opened = await store.openSession(opening({ clock, chance: randomBytes, tokens: jeton.keys }, wish));
  assert.ok(read.ok && opened !== undefined);
  const by = { kind: "session", session: opened.session.id, from } as const;
  const done = await store.setAuthKey({ subject, key: read.value, by, now });
  assert.equal(done.kind, "done");
  await store.endSession({ id: opened.session.id, of: by, now });
  if (status !== "active") await set(status === "locked" ? "lock" : "disable");
}

let messages = 0;

/** Twenty letters that were not signed before. */
const freshMessage = (): string =>
  String(messages++)
    .padStart(20, "a")
    .replaceAll(/\d/g, (digit) => "qwertyuiop"[Number(digit)]!);

export interface SetaBody {
  readonly username: string;
  readonly provider: string;
  readonly rsa_original_message: string;
  readonly rsa_message_signature: string;
}

export function setaBody(of: Partial<SetaBody> = {}, pair: RsaPair = bobsPair): SetaBody {
  const message = of.rsa_original_message ?? freshMessage();
  return {
    username: "bob",
    provider: "local",
    rsa_original_message: message,
    rsa_message_signature: pair.sign(message).toString("hex"),
    ...of,
  };
}

export const setaToken = (jeton: Pick<Authority, "ask">, body: unknown): Promise<Response> =>
  jeton.ask("/seta/authentication/v1/token", { body });

export async function challengeFor(
  jeton: Pick<Authority, "ask">,
  username = "bob",
  organisation?: string,
): Promise<string> {
  const body = { username, ...(organisation === undefined ? {} : { organisation }) };
  const answer = await good<{ challenge: string; expires_in: number }>(
    await jeton.ask("/api/v1/login/challenge", { body }),
  );
  assert.equal(answer.expires_in, 60);
  return answer.challenge;
}

export const answerChallenge = (
  jeton: Pick<Authority, "ask">,
  challenge: string,
  signature: Uint8Array = bobsPair.sign(challenge),
): Promise<Response> =>
  jeton.ask("/api/v1/login/signature", {
    body: { challenge, signature: Buffer.from(signature).toString("base64url") },
  });

export const signedIn = async (jeton: Authority, username = "bob"): Promise<WirePair> =>
  good<WirePair>(await answerChallenge(jeton, await challengeFor(jeton, username)));
