/**
 * Authentication keys: proved, added, listed, renamed and removed. Whoever adds one can sign in ever after, so an access
 * token is not enough for it: it takes a sign-in by password of a moment ago (RFC 9470, ASVS 7.5.1), and a signature by the
 * very key over a challenge, so that nobody registers a key that is another's.
 */
import {
  fingerprintText,
  keysOfOneSize,
  type AuthKeyFault,
  type AuthKeyLimits,
  type AuthKeyRecord,
} from "../core/auth-key.ts";
import { idEntropy, newId, parseId, type AuthKeyId, type SubjectId } from "../core/ids.ts";
import { granted, refused, type Outcome, type Refusal } from "../core/result.ts";
import { after, type Millis, type Seconds } from "../core/units.ts";
import { makeChallenge, readChallenge, type Challenge, type ChallengeDeps } from "./challenge.ts";
import type { Circumstances } from "./circumstances.ts";
import { cursors, pageOf, type Page, type PageRequest } from "./cursor.ts";
import { refusalOf } from "./done.ts";
import { on, onSession, type Principal } from "./introspect.ts";
import { managedSubject, whoseOf, type ManageDeps, type Whose } from "./manage.ts";
import type { AuthKeys, Clock, NotDone, Store } from "./ports.ts";
import { recentSession } from "./recent-session.ts";

export interface AuthKeysDeps extends Omit<ChallengeDeps, "clock">, ManageDeps {
  readonly store: Pick<
    Store,
    "findSubject" | "findAuthKey" | "listAuthKeys" | "addAuthKey" | "renameAuthKey" | "endAuthKey"
  >;
  readonly authKeys: Pick<AuthKeys, "read" | "isBreakable" | "readSignature" | "verify">;
  /** Takes one of the subject's looks at a key; undefined, or the seconds to wait (see allowances.ts). */
  readonly spendKeyCheck: (subject: SubjectId, at: Millis) => Seconds | undefined;
  readonly keyLimits: Pick<AuthKeyLimits, "cap">;
  readonly clock: Clock;
}

const advice = {
  private:
    "public_key: this is a private key. Nothing was stored. It has left your hands, so make a new pair, and send the public half of that one.",
  several: "public_key: there is more than one key. Send one.",
  unknown_type:
    "public_key: only RSA, P-256 and Ed25519 keys can sign in, as OpenSSH has them (one line), in PEM or as a JWK; certificates and other keys cannot.",
  unreadable: "public_key: this is no public key in OpenSSH's form (one line), in PEM or as a JWK.",
  modulus:
    "public_key: the modulus must be odd and have 2,048 to 4,096 bits, or up to 8,192 where SeTA's door is open. Do: ssh-keygen -t ed25519",
  exponent: "public_key: the exponent must be odd and from 65,537 to 2^32. Do: ssh-keygen -t ed25519",
  member: "public_key: this JWK is for something else than verifying, or has a member that is not known here.",
  point: "public_key: the point is not on its curve, or verifies what anybody signs. Make another pair.",
  factorable: "public_key: this key can be broken: its modulus has a weakness that is known. Make another pair.",
} as const satisfies Record<AuthKeyFault, string>;

const notAdded: Partial<Record<NotDone, Refusal>> = {
  taken: refused("invalid_request", "public_key: this key is there already."),
  "wrong-state": refused(
    "invalid_request",
    "public_key: this key was in use before and has ended, so it is not taken again. Make another pair.",
  ),
  "too-many": refused(
    "too_many",
    `There are as many keys as there may be, or ${keysOfOneSize} RSA keys of this size. Remove one that nobody uses.`,
  ),
};

const unproved = refused(
  "invalid_request",
  "signature: the challenge is over or for another key, or it was not signed with this key. Ask for another and sign that.",
);

export interface KeyProofWish {
  readonly subject: Whose;
  readonly publicKey: string;
}

/** What the key has to sign before it is taken, and the fingerprint that it has here. Refuses as `addAuthKey`. */
export async function challengeAuthKey(
  deps: AuthKeysDeps,
  caller: Principal,
  { subject: of, publicKey }: KeyProofWish,
): Promise<Outcome<Challenge & { readonly fingerprint: string }>> {
  if (recentSession(caller, deps.clock.now()) === undefined) return refused("reauthentication_needed");
  const subject = await managedSubject(deps, caller, of, "write");
  if (!subject.ok) return subject;
  const key = deps.authKeys.read(publicKey);
  if (!key.ok) return refused("invalid_request", advice[key.reason]);
  const fingerprint = fingerprintText(key.value.fingerprint);
  return granted({ ...makeChallenge(deps, "key", [subject.value, fingerprint]), fingerprint });
}

export interface AuthKeyWish extends KeyProofWish {
  readonly name: string;
  /** Undefined: it has no end. */
  readonly expiresIn: Seconds | undefined;
  readonly challenge: string;
  readonly signature: string;
}

/**
 * Refuses with `reauthentication_needed`, `not_found`, `invalid_request` (saying what is wrong with the key or its proof),
 * `too_many`, `too_many_changes` or `invalid_token`.
 */
export async function addAuthKey(
  deps: AuthKeysDeps,
  caller: Principal,
  wish: AuthKeyWish,
  from: Circumstances,
): Promise<Outcome<AuthKeyRecord>> {
  const { store, authKeys, clock, chance, keyLimits } = deps;
  const now = clock.now();
  const session = recentSession(caller, now);
  if (session === undefined) return refused("reauthentication_needed");
  const subject = await managedSubject(deps, caller, wish.subject, "write");
  if (!subject.ok) return subject;
  const key = authKeys.read(wish.publicKey);
  if (!key.ok) return refused("invalid_request", advice[key.reason]);
  const read = readChallenge(deps, "key", wish.challenge);
  const [whose, fingerprint] = read?.about ?? [];
  const isForThis = whose === subject.value && fingerprint === fingerprintText(key.value.fingerprint);
  const signature = authKeys.readSignature(wish.signature);
  if (!isForThis || authKeys.verify([key.value.spki], wish.challenge, signature, 1) === undefined) return unproved;
  // What is dear comes last, and not often: it is a quarter of a second of work for the largest keys.
  const retryAfter = deps.spendKeyCheck(caller.holder.subject, clock.monotonic());
  if (retryAfter !== undefined) return { ...refused("too_many_changes"), retryAfter };
  if (await authKeys.isBreakable(key.value.spki)) return refused("invalid_request", advice.factorable);
  const done = await store.addAuthKey({
    id: newId<AuthKeyId>(clock.millis(), chance(idEntropy)),
    subject: subject.value,
    name: wish.name,
    key: key.value,
    expiresAt: wish.expiresIn === undefined ? null : after(now, wish.expiresIn),
    cap: keyLimits.cap,
    ofOneSize: keysOfOneSize,
    by: onSession(session, from),
    now,
  });
  return done.kind === "done" ? granted(done.authKey) : (notAdded[done.kind] ?? refusalOf(done.kind));
}

/** Newest first. Refuses with `not_found` or `invalid_request`. */
export async function listAuthKeys(
  deps: ManageDeps & Pick<AuthKeysDeps, "store" | "clock" | "tokens">,
  caller: Principal,
  of: Whose,
  { limit, cursor }: PageRequest,
): Promise<Outcome<Page<AuthKeyRecord>>> {
  const subject = await managedSubject(deps, caller, of, "read");
  if (!subject.ok) return subject;
  const places = cursors(deps, "auth-keys", subject.value, parseId<AuthKeyId>);
  const before = places.read(cursor);
  if (!before.ok) return before;
  const page = { before: before.value, limit: limit + 1, now: deps.clock.now() };
  return granted(pageOf(await deps.store.listAuthKeys(subject.value, page), limit, ({ id }) => id, places));
}

/** Refuses with `not_found` for one that is none of the caller's, as for one that never was. */
export async function findAuthKey(
  deps: ManageDeps & Pick<AuthKeysDeps, "store" | "clock">,
  caller: Principal,
  id: AuthKeyId,
): Promise<Outcome<AuthKeyRecord>> {
  const found = await deps.store.findAuthKey(id, deps.clock.now());
  if (found === undefined) return refused("not_found");
  const subject = await managedSubject(deps, caller, whoseOf(caller, found.subject), "read");
  return subject.ok ? granted(found) : subject;
}

/** Refuses as `findAuthKey`. */
export async function renameAuthKey(
  { store, clock }: Pick<AuthKeysDeps, "store" | "clock">,
  caller: Principal,
  { id, name }: { readonly id: AuthKeyId; readonly name: string },
  from: Circumstances,
): Promise<Outcome<AuthKeyRecord>> {
  const done = await store.renameAuthKey({ id, name, by: on(caller, from), now: clock.now() });
  return done.kind === "done" ? granted(done.authKey) : refusalOf(done.kind);
}

/** Refuses with `reauthentication_needed`, `not_found` or `invalid_token`. */
export async function endAuthKey(
  { store, clock }: Pick<AuthKeysDeps, "store" | "clock">,
  caller: Principal,
  id: AuthKeyId,
  from: Circumstances,
): Promise<Outcome<AuthKeyRecord>> {
  const now = clock.now();
  const session = recentSession(caller, now);
  if (session === undefined) return refused("reauthentication_needed");
  const done = await store.endAuthKey({ id, by: onSession(session, from), now });
  return done.kind === "done" ? granted(done.authKey) : refusalOf(done.kind);
}
