/** `jeton decode`: what a JWT says of itself. Nothing is checked, and nobody is asked. */
import { plainJson } from "../../../packages/client/src/plain-text.ts";
import type { Client } from "../client.ts";
import { command } from "../command.ts";
import { exitCode } from "../exit-codes.ts";
import { readGivenToken } from "../given-token.ts";
import { instantText, spanText } from "../span.ts";
import { usage } from "../usage.ts";

type Members = Readonly<Record<string, unknown>>;

function readSegment(segment: string): Members | undefined {
  try {
    const value: unknown = plainJson(JSON.parse(Buffer.from(segment, "base64url").toString("utf8")));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
  } catch {
    return undefined; // SyntaxError: no JSON, so it is no JWT
  }
}

interface Decoded {
  readonly header: Members;
  readonly claims: Members;
}

/** RFC 7519 section 7.2, without the last step. */
function decodeJwt(token: string): Decoded {
  const segments = token.split(".");
  const [header, claims] = segments.slice(0, 2).map(readSegment);
  if (segments.length === 5) throw usage("this token is encrypted (JWE): only its recipient can read it");
  if (segments.length !== 3 || header === undefined || claims === undefined)
    throw usage("this is no JWT, so it says nothing of itself", "ask its issuer, or give the whole of it");
  return { header, claims };
}

const instants = ["exp", "iat", "nbf", "auth_time"];

/** Dates that exist (ECMA-262 section 21.4.1.1). */
const isInstant = (value: unknown): value is number => typeof value === "number" && Math.abs(value) <= 8.64e12;

function valueText(name: string, value: unknown, now: number): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (!instants.includes(name) || !isInstant(value)) return text;
  const distance = value > now ? `in ${spanText(value - now)}` : `${spanText(now - value)} ago`;
  return `${text}  ${instantText(value, now)}, ${distance}`;
}

function pageOf({ header, claims }: Decoded, { now }: Client): string {
  const section = (title: string, members: Members): string => {
    const width = Math.max(...Object.keys(members).map((name) => name.length), 0);
    const lines = Object.entries(members).map(
      ([name, value]) => `  ${name.padEnd(width)}  ${valueText(name, value, now())}\n`,
    );
    return `${title}\n${lines.join("")}`;
  };
  return `${section("Header", header)}${section("Claims", claims)}`;
}

export const decode = command({
  usage: "decode [TOKEN|-]",
  about: "Shows the header and the claims of a JWT, and asks nobody whether they are true. For that: jeton verify.",
  operands: 1,
  flags: {},
  examples: [["jeton token | jeton decode -", "what your own token says"]],
  run: async ({ operands: [operand] }, client) => {
    const decoded = decodeJwt(readGivenToken(client, "decode", operand));
    client.voice.warn("Not verified: anyone could have written this.");
    client.voice.answer({ json: { verified: false, ...decoded }, text: pageOf(decoded, client) });
    return exitCode("done");
  },
});
