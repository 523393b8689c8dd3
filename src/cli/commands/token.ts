/** `jeton token`, `jeton header` and `jeton env`: a live access token, in three forms. These print the secret itself. */
import { secondsLeft, unverifiedClaims } from "../../../packages/client/src/jwt.ts";
import type { Client } from "../client.ts";
import { command, type Command } from "../command.ts";
import { exitCode } from "../exit-codes.ts";
import { liveToken } from "../live-token.ts";
import { instantText, iso, readSpan } from "../span.ts";

export const lifeFlags = {
  "min-ttl": { takes: "TIME", about: "renew it where less than this is left; 30s when left out" },
} as const;

export const minTtl = (flags: { readonly "min-ttl"?: string }): { readonly minTtl?: number } =>
  flags["min-ttl"] === undefined ? {} : { minTtl: readSpan("min-ttl", flags["min-ttl"]) };

/** For whoever sees it on a screen; in a pipe nobody would. */
function warnOfSecret({ io, voice, now }: Client, token: string): void {
  if (!io.isTerminal("output")) return;
  const end = unverifiedClaims(token)?.exp;
  voice.note(
    `This is a secret; anyone who has it can act as you${end === undefined ? "" : ` until ${instantText(end, now())}`}.`,
  );
}

const printing = (name: string, about: string, line: (token: string) => string): Command =>
  command({
    usage: `${name} [--min-ttl TIME]`,
    about: `${about} With a live one stored, nothing is asked of the server.`,
    operands: 0,
    flags: lifeFlags,
    run: async ({ flags }, client) => {
      const { accessToken } = await liveToken(client, client.target, minTtl(flags));
      const end = unverifiedClaims(accessToken)?.exp;
      client.voice.answer({
        json: {
          access_token: accessToken,
          token_type: "Bearer",
          expires_at: end === undefined ? null : iso(end),
          expires_in: Math.floor(secondsLeft(accessToken, client.now()) ?? 0) || null,
        },
        text: `${line(accessToken)}\n`,
      });
      warnOfSecret(client, accessToken);
      return exitCode("done");
    },
  });

export const token = printing("token", "Prints a live access token and the end of the line.", (text) => text);

export const header = printing(
  "header",
  "Prints it as a header: curl -H @<(jeton header) URL keeps it out of the list of processes.",
  (text) => `Authorization: Bearer ${text}`,
);

// A token has no character that means anything to a shell: what has another one is refused where it comes from.
export const env = printing(
  "env",
  'Prints a line for eval "$(jeton env)". The token is not renewed there; jeton exec is better for what takes long.',
  (text) => `export JETON_TOKEN=${text}`,
);
