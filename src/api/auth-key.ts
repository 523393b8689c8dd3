/** PUT, GET and DELETE /me/auth-key: the public key that one signs in with by a signature. */
import { z } from "zod";

import { authKeyType, fingerprintText, type AuthKeyRecord } from "../core/auth-key.ts";
import type { Engine } from "../engine/engine.ts";
import { route, type NativeRoute } from "./declare.ts";

const AuthKeyBody = z
  .object({
    public_key: z.string().min(1).max(8192).meta({
      description: "RSA, 2,048 to 8,192 bits: one line as in `id_rsa.pub`, or PEM (SPKI or PKCS#1).",
    }),
  })
  .meta({ id: "AuthKeySetting" });

const AuthKeyAnswer = z
  .object({
    fingerprint: z.string().meta({ description: "As `ssh-keygen -l` prints it." }),
    type: z.literal(authKeyType),
    bits: z.int(),
    created_at: z.int().meta({ description: "Seconds since 1970." }),
  })
  .meta({ id: "AuthKey" });

const toWire = ({ fingerprint, bits, createdAt }: AuthKeyRecord): z.input<typeof AuthKeyAnswer> => ({
  fingerprint: fingerprintText(fingerprint),
  type: authKeyType,
  bits,
  created_at: createdAt,
});

const common = {
  path: "/api/v1/me/auth-key",
  authentication: "bearer",
  tenant: "own",
  query: null,
  params: null,
} as const;

export const authKeyRoutes = (engine: Engine): readonly NativeRoute[] => [
  route({
    ...common,
    method: "put",
    summary: "Set my authentication key; sessions that the one before opened end",
    scope: "me:write",
    rate: "write",
    shed: "admin",
    journal: "auth_key_set",
    body: { json: AuthKeyBody },
    answers: { 200: { description: "The key that is good now.", schema: AuthKeyAnswer } },
    refusals: ["invalid_request", "reauthentication_needed"],
  })(async ({ caller, body, from }) => {
    const set = await engine.setAuthKey(caller, body.public_key, from);
    return set.ok ? { status: 200, body: toWire(set.value) } : set;
  }),

  route({
    ...common,
    method: "get",
    summary: "My authentication key",
    scope: "me:read",
    rate: "read",
    shed: "admin",
    journal: null,
    body: "none",
    answers: { 200: { description: "The key that is good now.", schema: AuthKeyAnswer } },
    refusals: ["not_found"],
  })(async ({ caller }) => {
    const found = await engine.ownAuthKey(caller);
    return found.ok ? { status: 200, body: toWire(found.value) } : found;
  }),

  route({
    ...common,
    method: "delete",
    summary: "Delete my authentication key; sessions that it opened end",
    scope: "me:write",
    rate: "write",
    shed: "revoke",
    journal: "auth_key_deleted",
    body: "none",
    answers: { 204: { description: "It is gone, and is not taken again.", schema: null } },
    refusals: ["not_found", "reauthentication_needed"],
  })(async ({ caller, from }) => {
    const deleted = await engine.deleteAuthKey(caller, from);
    return deleted.ok ? { status: 204 } : deleted;
  }),
];
