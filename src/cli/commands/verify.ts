/**
 * `jeton verify`: whether an access token is good. Signature, issuer, time and audience by the public keys of the server
 * that the user means, whatever the token says of itself; and whether it has been revoked, which only that server knows.
 */
import { members, refusedBy } from "../../../packages/client/src/doors/door.ts";
import { plainText } from "../../../packages/client/src/plain-text.ts";
import { verifyAccessToken, type Check, type Reason, type Verdict } from "../../../packages/verifier/src/verify.ts";
import type { Client } from "../client.ts";
import { command } from "../command.ts";
import { refusal } from "../complaint-of.ts";
import { exitCode } from "../exit-codes.ts";
import { readGivenToken } from "../given-token.ts";
import { askForKeys, readKeptKeys } from "../kept-keys.ts";
import { spanText } from "../span.ts";
import { instanceAbove } from "../weka-target.ts";

const sentences: Readonly<Record<Reason | "revoked", string>> = {
  malformed:
    "this is no JWT of the form that Jeton gives; of an opaque token (jtn_) only its server knows: jeton whoami",
  header: "its header says more than it may",
  alg_not_allowed: "it is not signed as this issuer signs",
  type_not_allowed: "it is no access token",
  unknown_key: "it is not signed with a key of this server",
  bad_signature: "it was changed, or somebody else signed it",
  issuer_mismatch: "another issuer gave it",
  expired: "it has expired",
  not_yet_valid: "its time has not come; compare the clocks",
  audience_mismatch: "it is meant for another service",
  revoked: "its server refuses it: it was revoked, its holder is disabled, or it is not good from this network",
};

/** Its own doors look at the session, which nobody else sees. */
async function askWhetherRevoked(client: Client, server: string, token: string): Promise<"ok" | "failed"> {
  const transport = await client.openTransport({ server, known: client.target.known });
  const answer = await transport({ method: "GET", url: new URL(`${server}/api/v1/me`), token });
  const { code } = members(answer.body);
  // One that may not ask who it is was recognised before it was refused.
  if (answer.status === 200 || code === "insufficient_scope") return "ok";
  if (answer.status === 401 && code === "invalid_token") return "failed";
  throw refusal(`${server} does not say whether the token was revoked`, refusedBy(answer, {}));
}

interface Judged {
  readonly verdict: Verdict;
  readonly revocation: Check;
  readonly reason: Reason | "revoked" | null;
}

const shown = (value: unknown): string =>
  plainText(typeof value === "string" ? value : value === undefined ? "nothing" : JSON.stringify(value)).slice(0, 200);

interface Told {
  readonly client: Client;
  readonly issuer: string;
  readonly audience: string;
  /** What the keys are worth: "", or their age. */
  readonly keys: string;
  readonly offline: boolean;
}

function text({ verdict, revocation, reason }: Judged, { client, issuer, audience, keys, offline }: Told): string {
  const { style } = client.voice;
  const { checks, claims, kid } = verdict;
  const left = typeof claims?.["exp"] === "number" ? claims["exp"] - client.now() : 0;
  const lines: readonly (readonly [Check, string, string])[] = [
    [
      checks.signature,
      "signature",
      checks.signature === "ok" ? `EdDSA, key ${kid}${keys}` : sentences[verdict.reason ?? "bad_signature"],
    ],
    [checks.issuer, "issuer", checks.issuer === "ok" ? issuer : `token says ${shown(claims?.["iss"])}, not ${issuer}`],
    [checks.time, "time", checks.time === "ok" ? `${spanText(left)} left` : `ended ${spanText(-left)} ago`],
    [
      checks.audience,
      "audience",
      checks.audience === "ok" ? audience : `token says ${shown(claims?.["aud"])}, you asked ${audience}`,
    ],
    [
      revocation,
      "revocation",
      revocation === "ok" ? "not revoked (the server was asked just now)" : "refused by the server",
    ],
  ];
  const why = offline ? "--offline" : reason === null ? "this server keeps no track of it for that audience" : "";
  const block = lines.map(([check, name, what]) => {
    if (check === "not_checked")
      return name === "revocation" && why !== "" ? `  ${style.warning} ${name}  not checked: ${why}\n` : "";
    return `  ${check === "ok" ? style.good : style.bad} ${name.padEnd(10)}  ${what}\n`;
  });
  const head = reason === null ? `${style.good} Valid` : `${style.bad} Not valid: ${sentences[reason]}`;
  return `${head}\n${block.join("")}`;
}

export const verify = command({
  usage: "verify [TOKEN|-] [--audience A] [--issuer I] [--offline]",
  about:
    "Checks an access token by the server's public keys, and asks the server whether it was revoked. Exit code 0: valid; 9: not valid; anything else: nobody knows.",
  operands: 1,
  flags: {
    audience: { takes: "A", about: "whom it must be meant for; the issuer itself when left out" },
    issuer: { takes: "I", about: "who must have given it; the server's own URL when left out" },
    offline: { about: "ask nobody: by the keys of the last time, and without knowing what was revoked since" },
  },
  examples: [
    ["jeton token | jeton verify -", "your own token"],
    ["jeton verify - --audience search-api --json <FILE", "for a script"],
  ],
  run: async ({ flags, operands: [operand] }, client) => {
    const token = readGivenToken(client, "verify", operand);
    const { target, voice } = client;
    const server = instanceAbove(target.server) ?? target.server;
    const issuer = flags.issuer ?? server;
    const audience = flags.audience ?? issuer;
    const offline = flags.offline === true;
    const { keys, age } = offline ? await readKeptKeys(client, server) : await askForKeys(client, target, server);
    const verdict = await verifyAccessToken(token, { keys, issuer, audience, now: client.now() });
    // A token for somebody else is not shown to this server, although it gave it.
    const isOurs = verdict.valid && (audience === issuer || audience === server);
    const revocation: Check = offline || !isOurs ? "not_checked" : await askWhetherRevoked(client, server, token);
    const reason = verdict.reason ?? (revocation === "failed" ? "revoked" : null);
    const told = { client, issuer, audience, keys: offline ? ` (kept for ${spanText(age)})` : "", offline };
    voice.answer({
      json: { valid: reason === null, reason, checks: { ...verdict.checks, revocation }, claims: verdict.claims },
      text: text({ verdict, revocation, reason }, told),
    });
    return exitCode(reason === null ? "done" : "notValid");
  },
});
