/** The public keys, at /.well-known/jwks.json of each issuer (RFC 7517 section 5, RFC 8414 section 3). */
import { z } from "zod";

import { route, type NativeRoute } from "./declare.ts";

const KeySet = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal("OKP"),
        crv: z.literal("Ed25519"),
        x: z.string(),
        kid: z.string(),
        use: z.literal("sig"),
        alg: z.literal("EdDSA"),
      }),
    ),
  })
  .meta({ id: "KeySet" });

export interface KeySetSource {
  readonly current: () => { readonly keys: readonly z.input<typeof KeySet>["keys"][number][] };
  /** Seconds that a verifier may keep its copy. */
  readonly maxAge: number;
}

export const keySetRoutes = (source: KeySetSource): readonly NativeRoute[] => [
  route({
    method: "get",
    path: "/.well-known/jwks.json",
    summary: "The keys that verify access tokens",
    authentication: "public",
    scope: null,
    tenant: "none",
    rate: "public",
    shed: "verify",
    journal: null,
    body: "none",
    query: null,
    params: null,
    answers: {
      200: { description: "Published, active and retired keys.", schema: KeySet },
      304: { description: "The copy is still good.", schema: null },
    },
    refusals: [],
  })(async ({ headers }) => {
    const { keys } = source.current();
    // The set is its keys' thumbprints, so a few characters of each tell it from every other.
    const etag = `"${keys.map(({ kid }) => kid.slice(0, 11)).join(".")}"`;
    const caching = { etag, "cache-control": `public, max-age=${source.maxAge}` };
    // RFC 9110 section 13.1.2: any of a list, weak or not, or all.
    const known = (headers.get("if-none-match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
    if (known.includes(etag) || known.includes("*")) return { status: 304, headers: caching };
    return { status: 200, body: { keys: [...keys] }, headers: caching };
  }),
];
