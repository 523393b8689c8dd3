/** What the settings of notices must be, and that half of them is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { loadConfig, type ConfigSources } from "../../src/config.ts";

const load = (settings: Readonly<Record<string, string>>) =>
  loadConfig({
    file: undefined,
    environment: {},
    flags: Object.entries(settings).map(([name, value]) => ({ name, value, flag: "test" })) as ConfigSources["flags"],
  }).config;

const mail = { "mail.server": "smtp.example.com:587", "mail.from": "jeton@example.com" };
const webhook = { "webhook.url": "https://hooks.example.com/jeton", "webhook.secret_file": "secret" };

test("notices: whole settings are taken", () => {
  assert.equal(load({})["mail.server"], null);
  assert.deepEqual(load(mail)["mail.server"], { hostname: "smtp.example.com", port: 587 });
  assert.equal(load(mail)["mail.tls"], "starttls");
  load({ ...mail, "mail.user": "jeton", "mail.password_file": "password", "mail.tls": "implicit" });
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
    load({ ...mail, "mail.server": `${host}:25`, "mail.tls": "none" });
  load(webhook);
  for (const url of ["http://localhost:9/x", "http://127.0.0.1:9/", "http://[::1]:9/hooks"])
    load({ ...webhook, "webhook.url": url });
});

test("notices: half of the settings is a mistake, and so is mail in the clear", () => {
  const wrong: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ "mail.server": "smtp.example.com:587" }, /need each other/],
    [{ "mail.from": "jeton@example.com" }, /need each other/],
    [{ ...mail, "mail.user": "jeton" }, /need each other/],
    [{ ...mail, "mail.password_file": "password" }, /need each other/],
    [{ "mail.user": "jeton", "mail.password_file": "password" }, /needs a relay/],
    [{ "mail.ca_certificate": "ca.pem" }, /needs a relay/],
    [{ ...mail, "mail.tls": "none" }, /is for a relay on this machine/],
    [{ ...mail, "mail.tls": "maybe" }, /one of starttls, implicit, none/],
    [{ "webhook.url": "https://hooks.example.com/" }, /need each other/],
    [{ "webhook.secret_file": "secret" }, /need each other/],
  ];
  for (const [settings, complaint] of wrong) assert.throws(() => load(settings), complaint, JSON.stringify(settings));
});

test("S-03: a webhook is an https URL, or http on this machine, and nothing else", () => {
  for (const url of [
    "http://hooks.example.com/",
    "http://10.0.0.1/",
    "http://169.254.169.254/",
    "http://127.0.0.1.example.com/",
    "http://localhost.example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "https://user:password@hooks.example.com/",
    "https://hooks.example.com/?token=x",
    "https://hooks.example.com/#x",
    "//hooks.example.com/",
    "hooks.example.com",
    "",
  ])
    assert.throws(
      () => load({ ...webhook, "webhook.url": url }),
      /webhook\.url \(flag test\) must be an https URL/,
      url,
    );
  for (const from of ["", "jeton", "a@b, c@d", "Jeton <jeton@example.com>", "a@b\r\nBcc: c@d", "a b@example.com"])
    assert.throws(() => load({ ...mail, "mail.from": from }), /must be one mail address/, from);
});
