/** Notices by mail, to a relay that somebody else wrote: from a running server, and what becomes of refusals. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, test } from "node:test";

import { mailCourier, type MailOptions } from "../../src/couriers/mail.ts";
import { Secret } from "../../src/core/secret.ts";
import { days, hours, millis, minutes, seconds } from "../../src/core/units.ts";
import { claimsOf, type WirePair } from "../authority.ts";
import { administrator, call, initialised, scratch, serve } from "../cli/program.ts";
import { until } from "../faults/fleet.ts";
import { testAuthority } from "../tls/certificates.ts";
import { issuer, office } from "./office.ts";
import { headerOf, relay, type Mail, type Relay } from "./relay.ts";

const password = "a relay's own pass phrase";

test("ASVS 6.3.7, RFC 3207: a running server tells the owner of a new token by mail, over STARTTLS, and once", async () => {
  const authority = await testAuthority();
  const tls = await authority.certify();
  await using post = await relay({ tls, login: { user: "jeton", password } });
  using folder = scratch();
  await initialised(folder);
  writeFileSync(folder.path("ca.pem"), authority.certificate);
  writeFileSync(folder.path("password"), `${password}\n`, { mode: 0o600 });
  await using server = await serve(["--data", folder.path("data")], {
    cwd: folder.path(),
    environment: {
      JETON_MAIL_SERVER: `127.0.0.1:${post.port}`,
      JETON_MAIL_FROM: "jeton@example.org",
      JETON_MAIL_CA_CERTIFICATE: folder.path("ca.pem"),
      JETON_MAIL_USER: "jeton",
      JETON_MAIL_PASSWORD_FILE: folder.path("password"),
    },
  });
  const login = await call(server.url, "/api/v1/login", administrator);
  const { access_token: token } = (await login.json()) as WirePair;
  const addressed = await fetch(`${server.url}/api/v1/users/${String(claimsOf(token)["sub"])}`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ emails: ["root@example.org"] }),
  });
  assert.equal(addressed.status, 200, await addressed.text());
  const minted = await call(server.url, "/api/v1/api-tokens", { name: "nightly" }, token);
  assert.equal(minted.status, 201);
  const { token: secret, id } = (await minted.json()) as { token: string; id: string };

  const metrics = async (): Promise<string> => (await call(server.url, "/metrics")).text();
  await until(
    async () => (await metrics()).includes('jeton_notices_total{channel="mail",result="delivered"} 1\n'),
    "it is counted",
  );
  assert.match(await metrics(), /^jeton_notices_waiting 0$/m);
  assert.match(await metrics(), /^jeton_api_token_warnings_total\{days="14"\} 0$/m);
  const [mail, ...others] = post.mails as [Mail, ...Mail[]];
  assert.deepEqual(others, []);
  assert.deepEqual(
    [mail.from, mail.to, mail.secure, mail.user],
    ["jeton@example.org", ["root@example.org"], true, "jeton"],
  );
  assert.equal(headerOf(mail, "To"), "root@example.org");
  assert.equal(headerOf(mail, "From"), "jeton@example.org");
  assert.equal(headerOf(mail, "Subject"), "A new API token: nightly");
  assert.equal(headerOf(mail, "Auto-Submitted"), "auto-generated");
  assert.match(headerOf(mail, "Message-ID") ?? "", /^<[0-9a-f-]{36}@example\.org>$/);
  const text = mail.raw.replaceAll("=\r\n", "");
  assert.ok(text.includes(id) && text.includes("127.0.0.1") && text.includes("by root"), text);
  assert.ok(!text.includes(secret.slice(-20)));

  const { code, err } = await server.stop();
  assert.equal(code, 0, err);
  assert.ok(!err.includes(password));
});

describe("notices by mail", () => {
  const { person, mint, open, under } = office();
  const courier = (port: number, more: Partial<MailOptions> = {}) =>
    mailCourier({
      relay: { hostname: "127.0.0.1", port },
      tls: "none",
      authorities: null,
      from: "jeton@example.org",
      login: null,
      issuer,
      limit: millis(2000),
      ...more,
    });
  const sent = ({ mails }: Relay): readonly (string | undefined)[] => mails.map(({ to: [to] }) => to);

  test("RFC 5321 section 4.2.1: a mail that is put off comes later, one that is refused never, and others at once", async () => {
    const answers = new Map([
      ["later@example.org", 450],
      ["never@example.org", 550],
    ]);
    await using post = await relay({ answerTo: (recipient) => answers.get(recipient) ?? 0 });
    const desk = await open({ mail: courier(post.port) });
    await mint(await person("vera", "later@example.org", "never@example.org", "now@example.org"));
    await desk.round();
    assert.deepEqual(sent(post), ["now@example.org"]);
    assert.deepEqual(desk.counted(), { "mail retried": 1, "mail given_up": 1, "mail delivered": 1 });
    assert.equal(desk.waiting(), 1);
    assert.deepEqual(desk.troubles, [{ kind: "given_up", channel: "mail", count: 1, reason: "SMTP 550 to RCPT TO" }]);
    answers.delete("later@example.org");
    await desk.round();
    assert.equal(post.mails.length, 1);
    under().pass(minutes(1));
    await desk.round();
    await desk.round();
    assert.deepEqual(sent(post), ["now@example.org", "later@example.org"]);
    assert.equal(desk.waiting(), 0);
  });

  test("FL-28: a relay that is down rests longer and longer, and after three days what waits is given up", async () => {
    const dead = await relay();
    const { port } = dead;
    await dead[Symbol.asyncDispose]();
    const desk = await open({ mail: courier(port) });
    const vera = await person("vera", "v@example.org", "vera@example.org");
    await mint(vera);
    await desk.round();
    const counted: number[] = [];
    for (let minute = 0; minute < 73 * 60 + 1; minute++) {
      under().pass(minutes(1));
      await desk.round();
      if (minute === 60) counted.push(desk.troubles.length);
    }
    assert.deepEqual(desk.counted()["mail given_up"], 2);
    assert.equal(desk.waiting(), 0);
    // 0, 1, 3, 7, 15, 31 minutes; then once in an hour at most.
    assert.ok(counted[0]! >= 5 && counted[0]! <= 8, String(counted));
    const attempts = desk.troubles.filter(({ kind }) => kind === "failing").length;
    assert.ok(attempts > 72 && attempts < 73 * 1.5, String(attempts));
    assert.match(desk.troubles[0]?.reason ?? "", /^ESOCKET: .*(?:refused|connect)/i);
  });

  test("FL-28: a relay that never greets costs its limit, and an orderly stop does not wait for that", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await until(() => silent.listening, "it listens");
    const { port } = silent.address() as { port: number };
    const vera = await person("vera", "vera@example.org");
    await mint(vera);
    const slow = await open({ mail: courier(port, { limit: millis(200) }) });
    await mint(vera);
    await slow.round();
    assert.equal(slow.troubles[0]?.reason, "not taken within 0.2 s");
    under().pass(hours(1));
    const stopped = await open({ mail: courier(port, { limit: millis(60_000) }) });
    const round = stopped.round();
    await new Promise((resolve) => setImmediate(resolve));
    await stopped.stop();
    await round;
    // Nothing is said of an attempt that was cut off: it waits for the next start.
    assert.deepEqual(stopped.troubles, []);
    assert.equal((await under().store.findNoticeWork({ now: under().now(), limit: 0 })).waiting, 1);
    silent.close();
  });

  test("RFC 3207: without STARTTLS, with a certificate of nobody, or with a wrong password nothing is sent", async () => {
    const authority = await testAuthority();
    const tls = await authority.certify();
    await using plain = await relay();
    await using post = await relay({ tls, login: { user: "jeton", password } });
    const vera = await person("vera", "vera@example.org");
    await open({ mail: courier(plain.port) });
    await mint(vera);
    const wrong = { user: "jeton", password: new Secret("another one") };
    for (const [port, more] of [
      [plain.port, { tls: "starttls" }],
      [post.port, { tls: "starttls", authorities: (await testAuthority()).certificate }],
      [post.port, { tls: "starttls", authorities: authority.certificate, login: wrong }],
    ] as const) {
      const desk = await open({ mail: courier(port, more) });
      await desk.round();
      assert.deepEqual(desk.counted(), { "mail retried": 1 }, JSON.stringify(desk.troubles));
      assert.ok(!JSON.stringify(desk.troubles).includes("another one"));
      under().pass(hours(1));
    }
    assert.deepEqual([plain.mails, post.mails], [[], []]);
    const login = { user: "jeton", password: new Secret(password) };
    const desk = await open({
      mail: courier(post.port, { tls: "starttls", authorities: authority.certificate, login }),
    });
    await desk.round();
    assert.deepEqual(sent(post), ["vera@example.org"]);
  });

  test("CWE-93: a token's name, or an address, adds no header and no recipient", async () => {
    await using post = await relay();
    const desk = await open({ mail: courier(post.port) });
    const vera = await person(
      "vera",
      "vera@example.org",
      "a@example.org,eve@example.org",
      "b@example.org\r\nBcc: eve@example.org",
    );
    const name = `x\r\nBcc: eve@example.org\r\n\r\nHello\u2028\u202e${"y".repeat(500)}`;
    await mint(vera, { name });
    await desk.round();
    assert.deepEqual(desk.counted(), { "mail delivered": 1, "mail given_up": 2 });
    const [mail] = post.mails as [Mail];
    assert.deepEqual(mail.to, ["vera@example.org"]);
    assert.equal(headerOf(mail, "Bcc"), undefined);
    const subject = headerOf(mail, "Subject") ?? "";
    assert.match(subject, /^A new API token: x Bcc: eve@example\.org Hello y+\.\.\.$/);
    assert.ok(subject.length < 150);
    assert.ok(!/^(?:Bcc|Hello y)/m.test(mail.raw.replaceAll("=\r\n", "")));
  });

  test("the same notice has the same Message-ID whenever it comes", async () => {
    await using post = await relay();
    const desk = await open({ mail: courier(post.port) });
    await mint(await person("vera", "vera@example.org"), { life: days(30) });
    const {
      due: [notice],
    } = await under().store.findNoticeWork({ now: under().now(), limit: 1 });
    const never = new AbortController().signal;
    await courier(post.port)(notice!, never);
    under().pass(seconds(5));
    await desk.round();
    const [first, second] = post.mails as [Mail, Mail];
    assert.equal(headerOf(first, "Message-ID"), headerOf(second, "Message-ID"));
  });
});
