/** docs/gitleaks.toml finds the API tokens and client secrets that leaked and nothing else; docs/secret-scanning.md says the same. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createCipheriv, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import type { ApiTokenClaims } from "../../src/core/claims.ts";
import { idEntropy, newId, type ApiTokenId, type ClientSecretId } from "../../src/core/ids.ts";
import { after as later, days } from "../../src/core/units.ts";
import { makeClientSecret, makeOpaque, readClientSecret, readOpaque } from "../../src/keys/opaque-token.ts";
import { authority, claimsOf, issuer, type Authority } from "../authority.ts";

const read = (path: string): string => readFileSync(new URL(`../../docs/${path}`, import.meta.url), "utf8");
const page = read("secret-scanning.md");

interface Rule {
  readonly regex: string;
  readonly keyword: string;
}

/** As much of TOML as the file needs: tables that begin with `[[rules]]`, literal strings in three quotes. */
function ruleOf(id: string, tag = "api-token"): Rule {
  const tables = read("gitleaks.toml").split("[[rules]]").slice(1);
  assert.equal(tables.length, 3);
  const table = tables.find((text) => text.includes(`\nid = "${id}"\n`));
  const regex = /^regex = '''(.+)'''$/m.exec(table ?? "")?.[1];
  const keyword = /^keywords = \["([^"]+)"\]$/m.exec(table ?? "")?.[1];
  assert.match(table ?? "", /^secretGroup = 1$/m);
  assert.match(table ?? "", /^description = ".+"$/m);
  assert.ok(table?.includes(`\ntags = ["jeton", "${tag}"]\n`));
  assert.ok(regex !== undefined && keyword !== undefined, id);
  return { regex, keyword };
}

const rules = { jwt: ruleOf("jeton-api-token-jwt"), opaque: ruleOf("jeton-api-token-opaque") } as const;
type Form = keyof typeof rules;
const forms = ["jwt", "opaque"] as const satisfies readonly Form[];
const patterns = { jwt: new RegExp(rules.jwt.regex, "g"), opaque: new RegExp(rules.opaque.regex, "g") } as const;

/** What a scanner would report. */
const found = (text: string, form: Form): string[] => [...text.matchAll(patterns[form])].map(([, secret]) => secret!);

/** Groups, classes without escapes, `+`, counts and `$`: what RE2, Hyperscan, PCRE and JavaScript read alike. */
const portable = /^(?:[A-Za-z0-9_]|\\\.|\[\^?[A-Za-z0-9_-]+\]\+?|\((?:\?:)?|[)|$]|\{\d{1,2}(?:,\d{1,2})?\})+$/;

test("docs/gitleaks.toml: the rules need no lookaround, no backreference and no flag, so RE2 finds what JavaScript finds", () => {
  for (const form of forms) assert.match(rules[form].regex, portable, form);
  for (const foreign of ["(?<!a)b", "a(?=b)", "a(?!b)", String.raw`(a)\1`, "(?i)a", "a++", "(?>a)", String.raw`\bjtn`])
    assert.doesNotMatch(foreign, portable, foreign);
});

test("docs/gitleaks.toml: each keyword is the text that the form begins with", () => {
  assert.equal(rules.jwt.keyword, Buffer.from('{"jtn":"api"').toString("base64url"));
  assert.equal(rules.opaque.keyword, "jtn_");
  for (const form of forms) assert.ok(rules[form].regex.startsWith(`(${rules[form].keyword}`), form);
});

/** How a token lies about: between quotes, signs, escapes and letters that it does not have itself. */
const places: readonly ((token: string) => string)[] = [
  (token) => `JETON_TOKEN=${token}`,
  (token) => `export JETON_TOKEN="${token}"`,
  (token) => `JETON_TOKEN='${token}' ./deploy --now`,
  (token) => `const token = \`${token}\`;`,
  (token) => `token := "${token}" // nightly`,
  (token) => `{"id":7,"token":"${token}","scopes":["me:read"]}`,
  (token) => JSON.stringify({ script: `set -e\n${token}\n`, quoted: JSON.stringify({ token }) }),
  (token) => `  token: ${token}`,
  (token) => `  - ${token} # the old one`,
  (token) => `  token: !secret '${token}'`,
  (token) => `https://example.org/hook?token=${token}&again=1`,
  (token) => `https://example.org/#${token}`,
  (token) => `git clone https://bot:${token}@git.example.org/a.git`,
  (token) => `GET /?next=${encodeURIComponent(`/a?token=${token}&b="${token}"`)} HTTP/1.1`,
  (token) => `Authorization: Bearer ${token}\r`,
  (token) => `Cookie: a=b; token=${token}; c=d`,
  (token) => `curl -H "Authorization: Bearer ${token}" https://example.org/`,
  (token) => `curl -H Authorization:Bearer\\ ${token}`,
  (token) => `| \`${token}\` | **${token}** | <${token}> |`,
  (token) => `_${token}_ and __${token}__`,
  (token) => `Is it ${token}? It is (${token}), I think: ${token}.`,
  (token) => `-${token}`,
  (token) => `+TOKEN=${token}`,
  (token) => `@@ -1 +1 @@ ${token}`,
  (token) => `<token>${token}</token>`,
  (token) => `${token},${token};${token}`,
  (token) => `\u{1b}[32m${token}\u{1b}[0m`,
  (token) => `é${token}é`,
  (token) => `C:\\new\\${token}\\x`,
  (token) => `${token}\t${token}\u{0}${token}`,
];

/** Chance that is the same in each run: what a million texts hold must not fail once a year. */
const stream = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16));
const zeros = Buffer.alloc(3 << 18);
const moreChance = (): string => stream.update(zeros).toString("base64url");
let chance = moreChance();
let used = 0;
/** So many letters of base64url that nobody had before. */
function letters(count: number): string {
  if (used + count > chance.length) {
    chance = moreChance();
    used = 0;
  }
  used += count;
  return chance.slice(used - count, used);
}
/** For small limits. */
const below = (limit: number): number => letters(1).charCodeAt(0) % limit;
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)]!;

const noise: readonly (() => string)[] = [
  () => `sha256:${Buffer.from(letters(32)).toString("hex")}`,
  () => `key ${letters(200)}`,
  () => `jtn_${letters(30)} eyJqdG4iOiJhcGki eyJqdG4iOiJhcGki.e30.${letters(40)}`,
  () => `Authorization: Bearer ${other()}`,
  () => "The quick brown fox jumps over the lazy dog.",
  () => "",
];

/** Members as others have them, and ours. */
const headerMembers: readonly (() => string)[] = [
  () => `"alg":"${oneOf(["EdDSA", "ES256", "RS256", "HS256", "PS512", "none"])}"`,
  () => `"typ":"${oneOf(["JWT", "at+jwt", "rt+jwt", "logout+jwt", "dpop+jwt"])}"`,
  () => `"kid":"${letters(43)}"`,
  () => `"kid":"${below(100)}"`,
  () => `"jku":"https://example.org/${letters(4)}"`,
  () => `"x5t#S256":"${letters(43)}"`,
  () => '"cty":"JWT"',
  () => `"nonce":"${letters(12)}"`,
  () => `"jtn":${oneOf(['"api"', '"api"', '"apis"', '"ap"', '"API"', "1", "null", '["api"]'])}`,
];
const claimMembers: readonly (() => string)[] = [
  () => '"jtn":"api"',
  () => `"iss":"${oneOf([issuer, "https://accounts.example.org"])}"`,
  () => `"sub":"${letters(9)}"`,
  () => `"aud":["${letters(6)}","https://files.example.org"]`,
  () => `"exp":${1_772_323_200 + below(100) * below(100)}`,
  () => `"jti":"${letters(16)}"`,
  () => '"scope":"openid me:read"',
  () => `"name":"${oneOf(["Zoë", "名前", "bob"])}"`,
  () => `"roles":["${letters(3)}"]`,
];

const scratch = Buffer.alloc(1024);
const segment = (text: string): string => scratch.toString("base64url", 0, scratch.write(text));

/** Some of the nine members, each once, in any order; sometimes with spaces as Python writes them. */
function object(members: readonly (() => string)[]): string {
  let next = below(9);
  const step = oneOf([1, 2, 4, 5, 7, 8]);
  let text = members[next]!();
  // One that begins as an API token does would be one.
  if (text === '"jtn":"api"' && members === headerMembers) text = `"alg":"EdDSA",${text}`;
  const comma = below(8) === 0 ? ", " : ",";
  for (let count = 1 + below(4); count > 0; count--) {
    next = (next + step) % 9;
    text += comma + members[next]!();
  }
  return `{${text}}`;
}

/** What the rules go by is the header, so that is new each time; claims come again. */
const claimSegments = Array.from({ length: 4096 }, () => segment(object(claimMembers)));

/** A JWT that is no API token. */
const other = (): string =>
  `${segment(object(headerMembers))}.${claimSegments[below(64) * 64 + below(64)]!}.${letters(oneOf([43, 86, 86, 86, 342]))}`;

describe("secret scanning", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  const freshId = (): ApiTokenId => newId(jeton.clock.millis(), randomBytes(idEntropy));
  const claimed = (changes: Partial<ApiTokenClaims> = {}): ApiTokenClaims => ({
    iss: issuer,
    sub: "01959f3c-0000-7000-8000-000000000002",
    aud: issuer,
    client_id: "native",
    iat: jeton.clock.now(),
    exp: later(jeton.clock.now(), days(30)),
    jti: freshId(),
    born: 1,
    org: "01959f3c-0000-7000-8000-000000000003",
    scope: "me:read",
    roles: ["user"],
    ...changes,
  });
  const make = {
    jwt: () =>
      jeton.keys.signApiToken(
        claimed(below(2) === 0 ? {} : { aud: [issuer, letters(below(40))], scope: "me:read me:write", roles: ["é"] }),
        jeton.clock.now(),
      ),
    opaque: () => makeOpaque(freshId(), randomBytes(32)).text,
  } as const satisfies Record<Form, () => string>;

  test("the rules find each of 10,000 API tokens in the middle of other text, and of each exactly the token", () => {
    let made = 0;
    while (made < 10_000) {
      const wanted: Record<Form, string[]> = { jwt: [], opaque: [] };
      const lines: string[] = [];
      for (const form of forms)
        for (const place of places) {
          const token = make[form]();
          made += 1;
          const text = place(token);
          // Some places have it more than once.
          wanted[form].push(...Array.from({ length: text.split(token).length - 1 }, () => token));
          lines.push(text, oneOf(noise)());
        }
      // Text that ends with the token and no line's end.
      const last = make.jwt();
      wanted.jwt.push(last);
      const text = `${lines.join("\n")}\n${last}`;
      for (const form of forms) assert.deepEqual(found(text, form), wanted[form]);
    }
  });

  test("the rules do not cut a token out of something longer, and find no part of one", () => {
    for (const form of forms) {
      const token = make[form]();
      assert.deepEqual(found(token, form), [token]);
      for (const more of ["A", "z", "0", "QQ", "_A", "-A", "__A", "A_"])
        if (form === "jwt" || /^[0-9A-Za-z]/.test(more)) assert.deepEqual(found(token + more, form), [], more);
      for (const less of [token.slice(0, -1), token.slice(1), token.toUpperCase(), token.replace(/[._]/, "")])
        assert.deepEqual(found(less, form), [], less);
    }
    const [header, claims] = make.jwt().split(".");
    for (const length of [43, 64, 85, 87, 88, 342])
      assert.deepEqual(found(`${header}.${claims}.${letters(length - 1)}A`, "jwt"), [], `a signature of ${length}`);
  });

  test("the rules find none of 1,000,000 other JWTs, our own access and refresh tokens among them", async () => {
    let pair = await jeton.login();
    const ours: string[] = [];
    while (ours.length < 1000) {
      ours.push(pair.access_token, pair.refresh_token);
      pair = await jeton.refreshed(pair);
    }
    const absent = (text: string): void => {
      for (const form of forms) assert.deepEqual(found(text, form), []);
    };
    absent(ours.join("\n"));
    for (let made = ours.length; made < 1_000_000; made += 500) {
      let text = "";
      for (let line = 0; line < 500; line++) text += `${other()}\n`;
      absent(text);
    }
    // The same search finds one among them.
    const token = make.jwt();
    assert.deepEqual(found(`${ours.join(" ")} ${token} ${ours.join(" ")}`, "jwt"), [token]);
  });

  const python = "/usr/bin/python3";
  const probe = spawnSync(python, ["--version"]);
  test(
    "docs/secret-scanning.md: its program prints the tokens with a right checksum and their ids, and no other",
    { skip: probe.status === 0 ? false : "Python is missing. Do: apt-get install python3" },
    () => {
      const program = /^```python\n([^]*?)^```$/m.exec(page)![1]!;
      const tokens = Array.from({ length: 200 }, make.opaque);
      const altered = tokens.map((token, place) => {
        const where = 4 + (place % 71);
        return `${token.slice(0, where)}${token[where] === "x" ? "y" : "x"}${token.slice(where + 1)}`;
      });
      const input = tokens.flatMap((token, place) => [`a=${token}`, `b="${altered[place]!}"`]).join("\n");
      const { status, stdout, stderr } = spawnSync(python, ["-c", program], { input, encoding: "utf8" });
      assert.equal(status, 0, stderr);
      assert.deepEqual(
        stdout.trimEnd().split("\n"),
        tokens.map((token) => `${token} ${jeton.keys.readOpaque(token)!.id}`),
      );
    },
  );

  test("docs/secret-scanning.md: an API token's claims are as it says", () => {
    const claims = claimsOf(make.jwt());
    for (const name of ["iss", "sub", "exp", "jti"]) {
      assert.ok(name in claims, name);
      assert.ok(page.includes(`\`${name}\``), name);
    }
  });
});

/** CRC-32 bit by bit (RFC 1952 section 8), by nothing that the code uses. */
function crc(text: string): number {
  let sum = 0xffff_ffff;
  for (const byte of Buffer.from(text)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb8_8320 : 0);
  }
  return ~sum >>> 0;
}

test("docs/secret-scanning.md: the example has the checksum that the page works out, and the code reads it", () => {
  const line = (label: string): string => new RegExp(`^${label} +(\\S+)$`, "m").exec(page)![1]!;
  const token = line("token");
  const body = line("65 before");
  const checksum = line("base 62");
  assert.equal(token, `jtn_${body}${checksum}`);
  assert.equal(body.length, 65);
  assert.equal(crc(body), Number(line("CRC-32")));
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let rest = crc(body);
  let written = "";
  for (let place = 0; place < 6; place++, rest = Math.floor(rest / 62)) written = digits[rest % 62]! + written;
  assert.equal(written, checksum);
  assert.deepEqual(found(page, "opaque"), [token]);
  assert.equal(readOpaque(token)?.id, "00000000-0000-7000-8000-000000000000");
  // Its secret is a sentence, and not chance.
  const sentence = new TextEncoder().encode("This one is an example for docs.");
  assert.equal(makeOpaque(readOpaque(token)!.id, sentence).text, token);
});

test("docs/secret-scanning.md: its expressions are those of docs/gitleaks.toml", () => {
  for (const form of forms) {
    const { regex, keyword } = rules[form];
    assert.ok(page.includes(`keywords: [${keyword}]\n    regex:\n      token: '${regex}'\n`), form);
    const secret = regex.slice(1, regex.indexOf(")"));
    const end = /\[\^([^\]]+)\]\|\$\)$/.exec(regex)![1]!;
    assert.ok(
      page.includes(`Secret format   ${secret}\nAfter secret    \\z|[^${end.replace("A-Za-z0-9", "0-9A-Za-z")}]\n`),
      form,
    );
  }
});

test("a client secret is found by its own rule, is no API token, and has the same checksum", () => {
  const { regex, keyword } = ruleOf("jeton-client-secret", "client-secret");
  for (let count = 0; count < 1000; count++) {
    const { text } = makeClientSecret(
      newId<ClientSecretId>(later(0 as never, days(1)) as never, randomBytes(idEntropy)),
      randomBytes(32),
    );
    assert.ok(text.includes(keyword));
    assert.equal(new RegExp(regex).exec(`client_secret: "${text}"`)?.[1], text);
    for (const form of forms) assert.equal(text.match(patterns[form]), null);
    assert.notEqual(readClientSecret(text), undefined);
    assert.equal(readOpaque(text), undefined);
  }
});
