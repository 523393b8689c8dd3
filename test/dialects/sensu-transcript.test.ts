/** Replays test/dialects/sensu.http, which was recorded once and is the contract since. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { authority, issuer, type Authority } from "../authority.ts";
import { answerText, readTranscript, requestOf, tokenMask } from "./transcript.ts";

describe("the transcript of Sensu's calls", () => {
  const { mask, unmask } = tokenMask();
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  // In the order of the file: each part goes on with the tokens of the one before.
  for (const { title, later, request, answer } of readTranscript(join(import.meta.dirname, "sensu.http"))) {
    test(`Sensu ${title}`, async () => {
      await jeton.later(later);
      const response = await jeton.doors.main(requestOf(unmask(request), issuer), { address: "127.0.0.1" });
      assert.equal(mask(await answerText(response)), answer);
    });
  }
});
