/** People who sign in by a signature: their keys, and both doors that they use. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { byPassword } from "../../src/core/amr.ts";
import { clientId, idEntropy, newId, type AuthKeyId, type SubjectId } from "../../src/core/ids.ts";
import { nativePolicy } from "../../src/core/policy.ts";
import { opening } from "../../src/engine/opening.ts";
import type { StatusVerb } from "../../src/engine/directory-store.ts";
import type { By } from "../../src/engine/ports.ts";
import { authKeys } from "../../src/keys/auth-keys.ts";
import { good, issuer, type Authority, type WirePair } from "../authority.ts";
import { bobsPair, type RsaPair } from "../keys/rsa-pairs.ts";
import { bearer } from "./asking.ts";

/** What a key pair has to do here. */
export type Signer = Pick<RsaPair, "spki" | "fingerprint" | "sign">;

export interface AddedKey {
  readonly pair?: Signer;
  /** The public key as it is pasted; the pair's in PEM, unless another form is meant. */
  readonly text?: unknown;
  readonly name?: string;
  readonly expires_in?: number;
  /** Of a signature over the challenge; one by the pair, unless another is meant. */
  readonly sign?: (challenge: string) => string;
}

const inBase64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

/** With an access token, to one's own keys or to those of the application at `base`: a challenge, its signature, the key. */
export async function proveKey(
  jeton: Pick<Authority, "ask">,
  pair: { readonly access_token: string },
  { pair: signer = bobsPair, text = signer.spki, name = "laptop", sign: by, ...more }: AddedKey = {},
  base = "/api/v1",
): Promise<Response> {
  const headers = bearer(pair);
  const asked = await jeton.ask(`${base}/auth-key-challenge`, { headers, body: { public_key: text } });
  if (asked.status !== 200) return asked;
  const { challenge } = (await asked.json()) as { challenge: string };
  const signature = by?.(challenge) ?? inBase64url(signer.sign(challenge));
  const body = { name, public_key: text, challenge, signature, ...more };
  return jeton.ask(`${base}/auth-keys`, { headers, body });
}

/** As their owner does it: with a token of a password that was just typed. */
export const addKey = async (jeton: Authority, key: AddedKey = {}, username = "bob"): Promise<Response> =>
  proveKey(jeton, await jeton.login(username), key);

/**
 * For whoever has no password, an application, or may not sign in: by a session that is opened and ended beside the
 * doors. Who was disabled or locked is so again after it.
 */
async function beside<T>(
  jeton: Authority,
  username: string,
  work: (by: Extract<By, { kind: "session" }>, subject: SubjectId) => Promise<T>,
): Promise<T> {
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
  const credential = (await find())!;
  const door = { client: clientId("native"), issuer, policy: nativePolicy, claims: () => ({}) };
  const from = { address: "192.0.2.1", requestId: "r" };
  const wish = { subject, authTime: now, amr: byPassword, door, from, instance: credential.instance, now };
  const opened = await store.openSession(opening({ clock, chance: randomBytes, tokens: jeton.keys }, wish));
  assert.ok(opened !== undefined);
  const by = { kind: "session", session: opened.session.id, from } as const;
  const value = await work(by, subject);
  await store.endSession({ id: opened.session.id, of: by, now });
  if (status !== "active") await set(status === "locked" ? "lock" : "disable");
  return value;
}

export const giveKey = (
  jeton: Authority,
  username: string,
  { spki }: Pick<Signer, "spki"> = bobsPair,
): Promise<AuthKeyId> =>
  beside(jeton, username, async (by, subject) => {
    const read = authKeys({ maxRsaBits: 8192 }).read(spki);
    assert.ok(read.ok);
    const id = newId<AuthKeyId>(jeton.clock.millis(), randomBytes(idEntropy));
    const wish = { id, subject, name: "given", key: read.value, expiresAt: null, cap: 20, ofOneSize: 4, by };
    const done = await jeton.store.addAuthKey({ ...wish, now: jeton.clock.now() });
    assert.ok(done.kind === "done" || done.kind === "taken", done.kind);
    return id;
  });

export const takeKey = (jeton: Authority, username: string, id: AuthKeyId): Promise<void> =>
  beside(jeton, username, async (by) => {
    assert.equal((await jeton.store.endAuthKey({ id, by, now: jeton.clock.now() })).kind, "done");
  });

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

export interface Challenged {
  readonly username?: string;
  readonly organisation?: string;
  readonly pair?: Pick<Signer, "fingerprint">;
}

export async function challengeFor(
  jeton: Pick<Authority, "ask">,
  { username = "bob", organisation, pair = bobsPair }: Challenged = {},
): Promise<string> {
  const body = { username, key: pair.fingerprint, ...(organisation === undefined ? {} : { organisation }) };
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
  jeton.ask("/api/v1/login/signature", { body: { challenge, signature: inBase64url(signature) } });

export async function signedIn(jeton: Authority, of: Challenged & { readonly pair?: Signer } = {}): Promise<WirePair> {
  const challenge = await challengeFor(jeton, of);
  return good<WirePair>(await answerChallenge(jeton, challenge, (of.pair ?? bobsPair).sign(challenge)));
}
