/** The commands of docs/tls.md, pasted into one shell in an empty folder, as the page says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { resolve } from "node:path";
import { test } from "node:test";

import { scratch } from "../cli/program.ts";
import { run } from "../runtime/child.ts";
import { onBun } from "../runtime/small-server.ts";
import { hasCurl, hasOpenssl } from "../tls/clients.ts";

const page = readFileSync(new URL("../../docs/tls.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) => block!);

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

test(
  "docs/tls.md: its commands make certificates, serve, renew, verify clients and end, one after the other",
  { skip: hasCurl && hasOpenssl ? false : "curl or openssl is not installed" },
  async () => {
    using folder = scratch();
    const port = await freePort();
    assert.ok(blocks.length >= 8);
    // A server that a failed command leaves behind is ended with the shell.
    const script = ["set -eu", `trap 'kill "$\{!-}" 2>/dev/null || true' EXIT`, ...blocks]
      .join("\n")
      .replaceAll("8420", `${port}`);
    // The default address is not free everywhere; nothing else is changed.
    const shell = run("sh", ["-c", script], {
      cwd: folder.path(),
      env: {
        PATH: `${resolve(import.meta.dirname, "../../bin")}:${process.env["PATH"]}`,
        HOME: process.env["HOME"] ?? folder.path(),
        TMPDIR: folder.path(),
        JETON_RUNTIME: onBun ? "bun" : "node",
        JETON_LISTEN: `127.0.0.1:${port}`,
      },
    });
    const { code } = await shell.ended;
    const said = shell.output();
    assert.equal(code, 0, said);
    assert.match(said, /"access_token":"eyJ/);
    assert.match(said, /the TLS certificate was read again/);
    assert.match(said, /refused without a certificate/);
    assert.equal(said.match(new RegExp(`jeton: ready on https://127\\.0\\.0\\.1:${port}`, "g"))?.length, 2);
    // That a machine at work let the process wait is no fault of the page.
    assert.doesNotMatch(said, /"level":"(?:warn|error)"(?!.*"event":"stall")/);
  },
);
