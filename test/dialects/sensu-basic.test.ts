/** Basic credentials at GET /auth, as strangers and browsers send them. RFC 7617, RFC 9110 section 11.6.2. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { authority, type Authority } from "../authority.ts";
import { asking, basic, type Ask } from "../api/asking.ts";
import { add } from "../api/people.ts";

const encoded = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString("base64");

describe("Basic at Sensu's door", () => {
  let jeton: Authority;
  let ask: Ask;
  const sensu = (authorization?: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    ask("/sensu/auth", { headers: { ...(authorization === undefined ? {} : { authorization }), ...headers } });
  const statusAndText = async (response: Response): Promise<string> => `${response.status} ${await response.text()}`;

  before(async () => {
    jeton = await authority();
    ask = asking(jeton.doors.main);
  });
  after(() => jeton.close());

  test("L-21: Basic credentials are split at the first colon, and the scheme counts in any case with any spaces", async () => {
    await add(jeton, { username: "colin", password: "a:b::c:d:" });
    for (const scheme of ["Basic ", "basic ", "bAsIc ", "BASIC ", "Basic  ", "Basic      "]) {
      const response = await sensu(scheme + encoded("colin:a:b::c:d:"));
      assert.equal(response.status, 200, scheme);
    }
    // What a careless reader would make of the Latin-1 below.
    await add(jeton, { username: "rolf", password: "gr\uFFFD\uFFFDe" });
    await add(jeton, { username: "zoë", password: "größer als gedacht" });
    assert.equal((await sensu(basic("zoë", "größer als gedacht")["authorization"])).status, 200);
  });

  const unreadable: readonly (readonly [what: string, header: string, text: string])[] = [
    ["no colon", `Basic ${encoded("bob")}`, "Unauthorized"],
    ["an empty user", `Basic ${encoded(`:${demoPassword}`)}`, "Unauthorized"],
    ["an empty password", `Basic ${encoded("bob:")}`, "Unauthorized"],
    ["nothing", `Basic ${encoded("")}`, "Unauthorized"],
    ["the scheme alone", "Basic", "Unauthorized"],
    ["Latin-1 in place of UTF-8", `Basic ${encoded(Buffer.from("rolf:größe", "latin1"))}`, "Unauthorized"],
    ["junk in the base64", `Basic ${encoded(`bob:${demoPassword}`)}!`, "Unauthorized"],
    ["a space in the base64", `Basic ${encoded(`bob:${demoPassword}`).replace(/^(.{8})/, "$1 ")}`, "Unauthorized"],
    ["base64 without its padding", `Basic ${encoded(`bob:${demoPassword}`).replaceAll("=", "")}`, "Unauthorized"],
    ["base64 with padding too much", `Basic ${encoded(`bob:${demoPassword}`)}=`, "Unauthorized"],
    ["spare bits in the base64", `Basic ${encoded("bob:x").slice(0, -2)}B=`, "Unauthorized"],
    ["the URL alphabet", `Basic ${encoded("bob:\u00ff\u00ff\u00ff").replaceAll("/", "_")}`, "Unauthorized"],
    ["a control character", `Basic ${encoded(`bob\u0007:${demoPassword}`)}`, "Unauthorized"],
    ["8 KB", `Basic ${encoded(`bob:${"x".repeat(6000)}`)}`, "Unauthorized"],
    ["no space after the scheme", `Basic${encoded(`bob:${demoPassword}`)}`, "Request unauthorized"],
    ["another scheme", `Digest ${encoded(`bob:${demoPassword}`)}`, "Request unauthorized"],
  ];
  for (const [what, header, text] of unreadable) {
    test(`L-21: Basic with ${what} is refused`, async () => {
      assert.equal(await statusAndText(await sensu(header)), `401 ${text}\n`);
    });
  }

  test("L-21: a second Authorization header makes the request ambiguous, and it is 400", async () => {
    const good = `Basic ${encoded(`bob:${demoPassword}`)}`;
    for (const joined of [`${good}, ${good}`, `${good}, Bearer x`, `Bearer x, ${good}`, `${good},`]) {
      const response = await sensu(joined);
      assert.equal(response.status, 400, joined);
      assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    }
  });

  test("L-22: the tokens of a GET are for no cache, and the answer depends on what browsers add", async () => {
    const response = await sensu(basic("bob", demoPassword)["authorization"]);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("vary"), "Authorization, Sec-Fetch-Site, Sec-Fetch-Mode");
    assert.equal((await sensu()).headers.get("cache-control"), "no-store");
  });

  test("L-22: a page of another site and a navigating browser are refused, whatever password the browser has", async () => {
    const { authorization } = basic("bob", demoPassword);
    const browsers: readonly Readonly<Record<string, string>>[] = [
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" },
      // Whoever has a neighbouring subdomain.
      { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
      { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
      { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate" },
    ];
    for (const headers of browsers) {
      const response = await sensu(authorization, headers);
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(await statusAndText(response), "403 Request unauthorized\n");
    }
    assert.equal(
      (await sensu(authorization, { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" })).status,
      200,
    );
  });

  test("L-22: no refusal invites a browser to ask for a password", async () => {
    for (const header of [undefined, "Basic x", basic("bob", "wrong")["authorization"], "Bearer x"]) {
      const response = await sensu(header);
      assert.equal(response.status, 401);
      // RFC 9110 section 11.6.1 wants a challenge; Sensu sends none, and a browser that got one would keep the password.
      assert.equal(response.headers.get("www-authenticate"), null);
    }
  });

  test("L-22: the door is closed unless the configuration opens it", async () => {
    const closed = await authority({ settings: { "dialects.sensu.open": false } });
    const response = await closed.ask("/sensu/auth", { headers: basic("bob", demoPassword) });
    assert.equal(response.status, 404);
    await closed.close();
  });
});
