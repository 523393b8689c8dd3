/**
 * The yardstick: oidc-provider with its own in-memory adapter, as light as it can be configured for this comparison: one public
 * client, no `openid` scope (so no ID token and one ES256 signature a refresh), JWT access tokens, which it does not store, rotation on.
 *
 *   JETON_RUNTIME=node sh scripts/run bench/oidc/server.ts --pool FILE [--tokens 150]
 *
 * The starting refresh tokens are saved through its models, which is what its authorization endpoint would do, and written to FILE.
 * Its adapter keeps only the 1,000 entries used last and so forgets live tokens under load; here it gets a plain Map, which forgets
 * nothing and is faster.
 */
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { Provider } from "oidc-provider";
import MemoryAdapter from "oidc-provider/lib/adapters/memory_adapter.js";

const { values } = parseArgs({ options: { pool: { type: "string" }, tokens: { type: "string", default: "150" } } });
if (values.pool === undefined) throw new Error("--pool is needed");

const resource = "urn:bench:api";
const scope = "profile:read tokens:read";
const day = 86_400;
const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });

const store = new Map<string, unknown>();

const provider = new Provider("http://127.0.0.1", {
  adapter: (model: string) => new MemoryAdapter(model, store),
  clients: [
    {
      client_id: "bench",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: ["https://bench.example/callback"],
      id_token_signed_response_alg: "ES256",
    },
  ],
  jwks: { keys: [{ ...key, kid: "bench", use: "sig", alg: "ES256" }] },
  cookies: { keys: ["only for the benchmark"] },
  findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: true,
  ttl: { AccessToken: 300, RefreshToken: 30 * day, Grant: 30 * day },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope,
        audience: resource,
        accessTokenFormat: "jwt",
        accessTokenTTL: 300,
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
});

async function startingToken(): Promise<string> {
  const client = await provider.Client.find("bench");
  if (client === undefined) throw new Error("the client was not found");
  const grant = new provider.Grant({ accountId: "bob", clientId: client.clientId });
  grant.addResourceScope(resource, scope);
  const grantId = await grant.save();
  const now = Math.floor(Date.now() / 1000);
  const token = new provider.RefreshToken({
    client,
    grantId,
    accountId: "bob",
    authTime: now,
    gty: "authorization_code",
    resource,
    scope,
  });
  return token.save();
}

const callback = provider.callback();
const server = createServer((request, response) => {
  void callback(request, response);
});
server.listen(0, "127.0.0.1", () => {
  void (async () => {
    const tokens = await Promise.all(Array.from({ length: Number(values.tokens) }, startingToken));
    writeFileSync(values.pool ?? "", `${tokens.join("\n")}\n`);
    console.error(`oidc-provider: ready on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  })();
});
