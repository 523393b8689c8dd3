/** Which server, and whose tokens: every source against every other one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Profile } from "../../src/cli/profiles.ts";
import { findTarget, readServer, type Sources, type Target } from "../../src/cli/target.ts";

const a = "https://a.example.test";
const b = "https://b.example.test";
const none = { server: undefined, profile: undefined, token: undefined, tokenFile: undefined } as const;

const profile = (server: string): Profile => ({
  server,
  door: "native",
  token_file: `/${new URL(server).host}`,
  username: "bob",
});

interface Given {
  readonly flags?: Sources["flags"];
  readonly environment?: Partial<Sources["environment"]>;
  readonly project?: { server?: string; profile?: string };
  readonly active?: string;
  readonly known?: Readonly<Record<string, string>>;
}

function target(
  { flags = {}, environment, project, active, known = { one: a, two: b } }: Given,
  signingIn = false,
): Target {
  const sources: Sources = {
    flags,
    environment: { ...none, folder: "/home", ...environment },
    project:
      project === undefined ? undefined : { file: ".jeton.json", server: project.server, profile: project.profile },
    profiles: {
      active,
      byName: new Map(Object.entries(known).map(([name, server]) => [name, profile(server)])),
    },
  };
  return findTarget(sources, { signingIn });
}

const brief = ({ server, profile: name, stored, tokenFile }: Target): readonly unknown[] => [
  server,
  name,
  stored,
  tokenFile,
];

const of = (name: "one" | "two"): readonly unknown[] =>
  name === "one" ? [a, "one", true, "/a.example.test"] : [b, "two", true, "/b.example.test"];

describe("UX, precedence", () => {
  const cases: readonly (readonly [what: string, given: Given, expected: readonly unknown[]])[] = [
    [
      "nothing at all is the default server, with no tokens",
      { known: {} },
      ["http://127.0.0.1:8420", "default", false, "/home/auth-token.json"],
    ],
    ["the active profile", { active: "two" }, of("two")],
    ["a project's server is one of the profiles", { active: "two", project: { server: a } }, of("one")],
    ["a project's profile", { active: "two", project: { profile: "one" } }, of("one")],
    ["a variable wins over the project", { environment: { server: b }, project: { server: a } }, of("two")],
    [
      "a variable's profile wins over the project's server",
      { environment: { profile: "two" }, project: { server: a } },
      of("two"),
    ],
    [
      "a variable's server wins over the project's profile",
      { environment: { server: b }, project: { profile: "one" } },
      of("two"),
    ],
    ["a flag wins over the variable", { flags: { server: a }, environment: { server: b, profile: "two" } }, of("one")],
    [
      "a flag's profile wins over the variable's server",
      { flags: { profile: "one" }, environment: { server: b } },
      of("one"),
    ],
    ["a slash at the end is nothing", { flags: { server: `${a}/` } }, of("one")],
    [
      "a server without a profile has no tokens",
      { active: "one", known: { one: a, default: b }, flags: { server: "http://c:1" } },
      ["http://c:1", "c-1", false, "/home/auth-token.c-1.json"],
    ],
    ["a file that is named is used", { active: "one", flags: { "token-file": "f" } }, [a, "one", true, "f"]],
    [
      "a file that is named, before the variable",
      { active: "one", flags: { "token-file": "f" }, environment: { tokenFile: "g" } },
      [a, "one", true, "f"],
    ],
  ];
  for (const [what, given, expected] of cases) {
    test(`UX, precedence: ${what}`, () => assert.deepEqual(brief(target(given)), expected));
  }
});

test("UX, precedence: of two profiles for one server the active one is used", () => {
  const known = { one: a, two: a, three: b };
  assert.equal(target({ known, active: "two", flags: { server: a } }).profile, "two");
  assert.equal(target({ known, active: "three", flags: { server: a } }).profile, "one");
});

test("CWE-522: what contradicts itself, or would send tokens to a stranger, is refused", () => {
  const refused: readonly (readonly [Given, RegExp])[] = [
    [{ flags: { profile: "one", server: b } }, /profile one belongs to/],
    [{ project: { profile: "one", server: "http://thief" } }, /profile one belongs to/],
    [{ project: { server: "http://thief" }, environment: { token: "secret" } }, /tokens of elsewhere are not sent/],
    [{ project: { server: "http://thief" }, environment: { tokenFile: "f" } }, /tokens of elsewhere are not sent/],
    [{ project: { server: "http://thief" }, flags: { "token-file": "f" } }, /tokens of elsewhere are not sent/],
    [{ flags: { profile: "three" } }, /no profile three/],
    [{ flags: { profile: "../one" } }, /letters, digits/],
  ];
  for (const [given, message] of refused) assert.throws(() => target(given), { message });
  assert.equal(target({ project: { server: "http://thief" } }).stored, false);
  assert.equal(target({ flags: { server: "http://c" }, environment: { token: "t" } }).token, "t");
});

test("jeton login: a sign-in makes the profile that is named, or one for the server, and moves a profile to another server", () => {
  assert.deepEqual(brief(target({ known: {}, flags: { server: b } }, true)), [
    b,
    "default",
    false,
    "/home/auth-token.json",
  ]);
  assert.deepEqual(brief(target({ known: { default: a }, flags: { server: "https://c:8" } }, true)), [
    "https://c:8",
    "c-8",
    false,
    "/home/auth-token.c-8.json",
  ]);
  assert.deepEqual(brief(target({ flags: { profile: "new", server: b } }, true)), [
    b,
    "new",
    false,
    "/home/auth-token.new.json",
  ]);
  const moved = target({ flags: { profile: "one", server: b } }, true);
  assert.deepEqual([moved.server, moved.profile, moved.known], [b, "one", undefined]);
  assert.equal(target({ flags: { profile: "one", server: a } }, true).known?.server, a);
});

test("jeton login: the server's URL says whose words it speaks", () => {
  assert.equal(target({ flags: { server: "https://w:14000/api/v2/" } }).door, "weka");
  assert.equal(target({ flags: { server: "https://w:14000/api/v20" } }).door, "native");
  for (const wrong of ["auth.example.org", "ftp://a", "http://u:p@a", "http://a?b", "http://a#b", ""]) {
    assert.throws(() => readServer(wrong), { message: /must be a URL/ }, wrong);
  }
});
