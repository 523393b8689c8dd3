/** docs/authentication-keys.md: its commands and programs, run against the demonstration, do and print what it says. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { loadConfig } from "../../src/config.ts";
import {
  fileWith,
  python,
  withoutCurl,
  withoutJq,
  withoutOpenssl,
  withoutPython,
  withoutSsh,
} from "../keys/programs.ts";
import { scratch, serve, shell, type Server } from "../cli/program.ts";
import { printing, readPage, type Block } from "./page.ts";

const { text, blocks, lost } = readPage("authentication-keys.md");

const under = (heading: string): readonly Block[] => {
  const found = blocks.filter((block) => block.heading === heading);
  assert.ok(found.length > 0, heading);
  return found;
};
const [begin] = under("Begin with the password, once");
const [add] = under("Add it");
const [signIn] = under("Sign in with it");
const [seta] = under("SeTA");
const ofOpenssl = under("openssl");
const [ofSsh, ofAgent] = under("ssh-keygen");
const [inRsa, inP256, andThen] = under("In Python");

/** Another type, which the page names beside the one of its block. */
function ofType(words: string): string {
  assert.ok(ofSsh!.text.includes("-t ed25519 ") && text.includes(`\`${words}\``), words);
  return ofSsh!.text.replace("-t ed25519", words);
}

/** Where the agent has the private key alone. */
const agent = `${ofSsh!.text}ssh-add -q key\nrm key\n${ofAgent!.text}`;

const ways = [
  { by: "openssl, Ed25519", is: ["Ed25519", 256], key: ofOpenssl[0]!.text, skip: withoutOpenssl },
  { by: "openssl, P-256", is: ["P-256", 256], key: ofOpenssl[1]!.text, skip: withoutOpenssl },
  { by: "openssl, RSA", is: ["RSA", 3072], key: ofOpenssl[2]!.text, skip: withoutOpenssl, more: [seta!] },
  { by: "ssh-keygen, Ed25519", is: ["Ed25519", 256], key: ofSsh!.text, skip: withoutSsh },
  { by: "ssh-keygen, P-256", is: ["P-256", 256], key: ofType("-t ecdsa -b 256"), skip: withoutSsh },
  { by: "ssh-keygen, RSA", is: ["RSA", 3072], key: ofType("-t rsa -b 3072"), skip: withoutSsh },
  { by: "ssh-keygen, a key in an agent", is: ["Ed25519", 256], key: agent, skip: withoutSsh, shell: "ssh-agent sh" },
] as const;

describe("docs/authentication-keys.md", () => {
  const house = scratch();
  let server: Server;
  before(async () => {
    server = await serve(["--demo"], { cwd: house.path() });
  });
  after(async () => {
    await server.stop();
    house[Symbol.dispose]();
  });
  const here = (script: string): string => script.replaceAll("http://127.0.0.1:8420", server.url);

  for (const { by, is, key, skip, ...rest } of ways)
    test(
      `${by}: the key is added and signs in, and the page says what is printed`,
      { skip: skip || withoutCurl || withoutJq },
      async () => {
        using folder = scratch();
        const steps = [add!, signIn!, ...("more" in rest ? rest.more : [])];
        const script = ["set -eu\n", begin!.text, key, ...steps.map((step) => step.text)].join("");
        fileWith(folder, "session.sh", here(script));
        const { out, err } = await shell(`${"shell" in rest ? rest.shell : "sh"} session.sh`, { cwd: folder.path() });
        assert.equal(err, "");
        const prints = steps.map((step) => step.prints).join("");
        assert.match(out, printing(prints.replace('"Ed25519","bits":256', `"${is[0]}","bits":${is[1]}`)));
      },
    );

  for (const [type, key] of [
    ["RSA", inRsa!],
    ["P-256", inP256!],
  ] as const)
    test(`PyCryptodome, ${type}: its program adds the key and signs in`, { skip: withoutPython }, async () => {
      using folder = scratch();
      fileWith(folder, "session.py", here(`${key.text}\n${andThen!.text}`));
      const { out, err } = await shell(`${python} session.py`, { cwd: folder.path() });
      assert.match(out, printing(`${type} SHA256:… Bearer\n`), err);
    });

  test("no commands are on it but those above", () => {
    assert.equal(
      blocks.length,
      [begin, add, signIn, seta, ...ofOpenssl, ofSsh, ofAgent, inRsa, inP256, andThen].length,
    );
  });

  test("its settings have the defaults that it says", () => {
    const { settings } = loadConfig({ file: undefined, environment: {}, flags: [] });
    const rows = [...text.matchAll(/^\| `(auth_keys\.\w+)` \| (\d+) \|/gm)].map(([, name, value]) => [name, value]);
    const ours = settings.filter(({ name }) => name.startsWith("auth_keys."));
    assert.deepEqual(
      rows,
      ours.map(({ name, value }) => [name, String(value)]),
    );
  });

  test("every file that it points to is there", () => {
    assert.deepEqual(lost, []);
  });
});
