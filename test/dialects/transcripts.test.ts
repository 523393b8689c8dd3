/** Replays every transcript in this folder. Each was recorded once and is the contract since. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { dialectNames } from "../../src/core/dialect-names.ts";
import { giveKey } from "../api/signing.ts";
import { authority, issuer, type Authority } from "../authority.ts";
import { answerText, readTranscript, requestOf, tokenMask } from "./transcript.ts";

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".http"));

for (const file of files) {
  describe(`the transcript ${file}`, () => {
    const { mask, unmask } = tokenMask();
    const { settings, parts } = readTranscript(join(import.meta.dirname, file));
    let jeton: Authority;
    before(async () => {
      jeton = await authority({ settings });
      // A transcript cannot answer a challenge, so the key is there before.
      await giveKey(jeton, "bob");
    });
    after(() => jeton.close());

    // In the order of the file: each part goes on with the tokens of the one before.
    for (const { title, later, request, answer } of parts) {
      test(`${file} ${title}`, async () => {
        await jeton.later(later);
        const response = await jeton.doors.main(requestOf(unmask(request), issuer), { address: "127.0.0.1" });
        assert.equal(mask(await answerText(response)), answer);
      });
    }
  });
}

test("every dialect that is spoken here has a transcript", () => {
  for (const name of dialectNames) assert.ok(files.includes(`${name}.http`), name);
});
