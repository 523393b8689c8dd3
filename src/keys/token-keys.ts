/**
 * The keys of an instance in memory: read from the store, opened with the master key, made when missing. Everything
 * that makes or reads a token goes through here.
 */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";

import { readAccessClaims, readApiTokenClaims, type AccessClaims } from "../core/claims.ts";
import { after, days, type Seconds } from "../core/units.ts";
import type { KeyStore, SealedKeys, SealedRefreshKey, SealedSecret, SealedSigningKey } from "../engine/key-store.ts";
import type { BearerClaims, Chance, Clock, Tokens } from "../engine/ports.ts";
import { headerText, signJws, verifyJws, type SigningMaterial, type VerifyingMaterial } from "./jws.ts";
import { keyStates, missingKeys, type KeyPurpose, type KeyState, type KeyTimes } from "./keyring.ts";
import { makeClientSecret, makeOpaque, provesOpaque, readClientSecret, readOpaque } from "./opaque-token.ts";
import { mintRefresh, provesRefresh, readRefresh } from "./refresh-token.ts";
import { seal, unseal, type MasterKey } from "./seal.ts";
import { isSameText } from "./text-bytes.ts";

/** A public key as verifiers see it (RFC 7517 section 4, RFC 8037 section 2). */
export interface PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly use: "sig";
  readonly alg: "EdDSA";
}

export interface PublicKeySet {
  readonly keys: readonly PublicJwk[];
}

/** How many of the keys that sign access tokens are in which state. */
export interface KeyCensus {
  readonly states: Readonly<Record<KeyState, number>>;
  /** When the next key begins to sign; undefined: none is published ahead. */
  readonly nextAt: Seconds | undefined;
}

export interface TokenKeys extends Tokens {
  readonly census: (now: Seconds) => KeyCensus;
  /** The key set that verifiers see at `now` (RFC 7517 section 5): published, active and retired keys. */
  readonly publicKeySet: (now: Seconds) => PublicKeySet;
  /** Makes the keys whose time has come; called at start and by housekeeping. */
  readonly ensure: (now: Seconds) => Promise<void>;
}

export interface TokenKeysDeps {
  readonly store: KeyStore;
  readonly master: MasterKey;
  readonly chance: Chance;
  readonly clock: Clock;
}

interface SigningKey extends SigningMaterial, VerifyingMaterial, KeyTimes {
  readonly jwk: PublicJwk;
  readonly purpose: KeyPurpose;
  /** The header of its tokens. */
  readonly header: string;
}

interface Loaded {
  readonly signing: readonly SigningKey[];
  readonly refresh: ReadonlyMap<number, Uint8Array>;
  readonly newestRefresh: SealedRefreshKey | undefined;
  readonly secret: Uint8Array | undefined;
}

const macSecret = "mac";
const refreshKeyPeriod = days(30);
const accessTypes = ["at+jwt"] as const;

const signingPurpose = (purpose: KeyPurpose, kid: string): string =>
  purpose === "access" ? `signing-key ${kid}` : `${purpose}-signing-key ${kid}`;

function openSigningKey(master: MasterKey, row: SealedSigningKey): SigningKey {
  const pkcs8 = unseal(master, signingPurpose(row.purpose, row.kid), row.sealed);
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey);
  const jwk = publicJwk(publicKey);
  // A row whose label and key do not belong together was tampered with.
  if (row.alg !== "EdDSA" || jwk.kid !== row.kid) throw new Error(`signing key ${row.kid} is not what its row says`);
  const material = { kid: row.kid, alg: row.alg } as const;
  return {
    ...material,
    privateKey,
    publicKey,
    jwk,
    purpose: row.purpose,
    header: headerText(material, "at+jwt", row.purpose === "api" ? { jtn: "api" } : {}),
    publishedAt: row.publishedAt,
    activeAt: row.activeAt,
  };
}

/** The key's id is its RFC 7638 thumbprint, whose input is crv, kty, x in this order (RFC 8037 section 2). */
function publicJwk(publicKey: KeyObject): PublicJwk {
  const { crv, x } = publicKey.export({ format: "jwk" });
  if (crv !== "Ed25519" || x === undefined) throw new TypeError("a signing key must be Ed25519");
  const kid = createHash("sha256")
    .update(JSON.stringify({ crv, kty: "OKP", x }))
    .digest("base64url");
  return { kty: "OKP", crv, x, kid, use: "sig", alg: "EdDSA" };
}

function makeSigningKey(master: MasterKey, chance: Chance, purpose: KeyPurpose, times: KeyTimes): SealedSigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { kid } = publicJwk(publicKey);
  const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" });
  return { kid, purpose, alg: "EdDSA", ...times, sealed: seal(master, signingPurpose(purpose, kid), pkcs8, chance) };
}

const purposes = ["access", "api"] as const satisfies readonly KeyPurpose[];
const keysOf = (signing: readonly SigningKey[], purpose: KeyPurpose): readonly SigningKey[] =>
  signing.filter((key) => key.purpose === purpose);

const refreshPurpose = (kid: number): string => `refresh-key ${kid}`;
const secretPurpose = (purpose: string): string => `instance-secret ${purpose}`;

function openAll(master: MasterKey, sealed: SealedKeys): Loaded {
  const mac = sealed.secrets.find(({ purpose }) => purpose === macSecret);
  return {
    signing: sealed.signing.map((row) => openSigningKey(master, row)),
    refresh: new Map(sealed.refresh.map((row) => [row.kid, unseal(master, refreshPurpose(row.kid), row.sealed)])),
    newestRefresh: sealed.refresh.toSorted((a, b) => a.kid - b.kid).at(-1),
    secret: mac && unseal(master, secretPurpose(macSecret), mac.sealed),
  };
}

/** The sealed keys that `loaded` lacks at `now`. */
function missing(
  { signing, newestRefresh, secret }: Loaded,
  { master, chance }: TokenKeysDeps,
  now: Seconds,
): SealedKeys {
  const refreshDue = newestRefresh === undefined || after(newestRefresh.createdAt, refreshKeyPeriod) <= now;
  const kid = (newestRefresh?.kid ?? 0) + 1;
  const refresh: readonly SealedRefreshKey[] = refreshDue
    ? [{ kid, createdAt: now, sealed: seal(master, refreshPurpose(kid), chance(32), chance) }]
    : [];
  const secrets: readonly SealedSecret[] =
    secret === undefined
      ? [{ purpose: macSecret, sealed: seal(master, secretPurpose(macSecret), chance(32), chance) }]
      : [];
  const keys = purposes.flatMap((purpose) =>
    missingKeys(keysOf(signing, purpose), now, purpose).map((times) => makeSigningKey(master, chance, purpose, times)),
  );
  return { signing: keys, refresh, secrets };
}

const isNothing = ({ signing, refresh, secrets }: SealedKeys): boolean =>
  signing.length + refresh.length + secrets.length === 0;

export async function openTokenKeys(deps: TokenKeysDeps): Promise<TokenKeys> {
  const { store, master, clock } = deps;
  let loaded = openAll(master, await store.loadKeys());

  const make = async (now: Seconds): Promise<void> => {
    const wanted = missing(loaded, deps, now);
    if (isNothing(wanted)) return;
    await store.addKeys(wanted);
    loaded = openAll(master, await store.loadKeys());
  };
  // One after the other: two at once would each make the key that is missing.
  let making: Promise<void> = Promise.resolve();
  const ensure = (now: Seconds): Promise<void> => {
    const made = making.then(() => make(now));
    making = made.catch(() => undefined);
    return made;
  };
  await ensure(clock.now());

  // Worked out once a second and not for every token.
  type States = ReturnType<typeof keyStates<SigningKey>>;
  let memo: { now: Seconds; of: Loaded; states: Readonly<Record<KeyPurpose, States>> } | undefined;
  const statesAt = (now: Seconds): Readonly<Record<KeyPurpose, States>> => {
    if (memo?.now !== now || memo.of !== loaded) {
      const of = (purpose: KeyPurpose): States => keyStates(keysOf(loaded.signing, purpose), now, purpose);
      memo = { now, of: loaded, states: { access: of("access"), api: of("api") } };
    }
    return memo.states;
  };
  const states = (now: Seconds, purpose: KeyPurpose): States => statesAt(now)[purpose];
  const active = (now: Seconds, purpose: KeyPurpose): SigningKey =>
    states(now, purpose).find(({ state }) => state === "active")!.key;
  const usable = (now: Seconds, kid: string): SigningKey | undefined =>
    purposes
      .flatMap((purpose) => states(now, purpose))
      .find(({ key, state }) => key.kid === kid && (state === "active" || state === "retired"))?.key;
  const mac = (purpose: string, text: string): Buffer =>
    createHmac("sha256", loaded.secret!).update(`${purpose}\0${text}`).digest();

  const macText = (purpose: string, text: string): string => mac(purpose, text).toString("base64url", 0, 16);

  /** The key says which kind it is, since nobody but us has it; what the token says of itself does not count. */
  const readWith = (text: string, find: (kid: string) => SigningKey | undefined): BearerClaims | undefined => {
    let signer: SigningKey | undefined;
    const verified = verifyJws(text, { types: accessTypes, key: (kid) => (signer = find(kid)) });
    if (!verified.ok) return undefined;
    if (signer?.purpose === "api") {
      const claims = readApiTokenClaims(verified.payload);
      return claims && { kind: "api", claims };
    }
    const claims = readAccessClaims(verified.payload);
    return claims && { kind: "access", claims };
  };

  const census = (now: Seconds): KeyCensus => {
    const counts: Record<KeyState, number> = { published: 0, active: 0, retired: 0, gone: 0 };
    let nextAt: Seconds | undefined;
    for (const { key, state } of states(now, "access")) {
      counts[state] += 1;
      // They come in the order of their activation.
      if (state === "published") nextAt ??= key.activeAt;
    }
    return { states: counts, nextAt };
  };

  return {
    ensure,
    census,
    publicKeySet: (now) => ({
      keys: purposes
        .flatMap((purpose) => states(now, purpose))
        .flatMap(({ key, state }) => (state === "gone" ? [] : [key.jwk])),
    }),
    signAccess: (claims, { sub, ...extra }, turn, now) => {
      const key = active(now, "access");
      // Ours first for their order, and once more for their values; the jti comes at the end, and once.
      const named = { ...claims, ...extra, ...claims, sub: sub ?? claims.sub, jti: undefined };
      const text = JSON.stringify(named);
      const jti = mac("jti", `${turn} ${text}`).toString("hex", 0, 16);
      return signJws(key.header, `${text.slice(0, -1)},"jti":"${jti}"}`, key);
    },
    signApiToken: (claims, now) => {
      const key = active(now, "api");
      return signJws(key.header, JSON.stringify(claims), key);
    },
    readBearer: (text, now) => readWith(text, (kid) => usable(now, kid)),
    readOldAccess: (text): AccessClaims | undefined => {
      // A key that never signed is not looked at: it is active first.
      const read = readWith(text, (kid) =>
        loaded.signing.find((key) => key.kid === kid && key.purpose === "access" && key.activeAt <= clock.now()),
      );
      return read?.kind === "access" ? read.claims : undefined;
    },
    makeOpaque,
    readOpaque,
    makeClientSecret,
    readClientSecret,
    provesOpaque,
    refreshKid: () => loaded.newestRefresh!.kid,
    mintRefresh: (row, issuer) => mintRefresh(loaded.refresh, row, issuer),
    readRefresh,
    provesRefresh: (claimed, row) => provesRefresh(loaded.refresh, claimed, row),
    macText,
    macIs: (purpose, text, presented) => isSameText(presented, macText(purpose, text)),
  };
}
