/** Cookies that carry tokens (RFC 6265): read in one way only, and written so that no script and no other site has them. */
import { granted, refused, type Outcome } from "../core/result.ts";

/**
 * The value of a cookie; undefined when there is none, or an empty one. Which of two comes first is not the server's to
 * know (RFC 6265 section 4.2.2): a neighbouring host may have planted one, so `malformed_request`.
 */
export function cookie(headers: Headers, name: string): Outcome<string | undefined> {
  const values = (headers.get("cookie") ?? "").split(";").flatMap((pair) => {
    const [written = "", ...value] = pair.split("=");
    return written.trim() === name ? [value.join("=").trim()] : [];
  });
  if (values.length > 1) return refused("malformed_request", `The cookie ${name} must come once.`);
  return granted(values[0] === "" ? undefined : values[0]);
}

/** For the whole host, out of reach of scripts and of requests that other sites cause; gone with the browser. */
const attributes = "HttpOnly; Secure; SameSite=Strict";

export const setCookie = (name: string, value: string): string => `${name}=${value}; Path=/; ${attributes}`;

export const clearCookie = (name: string): string =>
  `${name}=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; ${attributes}`;
