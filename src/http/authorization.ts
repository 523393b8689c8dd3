/**
 * The Authorization header (RFC 9110 section 11.6.2), read one way at every door: the scheme in any case, one or more
 * spaces, one value. What can be read in two ways is refused.
 */
import { decodeBase64Strict } from "../core/base64url.ts";
import { granted, refused, type Outcome } from "../core/result.ts";

const bearer = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;
const basic = /^basic +([A-Za-z0-9+/]+=*)$/i;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The token of a Bearer header (RFC 6750 section 2.1). No header and another scheme are `missing_token`. */
export function bearerToken(header: string | null): Outcome<string> {
  const token = header === null ? undefined : bearer.exec(header)?.[1];
  if (token !== undefined) return granted(token);
  return header !== null && /^bearer\b/i.test(header) ? refused("invalid_token") : refused("missing_token");
}

export interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * The credentials of a Basic header (RFC 7617 section 2): strict base64, UTF-8, split at the first colon. Undefined
 * when they are missing, cannot be read, or one half is empty.
 */
export function basicCredentials(header: string | null): BasicCredentials | undefined {
  const encoded = header === null ? undefined : basic.exec(header)?.[1];
  const bytes = encoded === undefined ? undefined : decodeBase64Strict(encoded);
  const text = bytes === undefined ? undefined : decodeText(bytes);
  const colon = text === undefined ? -1 : text.indexOf(":");
  if (text === undefined || colon <= 0 || colon === text.length - 1) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether a header uses the Basic scheme at all. */
export const isBasic = (header: string | null): boolean => header !== null && /^basic(?: |$)/i.test(header);
