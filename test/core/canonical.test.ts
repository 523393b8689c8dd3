/** One key per name: RFC 8264, RFC 8265 section 3.3, RFC 5893 section 2, RFC 8266 section 2, UTS #39. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  canonicalEmail,
  canonicalLogin,
  canonicalOrganisation,
  canonicalUsername,
  confusableSkeleton,
  type LoginName,
} from "../../src/core/canonical.ts";
import { quickest } from "../quickest.ts";

/** Spelled out for messages: most of these texts look alike. */
const shown = (text: string): string =>
  JSON.stringify(text).replaceAll(/[^\x20-\x7e]/gu, (c) => `<${c.codePointAt(0)?.toString(16)}>`);

function assertKeys(canonical: (typed: string) => string | undefined, table: Readonly<Record<string, string>>): void {
  for (const [typed, key] of Object.entries(table)) assert.equal(canonical(typed), key, shown(typed));
}

function assertKept(names: string): void {
  for (const name of names.split(" ")) assert.equal(canonicalUsername(name), name, shown(name));
}

function assertRefused(canonical: (typed: string) => string | undefined, texts: readonly string[]): void {
  for (const text of texts) assert.equal(canonical(text), undefined, shown(text));
}

/** Characters with something peculiar about them, and some that have nothing. */
const peculiar = fc.string({
  unit: fc.constantFrom(
    ...Array.from(
      "aZiI\u0130\u0131\u00df\u1e9e\u03a3\u03c3\u03c2\u212a\u212b\u03f4\u0301\u0323\u0307\u0345\uff21\uff41\uff76\uff9e\uff0e\u3000\u00a0" +
        " .-_:@19\u0660\u06f0\u05d0\u0627\u0430\u043e\u1100\u1161\uac00\u4e00\u30fb\u00b7l\u200d\u00ad\ufe0f\u0000\u{1d41a}\u{1f600}\u01c4\ufb01\u2460",
    ),
  ),
  maxLength: 8,
});
const anyText = fc.oneof(peculiar, fc.string({ unit: "binary", maxLength: 6 }), fc.string({ unit: "grapheme" }));

test("RFC 8265 section 3.3: width, case and normalisation are mapped", () => {
  assertKeys(canonicalUsername, {
    Bob: "bob",
    "\uff22\uff2f\uff22": "bob",
    "fu\u00dfball": "fu\u00dfball",
    "STRA\u1e9eE": "stra\u00dfe",
    "Ame\u0301lie": "am\u00e9lie",
    "\u0421\u0430\u0448\u0430": "\u0441\u0430\u0448\u0430",
    "\u03a3": "\u03c3",
    "\u039d\u0399\u039a\u039f\u03a3": "\u03bd\u03b9\u03ba\u03bf\u03c2",
    "\uff76\uff9e": "\u30ac",
    "\u1112\u1161\u11ab": "\ud55c",
    "\u5c71\u7530taro": "\u5c71\u7530taro",
    "o'neil+test_1-2.3%": "o'neil+test_1-2.3%",
    "col\u00b7lab": "col\u00b7lab",
  });
});

test("RFC 8264 section 9: what is outside the IdentifierClass is refused", () => {
  // oxfmt-ignore
  assertRefused(canonicalUsername, [
    "", " ", "foo bar", "bob ", " bob", "bob\n", "bob\u0000", "bob\u007f", "\u00a0bob", "henry\u2163", "\u265a",
    "\u{1f600}", "\ufb01le", "\u{1d41a}dmin", "x\u00b2", "\u2460", "\u01c4", "\u03f4", "a\u3000b", "\u0378", "\ue000",
    "\ufdd0", "\u0640\u0641", "\ud800", "a\udc00", "\u1100", "a\u00b7b", "a\u30fbb", "\u0375", "\u00a9",
  ]);
});

test("L-13: invisible characters, joiners and direction marks are refused", () => {
  const invisible =
    "\u00ad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\u3164\ufe0f\ufeff\uffa0\ufff9\u{e0041}\u{e0100}";
  for (const character of invisible)
    assertRefused(canonicalUsername, [`ad${character}min`, `admin${character}`, character]);
});

test("RFC 5893 section 2: right-to-left names obey the Bidi Rule", () => {
  assertKept("\u05e9\u05dc\u05d5\u05dd \u05d01 \u0645\u062d\u0645\u062f\u0663 \u05d0-\u05d1 \u05d0\u05b7");
  // Begins with a digit; mixes directions; ends in punctuation; mixes two kinds of digits; Arabic digits alone.
  // oxfmt-ignore
  assertRefused(canonicalUsername, [
    "1\u05d0", "a\u05d0", "\u05d0a", "\u05d0a\u05d0", "\u05d0-", "-\u05d0", "\u06271\u0663", "\u0627\u06f1\u0663",
    "\u0663", "bob\u0663",
  ]);
});

test("L-06: a name does not mix scripts that can be mistaken for one another", () => {
  const mixed = "b\u043eb \u0430dmin \u03b1dmin r\u03bf\u03bft \u0561dmin bob\u06f3 \u043f\u03b1 b\u0585b \u0915\u0e01";
  assertRefused(canonicalUsername, mixed.split(" "));
  assertKept("\u0431\u043e\u0431 \u03b1\u03b2\u03b3 bob\u0928 \u30ab\u30bfkana \uab7a");
});

test("L-13: marks do not begin a name nor pile up, and a name has a letter or a digit", () => {
  assertRefused(canonicalUsername, ["\u0301bob", "..", "-", "_", "'"]);
  assertRefused(canonicalUsername, [`q${"\u0301".repeat(5)}`, `a${"\u0323".repeat(500)}`]);
  assert.equal(canonicalUsername("a\u0323\u0302"), "\u1ead");
});

test("RFC 7617 section 2: a user name has no colon; the at sign belongs to addresses", () => {
  assertRefused(canonicalUsername, ["a:b", "a@b", "ada@example.org", "a\uff20b", "a\uff1ab"]);
});

test("L-13: a user name has 1 to 128 code points, and 10 KB are refused", () => {
  assert.equal(canonicalUsername("x".repeat(128)), "x".repeat(128));
  assert.equal(canonicalUsername("\u{20000}".repeat(128)), "\u{20000}".repeat(128));
  assertRefused(canonicalUsername, ["x".repeat(129), "\u{20000}".repeat(129), "x".repeat(10_240)]);
});

test("L-06: every way of typing the same name is one bucket", () => {
  const bob: LoginName = { kind: "username", canonical: "bob" };
  for (const typed of ["bob", "Bob", "BOB", "bob ", " bob", "\tBOB\r\n", "\u3000\uff22ob\u00a0", "\ufeffbob"]) {
    assert.deepEqual(canonicalLogin(typed), bob, shown(typed));
  }
  const address: LoginName = { kind: "email", canonical: "bob@example.org" };
  for (const typed of ["bob@example.org", "Bob@Example.ORG ", "\uff22ob\uff20example\uff0eorg"]) {
    assert.deepEqual(canonicalLogin(typed), address, shown(typed));
  }
  for (const typed of ["b\u043eb", "bob\u0000", "bo b", "b\u200dob", "", " ", "@", "bob@", "@example.org"]) {
    assert.equal(canonicalLogin(typed), undefined, shown(typed));
  }
});

test("RFC 5321 section 4.1.2: an address is a dot-atom at a domain", () => {
  assertKeys(canonicalEmail, {
    "Ada@Example.ORG": "ada@example.org",
    "ada.lovelace+x@sub.example.org": "ada.lovelace+x@sub.example.org",
    "o'neil!#$%&*/=?^_`{|}~-@x-y.example": "o'neil!#$%&*/=?^_`{|}~-@x-y.example",
    "J\u00dcRGEN@M\u00dcNCHEN.de": "j\u00fcrgen@m\u00fcnchen.de",
    "u\u0308@x.de": "\u00fc@x.de",
    "1@2.3d": "1@2.3d",
  });
  // oxfmt-ignore
  assertRefused(canonicalEmail, [
    "", "a", "a@", "@b.de", "a@b", "a@@b.de", "a@b@c.de", ".a@b.de", "a.@b.de", "a..b@c.de", "a@.de", "a@b..de",
    "a@b.de.", "a@-b.de", "a@b-.de", "a@b_c.de", "a b@c.de", " a@b.de", "a@b.de\n", '"a"@b.de', "a(x)@b.de",
    "<a@b.de>", "a,b@c.de", "a;b@c.de", "a\\b@c.de", "a:b@c.de", "a@[127.0.0.1]", "a@127.0.0.1", "a\u0000@b.de",
    "a@b\u0000.de", "b\u043eb@c.de", "a@ex\u0430mple.org", "a\u200d@b.de", "a@b\u3002de", "a@\u{1f600}.de",
  ]);
});

test("RFC 5891 section 4.2.3.1: a domain in its xn-- spelling would be a second key and is refused", () => {
  assert.equal(canonicalEmail("a@m\u00fcnchen.de"), "a@m\u00fcnchen.de");
  assertRefused(canonicalEmail, ["a@xn--mnchen-3ya.de", "a@XN--MNCHEN-3YA.de", "a@ab--c.de"]);
});

test("RFC 5321 section 4.5.3.1: 64 octets before the at sign, 254 in all", () => {
  const domain = `${"d".repeat(63)}.${"e".repeat(63)}.${"f".repeat(62)}`;
  assert.ok(canonicalEmail(`${"x".repeat(64)}@${domain}`) === undefined);
  assert.ok(canonicalEmail(`${"x".repeat(64)}@${domain.slice(1)}`) !== undefined);
  assert.equal(canonicalEmail(`${"x".repeat(65)}@c.de`), undefined);
  assert.ok(canonicalEmail(`${"\u00fc".repeat(32)}@c.de`) !== undefined);
  assert.equal(canonicalEmail(`${"\u00fc".repeat(33)}@c.de`), undefined);
  assert.equal(canonicalEmail(`a@${"d".repeat(64)}.de`), undefined);
});

test("RFC 8266 section 2: an organisation has one key per case, width and white space", () => {
  assertKeys(canonicalOrganisation, {
    Root: "root",
    " ROOT\u3000": "root",
    "\uff32oot": "root",
    "M\u00fcller  &\u00a0S\u00f6hne": "m\u00fcller & s\u00f6hne",
    "Mu\u0308ller & So\u0308hne": "m\u00fcller & s\u00f6hne",
    "\u042f\u043d\u0434\u0435\u043a\u0441 Cloud": "\u044f\u043d\u0434\u0435\u043a\u0441 cloud",
    "O\u2019Reilly (Europe), Ltd.": "o\u2019reilly (europe), ltd.",
  });
  assert.equal(canonicalOrganisation("x".repeat(64)), "x".repeat(64));
  // oxfmt-ignore
  assertRefused(canonicalOrganisation, [
    "", "  ", "x".repeat(65), "a\nb", "a\tb", "a\u0000", "R\u043eot", "\u202eroot", "ro\u200dot", "&", "...",
    "\u0301a", "\ud800",
  ]);
});

test("RFC 8264 section 7: the key of a key is the key", () => {
  for (const canonical of [canonicalUsername, canonicalEmail, canonicalOrganisation]) {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, asAddress) => {
        const key = canonical(asAddress ? `${text}@${text}.de` : text);
        if (key !== undefined) assert.equal(canonical(key), key);
      }),
      { numRuns: 3000 },
    );
  }
});

test("L-06: case, normalisation form and width of what is typed never make a second key", () => {
  fc.assert(
    fc.property(anyText, (typed) => {
      const key = canonicalUsername(typed);
      for (const form of ["NFC", "NFD"]) assert.equal(canonicalUsername(typed.normalize(form)), key, shown(typed));
      if (key === undefined) return;
      assert.deepEqual(canonicalLogin(`\t${typed} `), { kind: "username", canonical: key });
      const wide = key.replaceAll(/[!-~]/g, (c) => String.fromCodePoint((c.codePointAt(0) ?? 0) + 0xfee0));
      assert.equal(canonicalUsername(wide), key, shown(typed));
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9._-]{1,20}$/), (name) => {
      assert.equal(canonicalUsername(name.toUpperCase()), canonicalUsername(name));
    }),
  );
});

test("L-13: names that look like a reserved one have its skeleton, others have not", () => {
  const admin = confusableSkeleton("admin");
  // oxfmt-ignore
  for (const typed of [
    "ADMIN", "ADM\u0130N", "adm\u0131n", "adm1n", "4dmin", "ad-min", "admin.", "\u00e1dmin", "adrnin",
    "aclmin", "\u0251dmin",
  ]) {
    const key = canonicalUsername(typed);
    assert.ok(key !== undefined, shown(typed));
    assert.equal(confusableSkeleton(key), admin, shown(typed));
  }
  // Refused as user names, but a name from a directory may be asked about as well.
  for (const foreign of ["\u0430dmin", "\u03b1dmin", "adm\u0456n", "\uff41\uff44\uff4d\uff49\uff4e"]) {
    assert.equal(confusableSkeleton(foreign), admin, shown(foreign));
  }
  assert.equal(confusableSkeleton("r00t"), confusableSkeleton("root"));
  for (const other of ["adam", "administrator", "bob", "amin", "root"])
    assert.notEqual(confusableSkeleton(other), admin);
});

test("H-08: a hostile megabyte is refused in linear time", () => {
  const size = 2 ** 20;
  // oxfmt-ignore
  const units = [
    "a", "\u0301", "\u0301\u0323", "@", ".", "a.", "a@", " ", "\u30fb", "\u05d0\u05b7", "-", "\ud800", "\u{1f600}",
    "\ufdfa", "\u1100",
  ];
  for (const unit of units) {
    const whole = unit.repeat(size / unit.length);
    const short = unit.repeat(1024 / unit.length);
    for (const text of [whole, `a@${whole}`, short, `a${short.slice(1)}`, `${short.slice(2)}@`]) {
      for (const canonical of [canonicalUsername, canonicalEmail, canonicalOrganisation, canonicalLogin]) {
        const best = quickest(150, () => void canonical(text));
        assert.ok(best < 150, `${canonical.name} of ${shown(unit)} took ${best} ms`);
      }
    }
  }
});
