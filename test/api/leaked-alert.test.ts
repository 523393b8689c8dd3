/** POST /leaked/github: signed alerts of a secret scanner, by keys that the operator has put in a file. */
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { AlertKeysUnusable, readAlertKeys } from "../../src/keys/alert-keys.ts";
import { oneLine, jeton as command, scratch } from "../cli/program.ts";
import { authority, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { asking, bearer, reopened, type Ask } from "./asking.ts";

const scanner = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const stranger = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const pem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" });
const published = (key: string, identifier = "90a421169f0a406205f1563a953312f0"): string =>
  JSON.stringify({ public_keys: [{ key_identifier: identifier, key, is_current: true }] });
const identifier = "90a421169f0a406205f1563a953312f0";
const path = "/api/v1/leaked/github";
const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

interface Found {
  readonly token: string;
  readonly type?: string;
  readonly url?: string;
}

describe("POST /api/v1/leaked/github", () => {
  let jeton: Authority;
  let ask: Ask;
  const folder = scratch();
  before(async () => {
    jeton = await authority();
    writeFileSync(folder.path("keys.json"), published(pem(scanner.publicKey)));
    ({ ask } = await reopened(jeton, { alertKeys: readAlertKeys(folder.path("keys.json")) }));
  });
  after(async () => {
    await jeton.close();
    folder[Symbol.dispose]();
  });

  const alert = (
    found: readonly Found[] | string,
    { by = scanner.privateKey, as = identifier, signature }: { by?: KeyObject; as?: string; signature?: string } = {},
  ): Promise<Response> => {
    const text =
      typeof found === "string"
        ? found
        : JSON.stringify(found.map((one) => ({ type: "jeton", source: "content", ...one })));
    const body = new TextEncoder().encode(text);
    const signed = signature ?? sign("sha256", body, by).toString("base64");
    const headers = { "github-public-key-identifier": as, "github-public-key-signature": signed };
    return ask(path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
  };
  const mint = async (pair: WirePair, format = "jwt"): Promise<string> => {
    const answer = await jeton.ask("/api/v1/api-tokens", { body: { name: "ci", format }, headers: bearer(pair) });
    return ((await answer.json()) as { token: string }).token;
  };
  const isGood = async (token: string): Promise<boolean> => (await jeton.me({ access_token: token })).status === 200;

  test("each token is over, its label says whether it was one, and where it was is in the journal", async () => {
    const pair = await jeton.login();
    const [first, second, kept] = [await mint(pair), await mint(pair, "opaque"), await mint(pair)];
    const url = "https://github.com/octocat/Hello-World/blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt";
    const answer = await alert([{ token: first, url }, { token: second }, { token: "jtn_none" }, { token: first }]);
    const labels = await good<{ token_hash: string; token_type: string; label: string }[]>(answer);
    assert.deepEqual(
      labels.map(({ token_hash, label }) => [token_hash, label]),
      [
        [hash(first), "true_positive"],
        [hash(second), "true_positive"],
        [hash("jtn_none"), "false_positive"],
        [hash(first), "false_positive"],
      ],
    );
    assert.deepEqual([await isGood(first), await isGood(second), await isGood(kept)], [false, false, true]);
    const ada = bearer(await jeton.login("ada"));
    const { items } = await good<{ items: { detail: Record<string, unknown> }[] }>(
      await jeton.ask("/api/v1/journal?kind=api_token_leaked", { headers: ada }),
    );
    assert.deepEqual(
      items.map(({ detail }) => detail["found_at"]),
      [undefined, url],
    );
  });

  test("CWE-347: what is not signed by a key of the file, over these very bytes, ends nothing", async () => {
    const token = await mint(await jeton.login());
    const bytes = JSON.stringify([{ token, type: "jeton" }]);
    const other = sign("sha256", new TextEncoder().encode("[]"), scanner.privateKey).toString("base64");
    const right = sign("sha256", new TextEncoder().encode(bytes), scanner.privateKey).toString("base64");
    const wrong: Promise<Response>[] = [
      alert(bytes, { by: stranger.privateKey }),
      alert(bytes, { as: "another" }),
      alert(bytes, { signature: other }),
      alert(bytes, { signature: "" }),
      alert(bytes, { signature: "AAAA" }),
      alert(bytes, { signature: `${right}!` }),
      alert(bytes, { signature: right.repeat(3) }),
      alert(`${bytes} `, { signature: right }),
      ask(path, { body: bytes }),
      ask(path, { body: bytes, headers: { "github-public-key-identifier": identifier } }),
      ask(path, { body: bytes, headers: { "github-public-key-signature": right } }),
    ];
    for (const answer of await Promise.all(wrong)) assert.equal(await refusal(answer), "401 invalid_credentials");
    assert.ok(await isGood(token));
    assert.equal((await alert(bytes, { signature: right })).status, 200);
    assert.equal(await isGood(token), false);
  });

  test("a signed body that is no list of alerts is refused whole", async () => {
    const token = await mint(await jeton.login());
    const many = Array.from({ length: 101 }, () => ({ token: "x", type: "y" }));
    for (const body of [
      "",
      "{}",
      "[]",
      "[1]",
      `[{"token":"${token}"}]`,
      `{"token":"${token}"}`,
      "[{]",
      JSON.stringify(many),
    ])
      assert.equal(await refusal(alert(body)), "400 invalid_request", body.slice(0, 20));
    const twice = `[{"token":"${token}","type":"a","token":"x"}]`;
    assert.equal(await refusal(alert(twice)), "400 invalid_request");
    assert.ok(await isGood(token));
  });

  test("without keys there is no such path", async () => {
    assert.equal((await asking(jeton.doors.main)(path, { body: [] })).status, 404);
  });

  test("a file that has a private key, one of another kind, or none, is refused at the start, with 5", async () => {
    const p384 = generateKeyPairSync("ec", { namedCurve: "secp384r1" }).publicKey;
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
    const secret = scanner.privateKey.export({ type: "pkcs8", format: "pem" });
    const wrong = [
      published(secret),
      published(pem(p384)),
      published(pem(rsa)),
      published("x"),
      published(pem(rsa), ""),
    ];
    for (const text of [...wrong, "", "{}", '{"public_keys":[]}', '{"public_keys":[null]}', "[]"]) {
      writeFileSync(folder.path("wrong.json"), text);
      assert.throws(() => readAlertKeys(folder.path("wrong.json")), AlertKeysUnusable, text.slice(0, 60));
    }
    const config = JSON.stringify({ leaks: { github_keys: folder.path("absent.json") } });
    writeFileSync(folder.path("jeton.json"), config);
    const words = ["serve", "--demo", "--listen", "127.0.0.1:0", "--config", folder.path("jeton.json")];
    oneLine(
      await command(words, { cwd: folder.path() }),
      5,
      /the keys of the secret scanner, .*absent\.json, cannot be read/,
    );
  });
});
