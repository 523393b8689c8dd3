/** TLS as the command line speaks it: whom it trusts, what it says where it does not, and what it shows of itself. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type ServerOptions } from "node:https";
import { createServer as createSilent, type AddressInfo } from "node:net";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { openTransport, type TlsMaterial } from "../../packages/client/src/transport.ts";
import { complaint } from "../cli/program.ts";
import { desk } from "../cli/signed-in.ts";
import { testAuthority } from "../tls/certificates.ts";
import { secured } from "../tls/secured.ts";
import { wire } from "./wire.ts";

const login = ["login", "--username", "bob", "--password-stdin"];
const input = `${demoPassword}\n`;

test("UX, TLS: a server of one's own authority is trusted by flag, variable and profile, and by nothing else", async () => {
  await using server = await secured();
  using bob = desk(server.url);
  const ca = bob.home.path("ca.pem");
  writeFileSync(ca, server.authority.certificate);

  const refused = await bob.run(login, { input });
  assert.deepEqual([refused.code, refused.out], [7, ""]);
  const said = complaint(refused.err);
  assert.match(said, /^cannot trust the certificate of https:/);
  assert.match(said, /it is for CN=localhost, by CN=Authority [0-9a-f-]+, valid from .*20\d\d.* to .*20\d\d/);
  assert.match(said, /Do: --tls\.ca-certificate FILE/);
  assert.doesNotMatch(said, /insecure|skip-verify/);

  const byVariable = { input, environment: { JETON_CA_CERT: ca } };
  assert.equal((await bob.run(login, byVariable)).code, 0);
  // It was named at the sign-in, and is remembered with it.
  assert.equal((await bob.run(["refresh", "--force"])).code, 0);
  assert.equal((await bob.run(["whoami", "--tls.ca-certificate", server.authority.certificate])).code, 0);

  const foreign = bob.home.path("foreign.pem");
  writeFileSync(foreign, (await testAuthority()).certificate);
  assert.equal((await bob.run(["whoami", "--ca-cert", foreign])).code, 7);
  assert.equal((await bob.run(["whoami", "--ca-cert", foreign, "--insecure"])).code, 0);
});

interface Secret extends AsyncDisposable {
  readonly ask: (tls: TlsMaterial) => Promise<number>;
  readonly requests: () => number;
}

/** A server that counts what reaches it. */
async function listening(options: ServerOptions, host = "127.0.0.1"): Promise<Secret> {
  let count = 0;
  const server = createServer(options, (_request, response) => {
    count += 1;
    response.end("{}");
  });
  server.listen(0, host);
  await once(server, "listening");
  const url = new URL(`https://${host}:${(server.address() as AddressInfo).port}/`);
  return {
    requests: () => count,
    ask: async (tls) => {
      const transport = openTransport({ timeout: 5000, tls });
      return (await transport({ method: "POST", url, token: "secret", body: { password: "secret" } })).status;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => void server.close(done));
    },
  };
}

test("UX, TLS: a certificate of another name, of the past or of the future is not trusted, and nothing is sent", async () => {
  const authority = await testAuthority();
  const ca = authority.certificate;
  const serverOf = async (wanted?: { from: number; to: number }, host?: string): Promise<Secret> => {
    const { certificate: cert, key } = await authority.certify(wanted);
    return listening({ cert, key }, host);
  };
  {
    await using good = await serverOf();
    assert.equal(await good.ask({ ca }), 200);
  }
  for (const making of [
    serverOf({ from: -5, to: -1 }),
    serverOf({ from: 1, to: 5 }),
    // The certificate has 127.0.0.1, and 127.0.0.2 is this machine too.
    serverOf(undefined, "127.0.0.2"),
  ]) {
    await using wrong = await making;
    await assert.rejects(wrong.ask({ ca }), { code: "UNTRUSTED" });
    assert.equal(wrong.requests(), 0);
  }
});

test("UX, TLS: a client certificate is shown to the server that asks for one", async () => {
  const authority = await testAuthority();
  const { certificate: cert, key } = await authority.certify();
  const own = await authority.certify({ usage: "client" });
  await using strict = await listening({
    cert,
    key,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  });
  await assert.rejects(strict.ask({ ca: authority.certificate }), { code: /UNREACHABLE|UNTRUSTED/ });
  assert.equal(strict.requests(), 0);
  assert.equal(await strict.ask({ ca: authority.certificate, certificate: own.certificate, key: own.key }), 200);
});

test("UX, --timeout: a server that says nothing, or never ends, is given up in time", async () => {
  const silent = createSilent(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const url = new URL(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`);
  const transport = openTransport({ timeout: 100 });
  await assert.rejects(transport({ method: "GET", url }), { code: "UNREACHABLE", message: "no answer within 0.1 s" });
  silent.close();
  await using endless = await wire({ status: 200, body: " ".repeat(1_100_000) });
  await assert.rejects(openTransport({ timeout: 5000 })({ method: "GET", url: new URL(endless.url) }), {
    code: "NOT_UNDERSTOOD",
  });
});

test("C-06: the texts of an answer are plain, deep inside it too", async () => {
  const evil = "a\u001b[31mb\u0007\u009b2J\u202ec\n";
  await using at = await wire({ status: 200, body: { [evil]: [{ b: evil }], n: 1, t: true, z: null } });
  const { body } = await openTransport({ timeout: 5000 })({ method: "GET", url: new URL(at.url) });
  assert.deepEqual(body, { abc: [{ b: "abc" }], n: 1, t: true, z: null });
});
