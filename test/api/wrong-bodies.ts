/** Bodies that no route may obey, made out of one that it would obey. RFC 8259, RFC 7493, RFC 8725 section 3.7. */
import { demoPassword } from "../../src/compose/demo.ts";

const nested = (depth: number): string => `${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;
/** The body with one more member in front, as text: what JSON.stringify cannot write. */
const having = (member: string, body: object): string => `{${member},${JSON.stringify(body).slice(1)}`;

/** What is sent, from a body that would be obeyed, and the answer of the native API. At Sensu's door it is 400 or 401. */
export const wrongBodies: readonly (readonly [what: string, make: (obeyed: object) => unknown, answer: string])[] = [
  ["nothing", () => "", "400 malformed_json"],
  ["half an object", (obeyed) => JSON.stringify(obeyed).slice(0, -1), "400 malformed_json"],
  ["text after the value", (obeyed) => `${JSON.stringify(obeyed)} x`, "400 malformed_json"],
  ["two values", (obeyed) => `${JSON.stringify(obeyed)}${JSON.stringify(obeyed)}`, "400 malformed_json"],
  ["a comment", (obeyed) => `/**/${JSON.stringify(obeyed)}`, "400 malformed_json"],
  ["NaN", (obeyed) => having('"n":NaN', obeyed), "400 malformed_json"],
  ["a number beyond all numbers", (obeyed) => having('"n":1e400', obeyed), "400 malformed_json"],
  ["a member twice", (obeyed) => having('"refresh_token":"x","username":"x"', obeyed), "400 malformed_json"],
  [
    "a member twice, once escaped",
    (obeyed) => having(String.raw`"\u0072efresh_token":"x","\u0075sername":"x"`, obeyed),
    "400 malformed_json",
  ],
  ["a member named __proto__", (obeyed) => having('"__proto__":{"admin":true}', obeyed), "400 malformed_json"],
  ["33 levels", (obeyed) => having(`"a":${nested(32)}`, obeyed), "400 malformed_json"],
  ["10,000 levels", (obeyed) => having(`"a":${nested(10_000)}`, obeyed), "400 malformed_json"],
  ["30,000 open brackets", () => "[".repeat(30_000), "400 malformed_json"],
  ["a byte order mark", (obeyed) => `\uFEFF${JSON.stringify(obeyed)}`, "400 malformed_json"],
  ["a NUL in front", (obeyed) => `\0${JSON.stringify(obeyed)}`, "400 malformed_json"],
  ["a NUL in a text", (obeyed) => having('"n":"\0"', obeyed), "400 malformed_json"],
  ["half a surrogate pair", (obeyed) => having(String.raw`"n":"\ud800"`, obeyed), "400 malformed_json"],
  ["UTF-16", (obeyed) => new Uint8Array(Buffer.from(JSON.stringify(obeyed), "utf16le")), "400 malformed_json"],
  ["broken UTF-8", () => Uint8Array.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]), "400 malformed_json"],
  ["a byte too many", (obeyed) => JSON.stringify(obeyed).padEnd(65_537), "413 body_too_large"],
  ["a megabyte", (obeyed) => having(`"n":"${"x".repeat(1_000_000)}"`, obeyed), "413 body_too_large"],
  ["100,000 levels", () => nested(100_000), "413 body_too_large"],
  ["a list", (obeyed) => [obeyed], "400 invalid_request"],
  ["null", () => "null", "400 invalid_request"],
  ["a text", () => '"{}"', "400 invalid_request"],
  ["a number", () => "17", "400 invalid_request"],
  ["an empty object", () => ({}), "400 invalid_request"],
  ["a constructor", () => ({ constructor: { prototype: { admin: true, username: "bob" } } }), "400 invalid_request"],
  [
    "4,000 other members",
    () => Object.fromEntries(Array.from({ length: 4000 }, (_, at) => [`m${at}`, at])),
    "400 invalid_request",
  ],
  ...[17, true, null, [], {}, { $ne: null }, [demoPassword], ""].map(
    (value) =>
      [
        `${JSON.stringify(value)} for every text`,
        (obeyed: object) => Object.fromEntries(Object.keys(obeyed).map((name) => [name, value])),
        "400 invalid_request",
      ] as const,
  ),
];
