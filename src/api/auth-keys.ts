/**
 * /auth-keys: public keys that one signs in with; and those of an application that one looks after. A key is taken with a
 * signature by itself over a challenge, so that nobody registers another's.
 */
import { z } from "zod";

import { fingerprintText, type AuthKeyRecord } from "../core/auth-key.ts";
import type { AuthKeyId, SubjectId } from "../core/ids.ts";
import { seconds } from "../core/units.ts";
import type { Engine } from "../engine/engine.ts";
import { credentialLife, credentialName } from "./credential-name.ts";
import { route, type NativeRoute } from "./declare.ts";
import { idSchema, iso, pageOf, pageQuery, pageSchema, time } from "./paging.ts";

/** A JWK may come as the object that it is; whatever comes, the reader of keys decides on its text. */
const publicKey = z
  .union([z.string().min(1).max(8192), z.record(z.string().max(64), z.json())])
  .transform((key) => (typeof key === "string" ? key : JSON.stringify(key)))
  .meta({
    description:
      "RSA of 2,048 to 4,096 bits, P-256 or Ed25519: one line as in `id_ed25519.pub`, PEM (SPKI or PKCS#1), or a JWK.",
  });

export const signatureText = z.string().min(1).max(8192).meta({
  description:
    "Over the challenge's characters: the algorithm's bytes in base64url without padding (RSASSA-PKCS1-v1_5 with SHA-256; ECDSA with SHA-256, as r||s or DER; Ed25519), or what `ssh-keygen -Y sign -n jeton` prints.",
});

const Proof = z.strictObject({ public_key: publicKey }).meta({ id: "AuthKeyProof" });

const ProofAnswer = z
  .object({
    challenge: z.string().meta({ description: "Sign these characters, in UTF-8, with the key." }),
    expires_in: z.int().meta({ description: "Seconds." }),
    fingerprint: z.string().meta({ description: "Of the key, as `ssh-keygen -l` prints it." }),
  })
  .meta({ id: "AuthKeyChallenge" });

const Wish = z
  .strictObject({
    name: credentialName,
    public_key: publicKey,
    challenge: z.string().min(1).max(8192),
    signature: signatureText,
    expires_in: credentialLife,
  })
  .meta({ id: "AuthKeyWish" });

const AuthKey = z
  .object({
    id: z.uuid(),
    name: z.string(),
    fingerprint: z.string().meta({ description: "As `ssh-keygen -l` prints it." }),
    type: z.enum(["RSA", "P-256", "Ed25519"]),
    bits: z.int(),
    created_at: time,
    expires_at: time.nullable().meta({ description: "Null: it has no end." }),
    last_used_at: time.nullable(),
    last_used_from: z.string().nullable(),
    own_messages: z.int().meta({
      description:
        "Messages of its client's own choice that have opened sessions; there is a limit, challenges have none.",
    }),
  })
  .meta({ id: "AuthKey" });

const Page = pageSchema("AuthKeyPage", AuthKey);
const Change = z.strictObject({ name: credentialName }).meta({ id: "AuthKeyChange" });
const KeyPath = z.object({ id: idSchema<AuthKeyId>() });
const ApplicationPath = z.object({ id: idSchema<SubjectId>() });

const toWire = (key: AuthKeyRecord): z.input<typeof AuthKey> => ({
  id: key.id,
  name: key.name,
  fingerprint: fingerprintText(key.fingerprint),
  type: key.type,
  bits: key.bits,
  created_at: iso(key.createdAt),
  expires_at: key.expiresAt === null ? null : iso(key.expiresAt),
  last_used_at: key.lastUsedAt === null ? null : iso(key.lastUsedAt),
  last_used_from: key.lastUsedFrom,
  own_messages: key.messages,
});

const common = { authentication: "bearer", shed: "admin" } as const;
const read = { ...common, method: "get", rate: "read", journal: null, body: "none" } as const;
const write = { ...common, rate: "write", query: null } as const;

/** Where keys are listed and added: one's own, or an application's. */
const places = [
  { base: "/api/v1", noun: "auth-keys", tenant: "own", whose: "my", params: null },
  {
    base: "/api/v1/applications/:id",
    noun: "applications",
    tenant: "organisation",
    whose: "an application's",
    params: ApplicationPath,
  },
] as const;

/** Of the application in the path, if there is one. */
const subjectOf = (params: unknown): SubjectId | "own" =>
  (params as z.output<typeof ApplicationPath> | undefined)?.id ?? "own";

const collectionRoutes = (
  engine: Engine,
  { base, noun, tenant, whose, params }: (typeof places)[number],
): readonly NativeRoute[] => {
  const absent = params === null ? [] : (["not_found"] as const);
  return [
    route({
      ...write,
      method: "post",
      path: `${base}/auth-key-challenge`,
      summary: `What a key has to sign before it is one of ${whose} authentication keys`,
      scope: `${noun}:write`,
      tenant,
      journal: null,
      body: { json: Proof },
      params,
      answers: { 200: { description: "To be signed within its time.", schema: ProofAnswer } },
      refusals: ["invalid_request", "reauthentication_needed", ...absent],
    })(async ({ caller, params: of, body }) => {
      const asked = await engine.challengeAuthKey(caller, { subject: subjectOf(of), publicKey: body.public_key });
      if (!asked.ok) return asked;
      const { text, expiresIn, fingerprint } = asked.value;
      return { status: 200, body: { challenge: text, expires_in: expiresIn, fingerprint } };
    }),

    route({
      ...write,
      method: "post",
      path: `${base}/auth-keys`,
      summary: `Add one to ${whose} authentication keys`,
      scope: `${noun}:write`,
      tenant,
      journal: "auth_key_set",
      body: { json: Wish },
      params,
      answers: { 201: { description: "The key.", schema: AuthKey } },
      refusals: ["invalid_request", "reauthentication_needed", "too_many", ...absent],
    })(async ({ caller, params: of, body, from }) => {
      const { name, public_key: key, challenge, signature, expires_in: life } = body;
      const expiresIn = typeof life === "number" ? seconds(life) : undefined;
      const wish = { subject: subjectOf(of), name, publicKey: key, challenge, signature, expiresIn };
      const added = await engine.addAuthKey(caller, wish, from);
      if (!added.ok) return added;
      return { status: 201, body: toWire(added.value), headers: { location: `/api/v1/auth-keys/${added.value.id}` } };
    }),

    route({
      ...read,
      path: `${base}/auth-keys`,
      summary: `${whose === "my" ? "My" : "An application's"} authentication keys, newest first`,
      scope: `${noun}:read`,
      tenant,
      query: z.strictObject(pageQuery),
      params,
      answers: { 200: { description: "A page of keys.", schema: Page } },
      refusals: ["invalid_request", ...absent],
    })(async ({ caller, params: of, query }) => {
      const page = await engine.listAuthKeys(caller, subjectOf(of), pageOf(query));
      if (!page.ok) return page;
      return { status: 200, body: { items: page.value.items.map(toWire), next_cursor: page.value.nextCursor } };
    }),
  ];
};

const one = { path: "/api/v1/auth-keys/:id", tenant: "own", params: KeyPath } as const;

export const authKeysRoutes = (engine: Engine): readonly NativeRoute[] => [
  ...places.flatMap((place) => collectionRoutes(engine, place)),

  route({
    ...read,
    ...one,
    summary: "One of my authentication keys, or of an application's that I look after",
    scope: "auth-keys:read",
    query: null,
    answers: { 200: { description: "The key.", schema: AuthKey } },
    refusals: ["not_found"],
  })(async ({ caller, params }) => {
    const found = await engine.findAuthKey(caller, params.id);
    return found.ok ? { status: 200, body: toWire(found.value) } : found;
  }),

  route({
    ...write,
    ...one,
    method: "patch",
    summary: "Rename an authentication key",
    scope: "auth-keys:write",
    journal: "auth_key_changed",
    body: { json: Change },
    answers: { 200: { description: "The key as it is now.", schema: AuthKey } },
    refusals: ["not_found"],
  })(async ({ caller, params, body, from }) => {
    const changed = await engine.renameAuthKey(caller, { id: params.id, name: body.name }, from);
    return changed.ok ? { status: 200, body: toWire(changed.value) } : changed;
  }),

  route({
    ...write,
    ...one,
    method: "delete",
    summary: "Remove an authentication key; the sessions that it opened end",
    scope: "auth-keys:write",
    shed: "revoke",
    journal: "auth_key_deleted",
    body: "none",
    answers: { 204: { description: "It is gone, and is not taken again.", schema: null } },
    refusals: ["not_found", "reauthentication_needed"],
  })(async ({ caller, params, from }) => {
    const ended = await engine.endAuthKey(caller, params.id, from);
    return ended.ok ? { status: 204 } : ended;
  }),
];
