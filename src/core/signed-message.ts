/**
 * What a signature for signed login may be over. A key that signs logins may sign other things too, and a signature
 * that was made for those must not open a session here (THREATS R-04).
 */
import { decodeBase64url } from "./base64url.ts";

/** Every challenge of ours begins so, by what it is for, and nothing else that is signed anywhere does. */
export const challengePrefixes = { login: "jeton-login-v1:", key: "jeton-key-v1:" } as const;

export type ChallengeKind = keyof typeof challengePrefixes;

/** Bounds of a message that a client chose itself, in characters. */
export const clientMessage = { shortest: 20, longest: 256 } as const;

/** What stands before a JWS signing input's first dot; what follows need not be base64url (RFC 7797). */
const beforeDot = /^([\w-]+)\./;

/**
 * Whether it is the beginning of a JWS signing input: a header in base64url, which is an object (RFC 7515 section 5.1).
 * JSON may have white space in front of it, and libraries that read base64url loosely are no reason to take one.
 */
function isSigningInput(text: string): boolean {
  const [, header] = beforeDot.exec(text) ?? [];
  if (header === undefined) return false;
  const bytes = decodeBase64url(header.padEnd(Math.ceil(header.length / 4) * 4, "A"));
  return new TextDecoder().decode(bytes).trimStart().startsWith("{");
}

/** The first line of what the HTTP signatures of draft-cavage-http-signatures section 2.3 are over. */
const requestTarget = "(request-target)";

/**
 * C0 and C1, and DEL: in what TLS 1.3, SSH, git and PGP sign, and in no message that is made for a login. What is not
 * seen, or is no character by itself, is in none either.
 */
const isControl = (character: string): boolean => /[\p{Cc}\p{Cf}\p{Cs}]/u.test(character);

/** Whether a message that a client chose itself may sign it in. */
export function isClientMessage(text: string): boolean {
  const characters = Array.from(text);
  return (
    characters.length >= clientMessage.shortest &&
    characters.length <= clientMessage.longest &&
    !characters.some(isControl) &&
    !isSigningInput(text) &&
    !text.toLowerCase().startsWith(requestTarget) &&
    // A challenge is signed for one server and one minute, and a door without challenges would look at neither.
    !Object.values(challengePrefixes).some((prefix) => text.startsWith(prefix))
  );
}
