/**
 * SeTA's guide, call by call, in its own language with its own libraries: a token by a signed message, a search with it,
 * another token by the original refresh token. Against the real server and the corpus example.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";

import { administrator, call, initialised, scratch, serve } from "../cli/program.ts";
import { good, type WirePair } from "../authority.ts";
import { newPair } from "../keys/rsa-pairs.ts";
import { proveKey } from "../api/signing.ts";
import { corpus, modulesIn, runProgram, skip } from "./seta-program.ts";

test(
  "SeTA's guide: token, search, refresh, search in Python; a captured request and an expired token open nothing",
  { skip },
  async () => {
    using folder = scratch();
    await initialised(folder);
    const words = ["--data", folder.path("data"), "--dialect", "seta"];
    await using server = await serve(words, {
      cwd: folder.path(),
      environment: { JETON_DIALECTS_SETA_ACCESS: "30s" },
    });
    const pair = newPair(3072);
    const { access_token } = await good<WirePair>(await call(server.url, "/api/v1/login", administrator));
    const ask = (path: string, { headers, body }: { headers?: object; body?: unknown } = {}): Promise<Response> =>
      fetch(`${server.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
    assert.equal((await proveKey({ ask }, { access_token }, { pair, text: pair.ssh })).status, 201);

    await using now = await corpus(server.url);
    await using later = await corpus(server.url, ["--clock-offset", "60"]);
    const key = folder.path("rsa-key.private");
    writeFileSync(key, pair.privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
    const url = `${server.url}/seta/authentication/v1/token`;
    const { username } = administrator;
    const ran = await runProgram({
      authUrl: url,
      apiUrls: [now.url, later.url],
      username,
      key,
      modules: modulesIn(folder),
    });
    const { searched, again, refreshed, searched_again: last } = ran;
    const [found, expired] = searched as readonly [
      [number, { total_docs: number; documents: unknown[] }],
      [number, object],
    ];
    assert.equal(found[0], 200);
    assert.ok(found[1].total_docs > 0 && found[1].documents.length === found[1].total_docs);
    assert.deepEqual(expired, [401, { message: '"exp" claim timestamp check failed' }]);
    assert.deepEqual(again, [403, { message: "Invalid Signature" }]);
    assert.deepEqual(refreshed, [200, true]);
    assert.equal(last[0], 200);

    for (const headers of [{}, { authorization: "Bearer x.y.z" }, { authorization: `Basic ${access_token}` }]) {
      const answer = await fetch(`${now.url}/corpus`, { method: "POST", headers, body: "{}" });
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get("content-type"), "application/json");
    }
  },
);
